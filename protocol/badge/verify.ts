import { toBase64, toBase64Url } from "../encoding/base64.ts";
import { LatchkeyError, malformed } from "../errors.ts";
import type { JsonObject, JsonReader } from "../json/reader.ts";
import { BADGE_UID_BYTES } from "./endpoints.ts";

/** The longest time for which a server may ask to hold a relay. */
export const RELAY_MS_MAX = 60_000;
const HOLDER_LENGTH_MAX = 64;
const REASON_LENGTH_MAX = 40;

/** it_verify_badge: the reader asks, sealed. */
export interface VerifyBadgeRequest {
  readonly challengeId: string;
  /** 7 bytes, as the reader saw it in anticollision. */
  readonly badgeUid: Uint8Array;
  /** 64 bytes over `badgeAuthTranscript`. */
  readonly signature: Uint8Array;
  /** PICCENCData, 16 bytes. */
  readonly picc: Uint8Array;
  /** SDMMAC, 8 bytes. */
  readonly cmac: Uint8Array;
}

/**
 * it_verify_badge: the server decides, sealed. Two shapes, so that no reader can find a
 * `relayMs` in a denial.
 */
export type BadgeDecision = BadgeGrant | BadgeDenial;

export interface BadgeGrant {
  readonly granted: true;
  /** The challenge of this tap. */
  readonly challengeId: string;
  /** 1 to 60,000; the reader bounds it further by its configuration. */
  readonly relayMs: number;
  /** Whom to greet. */
  readonly holder?: string;
}

export interface BadgeDenial {
  readonly granted: false;
  readonly challengeId: string;
  /** An error code in kebab case; one that this reader does not know is shown as it is. */
  readonly reason: string;
}

export function writeVerifyBadgeRequest(request: VerifyBadgeRequest): JsonObject {
  return {
    challenge_id: request.challengeId,
    badge_uid: toBase64Url(request.badgeUid),
    signature_b64: toBase64(request.signature),
    picc: toBase64Url(request.picc),
    cmac: toBase64Url(request.cmac),
  };
}

/** @throws malformed */
export function parseVerifyBadgeRequest(body: JsonReader): VerifyBadgeRequest {
  return {
    challengeId: body.uuid("challenge_id"),
    badgeUid: body.bytes("badge_uid", BADGE_UID_BYTES),
    signature: body.bytes("signature_b64", 64),
    picc: body.bytes("picc", 16),
    cmac: body.bytes("cmac", 8),
  };
}

export function writeBadgeDecision(decision: BadgeDecision): JsonObject {
  const { challengeId, granted } = decision;
  const head = { challenge_id: challengeId, granted };
  if (!decision.granted) return { ...head, reason: decision.reason, relay_ms: 0 };
  const { relayMs, holder } = decision;
  return {
    ...head,
    reason: "granted",
    relay_ms: relayMs,
    ...(holder !== undefined && { holder }),
  };
}

/**
 * A decision, as strictly as it deserves: `granted` must be the boolean itself and must agree with
 * `relay_ms` and `reason`.
 * @throws malformed
 */
export function parseBadgeDecision(body: JsonReader): BadgeDecision {
  const challengeId = body.uuid("challenge_id");
  const granted = body.boolean("granted");
  const reason = body.string("reason", { max: REASON_LENGTH_MAX });
  const relayMs = body.uint("relay_ms", { max: RELAY_MS_MAX });
  if (granted !== (reason === "granted")) throw malformed("reason", "does not fit granted");
  if (granted !== relayMs > 0) throw malformed("relay_ms", "does not fit granted");
  if (!granted) {
    if (!/^[a-z]+(-[a-z0-9]+)*$/.test(reason)) throw malformed("reason", "not a code");
    return { granted, challengeId, reason };
  }
  const holder = body.optionalString("holder", { max: HOLDER_LENGTH_MAX });
  return { granted, challengeId, relayMs, ...(holder !== undefined && { holder }) };
}

/**
 * Whether a decision belongs to this tap: it must name the tap's challenge.
 * @throws decision-mismatch
 */
export function checkDecision(decision: BadgeDecision, challengeId: string): void {
  if (decision.challengeId !== challengeId) throw new LatchkeyError("decision-mismatch");
}
