import { LatchkeyError } from "../protocol/errors.ts";
import type { ServiceContext } from "./context.ts";
import type { BadgeStatus } from "./store/records.ts";
import { unixSeconds } from "./wall-clock.ts";

/** From which statuses a badge gets to another. Revoked is for good: the badge may be anywhere. */
const FROM: Readonly<Record<BadgeStatus, readonly BadgeStatus[]>> = Object.freeze({
  active: ["suspended"],
  suspended: ["active"],
  revoked: ["active", "suspended"],
});

/**
 * Suspends, reinstates or revokes a badge; nothing happens to one that has the status already.
 * Compared and changed in one transaction, so that of a revocation and a reinstatement at the same
 * time the revocation stays.
 * @param badgeUid 14 hexadecimal digits
 * @throws badge-unknown, badge-revoked
 */
export async function changeBadgeStatus(
  { records, clock }: Pick<ServiceContext, "records" | "clock">,
  tenantId: string,
  badgeUid: string,
  status: BadgeStatus,
  by: string,
): Promise<void> {
  const step = { from: FROM[status], by };
  const at = unixSeconds(clock);
  if (await records.setBadgeStatus(tenantId, badgeUid, status, at, step)) return;
  const badge = await records.badge(tenantId, badgeUid);
  if (badge === undefined) throw new LatchkeyError("badge-unknown");
  if (badge.status === "revoked" && status !== "revoked") throw new LatchkeyError("badge-revoked");
}
