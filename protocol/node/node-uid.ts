import { concat, equalBytes } from "../encoding/bytes.ts";
import { bytesToUuid, uuidToBytes } from "../encoding/uuid.ts";
import type { Storage } from "../platform.ts";

/** What the server calls this node: tenant 16, first bytes of the public key 8, node UID 16. */
export const NODE_UID_NAME = "node.uid";

/** The UID is worth something only for the tenant and key that it was given to. */
function owner(tenantId: string, nodePk: Uint8Array): Uint8Array {
  return concat(uuidToBytes(tenantId), nodePk.subarray(0, 8));
}

/**
 * The stored UID, or `undefined` if there is none for this tenant and key. It saves a request;
 * the server will say it again, so that damage to it is no reason to fail.
 */
export function loadNodeUid(
  storage: Storage,
  tenantId: string,
  nodePk: Uint8Array,
): string | undefined {
  let stored: Uint8Array | undefined;
  try {
    stored = storage.get(NODE_UID_NAME);
  } catch {
    return undefined;
  }
  const fits = stored?.length === 40 && equalBytes(stored.subarray(0, 24), owner(tenantId, nodePk));
  return fits ? bytesToUuid(stored!.subarray(24)) : undefined;
}

/**
 * Stores the UID unless it is there already: flash wears out.
 * @throws storage-full, storage-failed
 */
export function saveNodeUid(
  storage: Storage,
  tenantId: string,
  nodePk: Uint8Array,
  nodeUid: string,
): void {
  if (loadNodeUid(storage, tenantId, nodePk) === nodeUid) return;
  storage.set(NODE_UID_NAME, concat(owner(tenantId, nodePk), uuidToBytes(nodeUid)));
}
