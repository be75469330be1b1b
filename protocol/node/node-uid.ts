import { concat, equalBytes } from "../encoding/bytes.ts";
import { bytesToUuid, uuidToBytes } from "../encoding/uuid.ts";
import type { Storage } from "../platform.ts";

/**
 * What the server calls this node: tenant 16, first bytes of the public key 8, node UID 16; and one
 * byte more while it lets the node wait, so that such a UID does not count at the next boot.
 */
export const NODE_UID_NAME = "node.uid";

/** The UID is worth something only for the tenant and key that it was given to. */
function owner(tenantId: string, nodePk: Uint8Array): Uint8Array {
  return concat(uuidToBytes(tenantId), nodePk.subarray(0, 8));
}

/** Damage is no reason to fail: the server will say the UID again. */
function stored(storage: Storage): Uint8Array | undefined {
  try {
    return storage.get(NODE_UID_NAME);
  } catch {
    return undefined;
  }
}

/**
 * The stored UID, or `undefined` if there is none for this tenant and key. With it a boot needs no
 * registration.
 */
export function loadNodeUid(
  storage: Storage,
  tenantId: string,
  nodePk: Uint8Array,
): string | undefined {
  const kept = stored(storage);
  const fits = kept?.length === 40 && equalBytes(kept.subarray(0, 24), owner(tenantId, nodePk));
  return fits ? bytesToUuid(kept!.subarray(24)) : undefined;
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
  pending = false,
): void {
  const uid = uuidToBytes(nodeUid);
  const value = concat(owner(tenantId, nodePk), uid, new Uint8Array(pending ? 1 : 0));
  const kept = stored(storage);
  if (kept === undefined || !equalBytes(kept, value)) storage.set(NODE_UID_NAME, value);
}
