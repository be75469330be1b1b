import { toBase64Url } from "../encoding/base64.ts";
import { LatchkeyError, malformed } from "../errors.ts";
import type { JsonObject, JsonReader } from "../json/reader.ts";
import { encodeCommand } from "../nfc/apdu.ts";
import { BADGE_UID_BYTES } from "./endpoints.ts";
import { type BadgeDecision, checkDecision, parseBadgeDecision } from "./verify.ts";

/**
 * The tap of a badge of the profile `sealed`: the server, which holds the chip's key, talks to the
 * chip, and the reader carries the APDUs. The challenge that the reader holds names the dialogue.
 */

/** The chip's protected file (NT4H2421Gx Table 5), and the key that may read it. */
export const SEALED_FILE_NO = 3;
export const SEALED_READ_KEY_NO = 3;

/** C-APDUs that a reader carries for one tap at most; today's server sends two. */
export const SEALED_STEPS_MAX = 4;

/** An R-APDU has 2 to 258 bytes, a short C-APDU 4 to 261 (ISO/IEC 7816-4 §5.1). */
const RESPONSE_BYTES = Object.freeze({ min: 2, max: 258 });
const COMMAND_BYTES = Object.freeze({ min: 4, max: 261 });

/**
 * Part 1 of AuthenticateEV2First with the reading key, without capabilities (Table 26). It holds
 * nothing that only the server knows, so the reader sends it unasked and saves a round trip.
 */
export function sealedPart1(): Uint8Array {
  const data = Uint8Array.of(SEALED_READ_KEY_NO, 0);
  return encodeCommand({ cla: 0x90, ins: 0x71, p1: 0, p2: 0, data, le: 256 });
}

/** it_begin_sealed: what the badge shows, and its answer to part 1. Uses the challenge up. */
export interface SealedBegin {
  readonly challengeId: string;
  /** 7 bytes, as seen in anticollision. */
  readonly badgeUid: Uint8Array;
  /** PICCENCData, 16 bytes. */
  readonly picc: Uint8Array;
  /** SDMMAC, 8 bytes. */
  readonly cmac: Uint8Array;
  /** R-APDU. */
  readonly response: Uint8Array;
}

/** it_continue_sealed: the chip's answer to the server's command. */
export interface SealedContinue {
  readonly challengeId: string;
  readonly badgeUid: Uint8Array;
  /** That of the command: 1, 2 … */
  readonly step: number;
  /** R-APDU. */
  readonly response: Uint8Array;
}

/** The server's command for the chip. */
export interface SealedCommand {
  readonly challengeId: string;
  readonly step: number;
  /** C-APDU. */
  readonly command: Uint8Array;
}

/** What the server answers to both: go on, or a decision. */
export type SealedAnswer =
  | ({ readonly kind: "command" } & SealedCommand)
  | { readonly kind: "decision"; readonly decision: BadgeDecision };

export function writeSealedBegin(request: SealedBegin): JsonObject {
  return {
    challenge_id: request.challengeId,
    badge_uid: toBase64Url(request.badgeUid),
    picc: toBase64Url(request.picc),
    cmac: toBase64Url(request.cmac),
    response: toBase64Url(request.response),
  };
}

/** @throws malformed */
export function parseSealedBegin(body: JsonReader): SealedBegin {
  return {
    challengeId: body.uuid("challenge_id"),
    badgeUid: body.bytes("badge_uid", BADGE_UID_BYTES),
    picc: body.bytes("picc", 16),
    cmac: body.bytes("cmac", 8),
    response: body.bytes("response", RESPONSE_BYTES),
  };
}

export function writeSealedContinue(request: SealedContinue): JsonObject {
  return {
    challenge_id: request.challengeId,
    badge_uid: toBase64Url(request.badgeUid),
    step: request.step,
    response: toBase64Url(request.response),
  };
}

/** @throws malformed */
export function parseSealedContinue(body: JsonReader): SealedContinue {
  return {
    challengeId: body.uuid("challenge_id"),
    badgeUid: body.bytes("badge_uid", BADGE_UID_BYTES),
    step: body.uint("step", { max: SEALED_STEPS_MAX }),
    response: body.bytes("response", RESPONSE_BYTES),
  };
}

export function writeSealedCommand(answer: SealedCommand): JsonObject {
  const { challengeId, step, command } = answer;
  return { challenge_id: challengeId, step, command: toBase64Url(command) };
}

/** @throws malformed, also when it is both a command and a decision */
export function parseSealedAnswer(body: JsonReader): SealedAnswer {
  if (!body.has("command")) return { kind: "decision", decision: parseBadgeDecision(body) };
  if (body.has("granted")) throw malformed("command", "in a decision");
  return {
    kind: "command",
    challengeId: body.uuid("challenge_id"),
    step: body.uint("step", { max: SEALED_STEPS_MAX }),
    command: body.bytes("command", COMMAND_BYTES),
  };
}

/**
 * Whether an answer belongs to this tap and, if a command, to this step of it.
 * @throws decision-mismatch
 */
export function checkSealedAnswer(answer: SealedAnswer, challengeId: string, step: number): void {
  if (answer.kind === "decision") checkDecision(answer.decision, challengeId);
  else if (answer.challengeId !== challengeId || answer.step !== step)
    throw new LatchkeyError("decision-mismatch");
}
