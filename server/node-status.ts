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
