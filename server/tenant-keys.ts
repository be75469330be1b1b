import { Secret } from "../protocol/crypto/secret.ts";
import { LatchkeyError } from "../protocol/errors.ts";
import type { ServiceContext } from "./context.ts";
import type { CommBatch, Node, TenantKeyName } from "./store/records.ts";
import type { SealedKey } from "./store/vault-rows.ts";

type KeyContext = Pick<ServiceContext, "records" | "vault">;

/** Where what is sealed belongs: authenticated by the vault. */
export function placeOf({ kind, tenantId, name }: Omit<SealedKey, "sealed">): readonly string[] {
  return [kind, tenantId, name];
}

/** The key that a node shares with its tenant; see docs/protocol.md on comm_key and comm_iv. */
export interface CommKey {
  readonly batch: string;
  /** 32 bytes. */
  readonly key: Secret;
  /** 12 bytes. */
  readonly iv: Uint8Array;
}

export function sealTenantKey(
  { vault }: Pick<KeyContext, "vault">,
  tenantId: string,
  name: TenantKeyName,
  key: Uint8Array,
): Uint8Array {
  return vault.seal(placeOf({ kind: "key", tenantId, name }), key);
}

/** @throws tenant-unknown, storage-corrupt */
export async function openTenantKey(
  { records, vault }: KeyContext,
  tenantId: string,
  name: TenantKeyName,
): Promise<Secret> {
  const sealed = await records.tenantKey(tenantId, name);
  if (sealed === undefined) throw new LatchkeyError("tenant-unknown");
  return vault.open(placeOf({ kind: "key", tenantId, name }), sealed);
}

/** @param material comm_key and comm_iv, 44 bytes */
export function sealCommBatch(
  { vault }: Pick<KeyContext, "vault">,
  tenantId: string,
  batch: string,
  material: Uint8Array,
): CommBatch {
  if (material.length !== 44) throw new RangeError("comm batch: 44 bytes");
  return { batch, sealed: vault.seal(placeOf({ kind: "batch", tenantId, name: batch }), material) };
}

function openBatch(
  { vault }: Pick<KeyContext, "vault">,
  tenantId: string,
  { batch, sealed }: CommBatch,
): CommKey {
  const material = vault.open(placeOf({ kind: "batch", tenantId, name: batch }), sealed);
  const opened = {
    batch,
    key: new Secret(material.bytes.slice(0, 32)),
    iv: material.bytes.slice(32),
  };
  material.wipe();
  return opened;
}

/** The tenant's batches, newest first; none for a tenant that does not exist. */
export async function openCommBatches(
  context: KeyContext,
  tenantId: string,
): Promise<readonly CommKey[]> {
  const batches = await context.records.commBatches(tenantId);
  return batches.map((each) => openBatch(context, tenantId, each));
}

/** A node's own. @param sealed absent when there is none of its name @throws storage-corrupt */
export function openCommBatch(
  context: Pick<KeyContext, "vault">,
  { tenantId, batch }: Pick<Node, "tenantId" | "batch">,
  sealed: Uint8Array | undefined,
): CommKey {
  if (sealed === undefined) throw new LatchkeyError("storage-corrupt");
  return openBatch(context, tenantId, { batch, sealed });
}
