import type { ErrorCode } from "../../protocol/error-codes.ts";
import type { Facts } from "../console/snapshot.ts";
import type { NodeFactParts } from "../node-facts.ts";

/** How far a node that has its configuration has come. */
export function progressFacts(
  { platform, identity }: NodeFactParts,
  stage: string,
  error: ErrorCode | undefined,
): Facts {
  const { ssid, address } = platform.network.status();
  const { nodeUid, status } = identity.state;
  return {
    stage,
    error: error ?? null,
    ssid: ssid ?? null,
    address: address ?? null,
    node_uid: nodeUid ?? null,
    registration: status ?? null,
  };
}
