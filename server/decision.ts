import { verifyBadgeAuth } from "../protocol/badge/auth.ts";
import {
  type BadgeDecision,
  RELAY_MS_MAX,
  type VerifyBadgeRequest,
} from "../protocol/badge/verify.ts";
import { equalBytes } from "../protocol/encoding/bytes.ts";
import { toHex } from "../protocol/encoding/hex.ts";
import type { ErrorCode } from "../protocol/error-codes.ts";
import { isLatchkeyError } from "../protocol/errors.ts";
import { diversifyChipKey } from "../protocol/nfc/an10922.ts";
import { verifySdm } from "../protocol/nfc/sdm.ts";
import { SDM_FILE_READ_KEY_NO } from "./chip-keys.ts";
import type { ServiceContext } from "./context.ts";
import type { StoredChallenge } from "./store/ephemera.ts";
import type { Badge, DecisionRecord, GrantObstacle, Node } from "./store/records.ts";
import { openTenantKey } from "./tenant-keys.ts";
import { unixSeconds } from "./wall-clock.ts";

/** Why not; `cause` is for the audit log, where `reason` alone would be too little. */
interface Refusal {
  readonly reason: ErrorCode;
  readonly cause?: string;
}

/** The badge is genuine and this is its read; whether the read is new, the database will say. */
interface GenuineTap {
  readonly badge: Badge;
  readonly readCounter: number;
}

const refuse = (reason: ErrorCode, cause?: string): Refusal => ({
  reason,
  ...(cause && { cause }),
});

function isRefusal(value: object): value is Refusal {
  return "reason" in value;
}

/** Used up by this attempt, whatever comes of it. */
async function takeChallenge(
  { ephemera, clock }: ServiceContext,
  node: Node,
  request: VerifyBadgeRequest,
): Promise<StoredChallenge | Refusal> {
  const challenge = await ephemera.takeChallenge(request.challengeId, "badge", node.nodeUid);
  if (challenge === undefined || challenge.tenantId !== node.tenantId)
    return refuse("challenge-used");
  if (challenge.expiresAt <= unixSeconds(clock)) return refuse("challenge-expired");
  const bound = challenge.badgeUid;
  if (bound !== undefined && bound !== toHex(request.badgeUid))
    return refuse("challenge-used", "issued for another badge");
  return challenge;
}

function badgeRefusal(badge: Badge, node: Node): Refusal | undefined {
  if (badge.status === "revoked") return refuse("badge-revoked");
  if (badge.status === "suspended") return refuse("badge-suspended");
  if (badge.mode === "HS" && badge.nodeUid !== node.nodeUid) return refuse("mode-mismatch");
  return undefined;
}

/** The chip's own proof. Behind a good signature, whatever is wrong with it means a copy. */
async function checkChip(
  context: ServiceContext,
  badge: Badge,
  request: VerifyBadgeRequest,
): Promise<GenuineTap | Refusal> {
  const { crypto } = context;
  const meta = await openTenantKey(context, badge.tenantId, "sdm-meta-read");
  const master = await openTenantKey(context, badge.tenantId, "chip-master");
  const fileReadKey = (uid: Uint8Array): Uint8Array =>
    diversifyChipKey(crypto, master.bytes, uid, SDM_FILE_READ_KEY_NO);
  try {
    const keys = { metaReadKey: meta.bytes, fileReadKey };
    const { uid, readCounter } = verifySdm(crypto, keys, request);
    if (!equalBytes(uid, request.badgeUid)) return refuse("badge-cloned", "sdm-uid-mismatch");
    return { badge, readCounter };
  } catch (error) {
    if (!isLatchkeyError(error, "sdm-malformed") && !isLatchkeyError(error, "sdm-mac-invalid"))
      throw error;
    return refuse("badge-cloned", error.code);
  } finally {
    meta.wipe();
    master.wipe();
  }
}

/** Challenge, badge, mode, signature, chip: in this order, and the first failure is the reason. */
async function examine(
  context: ServiceContext,
  node: Node,
  request: VerifyBadgeRequest,
): Promise<GenuineTap | Refusal> {
  const { records, crypto } = context;
  const challenge = await takeChallenge(context, node, request);
  if (isRefusal(challenge)) return challenge;
  const { tenantId, nodeUid } = node;
  const badge = await records.badge(tenantId, toHex(request.badgeUid));
  if (badge === undefined) return refuse("badge-unknown");
  const refusal = badgeRefusal(badge, node);
  if (refusal !== undefined) return refusal;
  const { badgeUid, challengeId, signature } = request;
  const signed = { tenantId, nodeUid, badgeUid, challengeId, nonce: challenge.nonce };
  if (!verifyBadgeAuth(crypto, badge.badgePk, signed, signature))
    return refuse("signature-invalid");
  return checkChip(context, badge, request);
}

function isEntitled({ scope }: Badge, node: Node): boolean {
  if (scope === undefined) return true;
  const inZone = node.zone !== undefined && scope.zones.includes(node.zone);
  return inZone || scope.nodes.includes(node.nodeUid);
}

/** The node's own time, else its zone's, else its tenant's; never beyond what readers accept. */
async function relayMsFor({ records }: ServiceContext, node: Node): Promise<number> {
  const { tenantId, zone, relayMs } = node;
  const byZone = zone === undefined ? undefined : await records.zoneRelayMs(tenantId, zone);
  const chosen = relayMs ?? byZone ?? (await records.tenant(tenantId))?.relayMs ?? 0;
  return Math.max(1, Math.min(chosen, RELAY_MS_MAX));
}

/**
 * Decides a tap and records the decision. A tap that passes everything else raises the badge's
 * counter, or finds it already as high, in the transaction that writes the audit row: there is no
 * grant without its row, and of two taps with one counter one is a copy.
 * Tenant and node were settled by the session that the request came over.
 */
export async function decideTap(
  context: ServiceContext,
  node: Node,
  request: VerifyBadgeRequest,
): Promise<BadgeDecision> {
  const { records, clock, log } = context;
  const { tenantId, nodeUid } = node;
  const { challengeId } = request;
  const at = unixSeconds(clock);
  const badgeUid = toHex(request.badgeUid);
  const tap = { node_uid: nodeUid, badge_uid: badgeUid, challenge_id: challengeId };

  const record = (data: DecisionRecord["entry"]["data"], refusal?: Refusal): DecisionRecord => {
    const entry = { tenantId, at, kind: "badge-decision", data: { ...tap, ...data } };
    if (refusal?.reason !== "badge-cloned") return { entry };
    const cause = refusal.cause ?? "";
    return { entry, alarm: { tenantId, at, kind: "badge-cloned", badgeUid, nodeUid, cause } };
  };
  const refused = (refusal: Refusal): DecisionRecord =>
    record({ granted: false, ...refusal }, refusal);
  const deny = ({ reason, cause }: Refusal): BadgeDecision => {
    log.write("warn", "badge-denied", { tenant_id: tenantId, ...tap, code: reason, cause });
    return { granted: false, challengeId, reason };
  };

  const found = await examine(context, node, request);
  if (isRefusal(found)) {
    await records.recordDecision(refused(found));
    return deny(found);
  }
  const { badge, readCounter } = found;
  const relayMs = await relayMsFor(context, node);
  const missing = isEntitled(badge, node) ? undefined : refuse("entitlement-denied");
  const fresh = missing
    ? refused(missing)
    : record({ granted: true, relay_ms: relayMs, read_counter: readCounter });
  const because = (obstacle: GrantObstacle): Refusal =>
    refuse(obstacle, obstacle === "badge-cloned" ? "sdm-counter-stale" : undefined);
  const step = { tenantId, nodeUid, badgeUid, readCounter };
  const obstacle = await records.recordDecision(fresh, {
    ...step,
    refused: (found) => refused(because(found)),
  });
  if (obstacle !== undefined) return deny(because(obstacle));
  if (missing) return deny(missing);
  log.write("info", "badge-granted", { tenant_id: tenantId, ...tap });
  return { granted: true, challengeId, relayMs, holder: badge.holder };
}
