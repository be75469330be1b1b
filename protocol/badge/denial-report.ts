import { toBase64Url } from "../encoding/base64.ts";
import { malformed } from "../errors.ts";
import type { JsonObject, JsonReader } from "../json/reader.ts";

/** The most denials in one check-in; a reader sends fewer at a time and goes on with the next. */
export const REPORTED_DENIALS_MAX = 16;
/** Names a run of the reader's program, at random: its numbers begin anew with each. */
export const BOOT_ID_BYTES = 8;
const NUMBER_MAX = 2 ** 32 - 1;
const REASON_LENGTH_MAX = 40;
/** ISO 14443-3 §6.5.4: single, double and triple size. */
const UID_BYTES = Object.freeze({ min: 4, max: 10 });

/** A tap that the reader refused by itself: the server has not heard of it. */
export interface LocalDenial {
  /** 1, 2, 3 … since boot. A number that never comes was dropped by the reader. */
  readonly number: number;
  /** The card's UID, 4 to 10 bytes; absent when there was none to tell. */
  readonly badgeUid?: Uint8Array;
  /** An error code. */
  readonly reason: string;
  /** How long ago it was when the report was written. */
  readonly ageMs: number;
}

/** Part of `it_node_checkin`: what the reader refused and the server has not confirmed yet. */
export interface DenialReport {
  /** 8 random bytes, new with each boot. */
  readonly boot: Uint8Array;
  /** Ascending by number, at least one. */
  readonly denials: readonly LocalDenial[];
}

export function writeDenialReport({ boot, denials }: DenialReport): JsonObject {
  return {
    boot: toBase64Url(boot),
    list: denials.map(({ number, badgeUid, reason, ageMs }) => ({
      number,
      ...(badgeUid && { badge_uid: toBase64Url(badgeUid) }),
      reason,
      age_ms: ageMs,
    })),
  };
}

/** @throws malformed, also when the numbers do not ascend */
export function parseDenialReport(body: JsonReader): DenialReport {
  const boot = body.bytes("boot", BOOT_ID_BYTES);
  const denials = body.objects("list", { max: REPORTED_DENIALS_MAX }).map(parseDenial);
  if (denials.length === 0) throw malformed("denials.list", "empty");
  for (const [index, { number }] of denials.entries())
    if (number <= (denials[index - 1]?.number ?? 0))
      throw malformed("denials.list", "numbers do not ascend from 1");
  return { boot, denials };
}

function parseDenial(body: JsonReader): LocalDenial {
  const badgeUid = body.optionalBytes("badge_uid", UID_BYTES);
  return {
    number: body.uint("number", { max: NUMBER_MAX }),
    ...(badgeUid && { badgeUid }),
    reason: body.word("reason", { max: REASON_LENGTH_MAX }),
    ageMs: body.uint("age_ms"),
  };
}

/**
 * What the server says of a report: the number up to which nothing has to be told again. Absent
 * when there was no report, or when the server knows none.
 * @throws malformed
 */
export function parseDenialsRecorded(answer: JsonReader): number | undefined {
  return answer.optionalUint("denials_recorded", { max: NUMBER_MAX });
}
