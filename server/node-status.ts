import { LatchkeyError } from "../protocol/errors.ts";
import type { ServiceContext } from "./context.ts";
import { unixSeconds } from "./wall-clock.ts";

type StatusContext = Pick<ServiceContext, "records" | "ephemera" | "clock">;

/**
 * Lets a node in that waits for it. A revoked key stays revoked: whoever has the node now may have
 * its key.
 * @throws node-unknown, node-revoked
 */
export async function approveNode(
  { records, clock }: StatusContext,
  tenantId: string,
  nodeUid: string,
  by?: string,
): Promise<void> {
  const status = (await records.node(tenantId, nodeUid))?.status;
  if (status === undefined) throw new LatchkeyError("node-unknown");
  if (status === "active") return;
  const change = { status: "active" } as const;
  const approved = await records.changeNode(tenantId, nodeUid, change, unixSeconds(clock), by);
  if (!approved) throw new LatchkeyError("node-revoked");
}

/** Shuts it out for good, and ends its sessions. @throws node-unknown */
export async function revokeNode(
  { records, ephemera, clock }: StatusContext,
  tenantId: string,
  nodeUid: string,
  by?: string,
): Promise<void> {
  const change = { status: "revoked" } as const;
  const found = await records.changeNode(tenantId, nodeUid, change, unixSeconds(clock), by);
  if (!found) throw new LatchkeyError("node-unknown");
  await ephemera.closeNode(tenantId, nodeUid);
}

const PAGE = 1000;

/** HS badges that open at this reader only, by its key. */
async function badgesSealedFor(
  { records }: StatusContext,
  tenantId: string,
  nodeUid: string,
): Promise<number> {
  let count = 0;
  let after: string | undefined;
  do {
    const page = await records.badges(tenantId, PAGE, after);
    count += page.filter((badge) => badge.nodeUid === nodeUid && badge.status !== "revoked").length;
    after = page.length < PAGE ? undefined : page.at(-1)?.badgeUid;
  } while (after !== undefined);
  return count;
}

/**
 * Has a node take another key at its next check-in.
 * @param force also when badges are sealed for the old one, which open nothing from then on
 * @throws node-unknown, conflict
 */
export async function wantRotation(
  context: StatusContext,
  tenantId: string,
  nodeUid: string,
  force: boolean,
  by?: string,
): Promise<void> {
  const sealed = force ? 0 : await badgesSealedFor(context, tenantId, nodeUid);
  if (sealed > 0)
    throw new LatchkeyError("conflict", {
      message: `${sealed} HS badges are sealed for this reader's key; they would open nothing.`,
    });
  const at = unixSeconds(context.clock);
  if (!(await context.records.wantRotation(tenantId, nodeUid, at, by)))
    throw new LatchkeyError("node-unknown");
}
