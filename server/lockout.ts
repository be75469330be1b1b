import { toHex } from "../protocol/encoding/hex.ts";
import type { ErrorCode } from "../protocol/error-codes.ts";
import { isLatchkeyError } from "../protocol/errors.ts";
import type { JsonObject } from "../protocol/json/reader.ts";
import type { ServiceContext } from "./context.ts";
import { PERSONS_GUESSES } from "./human/guesses.ts";
import type { Login } from "./login-log.ts";
import { type LimitedBy, type Subject, subjectOf } from "./rate-limiter.ts";
import type { Node } from "./store/records.ts";
import { unixSeconds } from "./wall-clock.ts";

/** Refusals of somebody who may be trying things out. */
const GUESSES: ReadonlySet<ErrorCode> = new Set([
  "signature-invalid",
  "registration-refused",
  "enrol-token-invalid",
  "unauthenticated",
  ...PERSONS_GUESSES,
]);

/** Denials behind which there may be a copy of a badge. */
const FORGERIES: ReadonlySet<unknown> = new Set<ErrorCode>([
  "signature-invalid",
  "badge-cloned",
  "badge-payload-invalid",
  "card-key-wrong",
  "card-proof-invalid",
  "card-mac-invalid",
]);

type Limiting = Pick<ServiceContext, "rates" | "limits">;

/** A limit on being wrong, and who that is. */
export interface Lockout {
  readonly limit: LimitedBy;
  readonly login: Login;
}

/** Whether that address may still be wrong: looks, and takes nothing. */
export function addressLockout({ limits }: Limiting, address: Subject): LimitedBy {
  const { failuresByAddress: rate } = limits;
  return { limit: "failures-by-address", rate, subject: address, weight: 0 };
}

/**
 * The same for one who claims to be that node or application. By address as well, so that nobody
 * elsewhere can lock a node out; known or unknown makes no difference.
 */
export function nodeLockout(
  { limits }: Limiting,
  { tenantId, nodeUid }: Pick<Node, "tenantId" | "nodeUid">,
  address: Subject,
): LimitedBy {
  const subject = subjectOf(tenantId, nodeUid, address);
  return { limit: "failures-by-node", rate: limits.failuresByNode, subject, weight: 0 };
}

/**
 * The same for a badge at one reader. Only there: a reader that was taken over must not be able to
 * shut a badge out of other doors.
 */
function badgeLockout(
  { limits }: Limiting,
  { tenantId, nodeUid }: Pick<Node, "tenantId" | "nodeUid">,
  badgeUid: string,
): LimitedBy {
  const subject = subjectOf(tenantId, badgeUid, nodeUid);
  return { limit: "failures-by-badge", rate: limits.failuresByBadge, subject, weight: 0 };
}

/**
 * Notes that a request was refused in a way that counts; the failure that locks somebody out is an
 * audit row.
 */
export async function noteFailure(
  { rates, logins }: Pick<ServiceContext, "rates" | "logins">,
  error: unknown,
  { limit, login }: Lockout,
): Promise<void> {
  if (!isLatchkeyError(error) || !GUESSES.has(error.code)) return;
  // A store that is away answers nobody: what is not counted now is refused anyway.
  const counted = await rates.allows({ ...limit, weight: 1 }).catch(() => false);
  if (!counted || (await rates.allows(limit).catch(() => true))) return;
  await logins.lockedOut(login, limit.limit, error.code);
}

/**
 * Counts a tap, by reader and by badge, and looks whether it is locked out here. A badge may be
 * used more often than one reader may ask, so that no reader alone uses up what it has elsewhere.
 * @throws rate-limited, unavailable
 */
export async function countTap(
  { rates, limits }: Limiting,
  node: Pick<Node, "tenantId" | "nodeUid">,
  uid: Uint8Array,
): Promise<void> {
  const { tenantId, nodeUid } = node;
  const badgeUid = toHex(uid);
  const byBadge = subjectOf(tenantId, badgeUid);
  await rates.take(
    badgeLockout({ rates, limits }, node, badgeUid),
    { limit: "taps-by-node", rate: limits.tapsByNode, subject: subjectOf(tenantId, nodeUid) },
    { limit: "taps-by-badge", rate: limits.tapsByBadge, subject: byBadge },
  );
}

/** Notes a denial that smells of a copy; the one that locks the badge out is an alarm. */
export async function noteDecision(
  context: ServiceContext,
  node: Node,
  uid: Uint8Array,
  { granted, reason }: JsonObject,
): Promise<void> {
  const { rates, records, clock, log } = context;
  if (granted !== false || !FORGERIES.has(reason)) return;
  const badgeUid = toHex(uid);
  const lockout = badgeLockout(context, node, badgeUid);
  const noted = rates.allows({ ...lockout, weight: 1 }).then(() => rates.allows(lockout));
  // The denial stands, also when it cannot be counted.
  if (await noted.catch(() => true)) return;
  const { tenantId, nodeUid } = node;
  const at = unixSeconds(clock);
  const kind = "badge-locked-out";
  const data = { node_uid: nodeUid, badge_uid: badgeUid, reason: String(reason) };
  const alarm = { tenantId, at, kind, badgeUid, nodeUid, cause: String(reason) };
  await records.recordDecision({ entry: { tenantId, at, kind, data }, alarm });
  log.write("warn", kind, { tenant_id: tenantId, ...data });
}
