import { verifyBadgeAuth } from "../protocol/badge/auth.ts";
import type { BadgeProfile } from "../protocol/badge/sealed-link.ts";
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
import { judgeBadge } from "./badge-access.ts";
import { SDM_FILE_READ_KEY_NO } from "./chip-keys.ts";
import type { ServiceContext } from "./context.ts";
import { untilDecided } from "./decision-tries.ts";
import { type GrantObstacle, POLICY_CHANGED } from "./store/decisions.ts";
import type { StoredChallenge } from "./store/ephemera.ts";
import type { Badge, DecisionRecord, Node } from "./store/records.ts";
import { openTenantKey } from "./tenant-keys.ts";
import { unixSeconds } from "./wall-clock.ts";

/** Why not; `cause` is for the audit log, where `reason` alone would be too little. */
export interface Refusal {
  readonly reason: ErrorCode;
  readonly cause?: string;
  /** Raises this alarm; `badge-cloned` and `passback` do so by themselves. */
  readonly alarm?: "badge-copy-suspected";
  /** Whose badge it is, and which entitlement was looked at last. */
  readonly by?: Readonly<Record<string, string>>;
  /** The genuine read that came with it and is not to serve again. */
  readonly readCounter?: number;
}

/** The badge is genuine and this is its read; whether the read is new, the database will say. */
export interface GenuineTap {
  readonly badge: Badge;
  readonly readCounter: number;
}

export const refuse = (reason: ErrorCode, cause?: string): Refusal => ({
  reason,
  ...(cause && { cause }),
});

export function isRefusal(value: object): value is Refusal {
  return "reason" in value;
}

/** Which tap is decided: that of this challenge, with this badge. */
export type TapName = Pick<VerifyBadgeRequest, "challengeId" | "badgeUid">;

/** A challenge, or a dialogue that has one behind it: used up by this attempt, come what may. */
export async function takeChallenge(
  { ephemera, clock }: ServiceContext,
  node: Node,
  request: TapName,
  kind: "badge" | "sealed" = "badge",
): Promise<StoredChallenge | Refusal> {
  const challenge = await ephemera.takeChallenge(request.challengeId, kind, node.nodeUid);
  if (challenge === undefined || challenge.tenantId !== node.tenantId)
    return refuse("challenge-used");
  if (challenge.expiresAt <= unixSeconds(clock)) return refuse("challenge-expired");
  const bound = challenge.badgeUid;
  if (bound !== undefined && bound !== toHex(request.badgeUid))
    return refuse("challenge-used", "issued for another badge");
  return challenge;
}

/** The badge if it may be used at this node at all. */
export async function findBadge(
  { records }: ServiceContext,
  node: Node,
  badgeUid: Uint8Array,
  profile: BadgeProfile,
): Promise<Badge | Refusal> {
  const badge = await records.badge(node.tenantId, toHex(badgeUid));
  if (badge === undefined) return refuse("badge-unknown");
  return badgeRefusal(badge, node, profile) ?? badge;
}

function badgeRefusal(badge: Badge, node: Node, profile: BadgeProfile): Refusal | undefined {
  if (badge.status === "revoked") return refuse("badge-revoked");
  if (badge.status === "suspended") return refuse("badge-suspended");
  if (badge.beingWritten) return refuse("badge-suspended", "its chip is being written");
  if (badge.mode === "HS" && badge.nodeUid !== node.nodeUid) return refuse("mode-mismatch");
  // What one profile asks for must not be got round by way of the other.
  if (badge.profile !== profile) return refuse("mode-mismatch", `profile-${badge.profile}`);
  return undefined;
}

/** The chip's own proof. Behind a good signature, whatever is wrong with it means a copy. */
export async function checkChip(
  context: ServiceContext,
  badge: Badge,
  request: Pick<VerifyBadgeRequest, "badgeUid" | "picc" | "cmac">,
): Promise<GenuineTap | Refusal> {
  const { crypto } = context;
  const meta = await openTenantKey(context, badge.tenantId, "sdm-meta-read");
  const master = await openTenantKey(context, badge.tenantId, "chip-master");
  const fileReadKey = (uid: Uint8Array): Uint8Array =>
    diversifyChipKey(crypto, master.bytes, uid, SDM_FILE_READ_KEY_NO, badge.keyGeneration);
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
  const { crypto } = context;
  const challenge = await takeChallenge(context, node, request);
  if (isRefusal(challenge)) return challenge;
  const { tenantId, nodeUid } = node;
  const badge = await findBadge(context, node, request.badgeUid, "open");
  if (isRefusal(badge)) return badge;
  const { badgeUid, challengeId, signature } = request;
  const signed = { tenantId, nodeUid, badgeUid, challengeId, nonce: challenge.nonce };
  if (!verifyBadgeAuth(crypto, badge.badgePk, signed, signature))
    return refuse("signature-invalid");
  return checkChip(context, badge, request);
}

/** The node's own time, else its zone's, else its tenant's; never beyond what readers accept. */
export async function relayMsFor({ records }: ServiceContext, node: Node): Promise<number> {
  const { tenantId, zone, relayMs } = node;
  const byZone = zone === undefined ? undefined : await records.zoneRelayMs(tenantId, zone);
  const chosen = relayMs ?? byZone ?? (await records.tenant(tenantId))?.relayMs ?? 0;
  return Math.max(1, Math.min(chosen, RELAY_MS_MAX));
}

/**
 * Decides a tap of an open badge and records the decision.
 * Tenant and node were settled by the session that the request came over.
 */
export async function decideTap(
  context: ServiceContext,
  node: Node,
  request: VerifyBadgeRequest,
): Promise<BadgeDecision> {
  return concludeTap(context, node, request, await examine(context, node, request));
}

/** The audit row of a tap, and its alarm. */
function decisionRecord(
  { clock }: ServiceContext,
  { tenantId, nodeUid }: Node,
  { challengeId, badgeUid: uid }: TapName,
  outcome: DecisionRecord["entry"]["data"] | Refusal,
): DecisionRecord {
  const at = unixSeconds(clock);
  const badgeUid = toHex(uid);
  const tap = { node_uid: nodeUid, badge_uid: badgeUid, challenge_id: challengeId };
  const entry = (data: DecisionRecord["entry"]["data"]) => {
    return { tenantId, at, kind: "badge-decision", data: { ...tap, ...data } };
  };
  if (!isRefusal(outcome)) return { entry: entry(outcome) };
  const { reason, cause, alarm, by } = outcome as Refusal;
  const row = entry({ granted: false, reason, ...(cause !== undefined && { cause }), ...by });
  const kind = reason === "badge-cloned" || reason === "passback" ? reason : alarm;
  if (kind === undefined) return { entry: row };
  return {
    entry: row,
    alarm: { tenantId, at, kind, badgeUid, nodeUid, cause: cause ?? reason },
  };
}

/**
 * Records what was found out about a tap, and says it. One that passes everything else raises the
 * badge's counter, or finds it already as high, in the transaction that writes the audit row:
 * there is no grant without its row, and of two taps with one counter one is a copy.
 */
export async function concludeTap(
  context: ServiceContext,
  node: Node,
  tap: TapName,
  found: GenuineTap | Refusal,
): Promise<BadgeDecision> {
  return untilDecided(() => concludeOnce(context, node, tap, found));
}

/** `undefined` when the rules were changed before it could be recorded. */
async function concludeOnce(
  context: ServiceContext,
  node: Node,
  tap: TapName,
  found: GenuineTap | Refusal,
): Promise<BadgeDecision | undefined> {
  const { records, log } = context;
  const { tenantId, nodeUid } = node;
  const { challengeId } = tap;
  const badgeUid = toHex(tap.badgeUid);
  const named = { tenant_id: tenantId, node_uid: nodeUid, badge_uid: badgeUid };
  const refused = (refusal: Refusal) => decisionRecord(context, node, tap, refusal);
  const deny = ({ reason, cause }: Refusal): BadgeDecision => {
    const fields = { ...named, challenge_id: challengeId, code: reason, cause };
    log.write("warn", "badge-denied", fields);
    return { granted: false, challengeId, reason };
  };

  if (isRefusal(found)) {
    const { readCounter } = found;
    const record = refused(found);
    const step = { tenantId, badgeUid, readCounter: readCounter ?? 0, refused: () => record };
    await records.recordDecision(record, readCounter === undefined ? undefined : step);
    return deny(found);
  }
  const { badge, readCounter } = found;
  const [relayMs, { denied, by, policy }] = await Promise.all([
    relayMsFor(context, node),
    judgeBadge(context, node, badge),
  ]);
  const granted = { granted: true, relay_ms: relayMs, read_counter: readCounter, ...by };
  const fresh = denied ? refused(denied) : decisionRecord(context, node, tap, granted);
  const because = (obstacle: GrantObstacle, violation?: string): Refusal => ({
    ...refuse(obstacle, obstacle === "badge-cloned" ? "sdm-counter-stale" : violation),
    by,
  });
  /** Of the obstacle, as it was recorded. */
  let obstructed: Refusal | undefined;
  const outcome = await records.recordDecision(fresh, {
    ...{ tenantId, nodeUid, badgeUid, readCounter },
    policy: {
      ...policy,
      soft: (violation) => {
        const entry = decisionRecord(context, node, tap, { ...granted, passback: violation });
        const at = unixSeconds(context.clock);
        const where = { tenantId, at, badgeUid, nodeUid };
        return { ...entry, alarm: { ...where, kind: "passback", cause: `${violation}, let in` } };
      },
    },
    refused: (obstacle, violation) => {
      obstructed = because(obstacle, violation);
      return refused(obstructed);
    },
  });
  if (outcome === POLICY_CHANGED) return undefined;
  if (outcome !== undefined) return deny(obstructed ?? because(outcome));
  if (denied) return deny(denied);
  log.write("info", "badge-granted", { ...named, challenge_id: challengeId });
  return { granted: true, challengeId, relayMs, holder: badge.holder };
}
