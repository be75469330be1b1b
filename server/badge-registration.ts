import type {
  RegisterBadgeAnswer,
  RegisterBadgeRequest,
} from "../protocol/badge/register-badge.ts";
import type { BadgeProfile } from "../protocol/badge/sealed-link.ts";
import { toHex } from "../protocol/encoding/hex.ts";
import { LatchkeyError } from "../protocol/errors.ts";
import { chipKeys } from "./chip-keys.ts";
import type { ServiceContext } from "./context.ts";
import type { BadgeScope } from "./store/records.ts";
import { openTenantKey } from "./tenant-keys.ts";
import { unixSeconds } from "./wall-clock.ts";

export interface RegistrationOptions {
  /** Everywhere in the tenant when absent. */
  readonly scope?: BadgeScope | undefined;
  /** `open` when absent. */
  readonly profile?: BadgeProfile | undefined;
  /** The operator; absent for what is done on the machine itself. */
  readonly by?: string | undefined;
}

/**
 * Stores a badge and gives what is needed to write it. Everything that can fail comes before the
 * badge is stored.
 * @throws tenant-unknown, node-unknown (the reader of an HS badge), conflict (UID taken)
 */
export async function registerBadge(
  context: ServiceContext,
  request: RegisterBadgeRequest,
  { scope, profile = "open", by }: RegistrationOptions = {},
): Promise<RegisterBadgeAnswer> {
  const { records, clock, badgeHost } = context;
  const { tenantId, badgeUid, badgePk, mode, holder, label } = request;
  const nodeUid = request.mode === "HS" ? request.nodeUid : undefined;
  const node = nodeUid === undefined ? undefined : await records.node(tenantId, nodeUid);
  if (nodeUid !== undefined && (node === undefined || node.status === "revoked"))
    throw new LatchkeyError("node-unknown");
  // Its keys have a generation of their own, which whoever writes it by hand does not know.
  if ((await records.card(tenantId, toHex(badgeUid))) !== undefined)
    throw new LatchkeyError("conflict", {
      message: "This chip was written by `latchkey badge`; enrol it with `latchkey badge new`.",
    });
  const df1 = await openTenantKey(context, tenantId, "df1");
  const keys = await chipKeys(context, tenantId, badgeUid);
  const badge = {
    tenantId,
    badgeUid: toHex(badgeUid),
    badgePk,
    mode,
    profile,
    nodeUid,
    holder,
    label,
    scope,
    createdAt: unixSeconds(clock),
  };
  await records.createBadge(badge, by);
  return {
    badgeUid,
    mode,
    host: badgeHost,
    df1: df1.bytes,
    chipKeys: keys.map((key) => key.bytes),
    ...(node && { nodePk: node.nodePk }),
  };
}
