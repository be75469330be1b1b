import { toBase64Url } from "../encoding/base64.ts";
import { fromHex, toHex } from "../encoding/hex.ts";
import { malformed } from "../errors.ts";
import type { JsonObject, JsonReader } from "../json/reader.ts";
import { RESPONSE_MAX } from "../nfc/apdu.ts";
import type { BadgeMode } from "./payload.ts";
import type { BadgeProfile } from "./sealed-link.ts";

/** Relative to the base URL. */
export const CARD_STEP_PATH = "identity_tag/it_card_step";

const NAME_LENGTH_MAX = 64;
/** CLA to Le with 255 bytes between. */
const COMMAND_MAX = 261;
const FINDINGS_MAX = 32;
const COMMANDS = Object.freeze(["new", "inspect", "lock", "rekey", "wipe"] as const);
const STATES = Object.freeze(["enrolled", "blank", "unfinished", "foreign"] as const);
const LOCKS = Object.freeze(["open", "locked", "for-good"] as const);
const MODES = Object.freeze(["STD", "HS"] as const);
const PROFILES = Object.freeze(["open", "sealed"] as const);

/** The first message: what to do with the card on the reader. */
export interface CardStart {
  readonly kind: "start";
  readonly tenantId: string;
  readonly command: (typeof COMMANDS)[number];
  /** As in anticollision: 4, 7 or 10 bytes. */
  readonly badgeUid: Uint8Array;
  readonly mode?: BadgeMode;
  /** `open` when absent. */
  readonly profile?: BadgeProfile;
  readonly nodeUid?: string;
  readonly holder?: string;
  readonly label?: string;
  readonly forGood?: boolean;
}

/** Each further one: the card's R-APDU, or that there will be none. */
export type CardAnswer =
  | { readonly kind: "response"; readonly runId: string; readonly response: Uint8Array }
  | { readonly kind: "lost"; readonly runId: string };

/** How the work ended. */
export interface CardOutcome {
  readonly badgeUid: Uint8Array;
  readonly state: (typeof STATES)[number];
  readonly changed: boolean;
  readonly mode?: BadgeMode;
  readonly profile?: BadgeProfile;
  readonly holder?: string;
  readonly lock?: (typeof LOCKS)[number];
  readonly keyGeneration?: number;
  readonly readCounter?: number;
  readonly findings?: readonly (readonly [what: string, value: string])[];
}

/** The server's answer: the next C-APDU for the card, or the end. */
export type CardStep =
  | { readonly kind: "command"; readonly runId: string; readonly apdu: Uint8Array }
  | { readonly kind: "done"; readonly outcome: CardOutcome };

export function writeCardStart(start: CardStart): JsonObject {
  const { tenantId, command, badgeUid, mode, profile } = start;
  const { nodeUid, holder, label, forGood } = start;
  return {
    tenant_id: tenantId,
    command,
    badge_uid: toBase64Url(badgeUid),
    ...(mode !== undefined && { mode }),
    ...(profile !== undefined && { profile }),
    ...(nodeUid !== undefined && { node_uid: nodeUid }),
    ...(holder !== undefined && { holder }),
    ...(label !== undefined && { label }),
    ...(forGood !== undefined && { for_good: forGood }),
  };
}

export function writeCardAnswer(answer: CardAnswer): JsonObject {
  const { runId } = answer;
  if (answer.kind === "lost") return { run_id: runId, lost: true };
  return { run_id: runId, response: toBase64Url(answer.response) };
}

/** @throws malformed */
export function parseCardRequest(body: JsonReader): CardStart | CardAnswer {
  if (!body.has("run_id")) return parseStart(body);
  const runId = body.uuid("run_id");
  if (body.optionalBoolean("lost") === true) return { kind: "lost", runId };
  // Whatever the card sent, however short or long: judging it is the server's work.
  const response = body.bytes("response", { min: 0, max: RESPONSE_MAX + 64 });
  return { kind: "response", runId, response };
}

function parseStart(body: JsonReader): CardStart {
  const command = body.oneOf("command", COMMANDS);
  const start = {
    kind: "start",
    tenantId: body.uuid("tenant_id"),
    command,
    badgeUid: body.bytes("badge_uid", { min: 4, max: 10 }),
  } as const;
  if (command === "lock") return { ...start, forGood: body.optionalBoolean("for_good") === true };
  if (command !== "new") return start;
  const mode = body.oneOf("mode", MODES);
  const profile = optionalProfile(body);
  const label = body.optionalString("label", { max: NAME_LENGTH_MAX });
  const holder = body.string("holder", { max: NAME_LENGTH_MAX });
  const whole = {
    ...start,
    mode,
    ...(profile !== undefined && { profile }),
    holder,
    ...(label !== undefined && { label }),
  };
  if (mode === "HS") return { ...whole, nodeUid: body.uuid("node_uid") };
  if (body.has("node_uid")) throw malformed("node_uid", "only an HS badge has a reader");
  return whole;
}

function optionalProfile(body: JsonReader): BadgeProfile | undefined {
  return body.optional("profile", (reader) => reader.oneOf("profile", PROFILES));
}

export function writeCardStep(step: CardStep): JsonObject {
  if (step.kind === "command") return { run_id: step.runId, apdu: toBase64Url(step.apdu) };
  const { badgeUid, state, changed, mode, profile, holder, lock } = step.outcome;
  const { keyGeneration, readCounter, findings } = step.outcome;
  return {
    done: true,
    badge_uid: toHex(badgeUid),
    state,
    changed,
    ...(mode !== undefined && { mode }),
    ...(profile !== undefined && { profile }),
    ...(holder !== undefined && { holder }),
    ...(lock !== undefined && { lock }),
    ...(keyGeneration !== undefined && { key_generation: keyGeneration }),
    ...(readCounter !== undefined && { read_counter: readCounter }),
    ...(findings !== undefined && {
      findings: findings.map(([what, value]) => ({ what, value })),
    }),
  };
}

/** @throws malformed */
export function parseCardStep(body: JsonReader): CardStep {
  if (!body.has("done")) {
    const apdu = body.bytes("apdu", { min: 4, max: COMMAND_MAX });
    return { kind: "command", runId: body.uuid("run_id"), apdu };
  }
  const mode = body.optional("mode", (reader) => reader.oneOf("mode", MODES));
  const profile = optionalProfile(body);
  const holder = body.optionalString("holder", { max: NAME_LENGTH_MAX });
  const lock = body.optional("lock", (reader) => reader.oneOf("lock", LOCKS));
  const keyGeneration = body.optionalUint("key_generation");
  const readCounter = body.optionalUint("read_counter");
  const findings = body.optional("findings", (reader) =>
    reader
      .objects("findings", { max: FINDINGS_MAX })
      .map((each) => [each.string("what"), each.string("value", { min: 0 })] as const),
  );
  const outcome = {
    badgeUid: fromHex(body.string("badge_uid", { max: 20 })),
    state: body.oneOf("state", STATES),
    changed: body.boolean("changed"),
    ...(mode !== undefined && { mode }),
    ...(profile !== undefined && { profile }),
    ...(holder !== undefined && { holder }),
    ...(lock !== undefined && { lock }),
    ...(keyGeneration !== undefined && { keyGeneration }),
    ...(readCounter !== undefined && { readCounter }),
    ...(findings !== undefined && { findings }),
  };
  return { kind: "done", outcome };
}
