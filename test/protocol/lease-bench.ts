import { LeaseKeeper } from "../../protocol/claims/lease.ts";
import type { LeaseStore } from "../../protocol/claims/lease-store.ts";
import {
  StorageLeaseStore,
  StorageLeaseWitness,
} from "../../protocol/claims/storage-lease-store.ts";
import { portableSha3 as sha3 } from "../../protocol/crypto/portable-sha3.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { FakeStorage } from "./fake-platform.ts";

export const seed = new Secret(new Uint8Array(32).fill(7));
export const purpose = new Uint8Array(32).fill(9);
export const RANGE = { first: 0, end: 8 };

/** A keeper on storages that outlive it; `over` puts something between it and its store. */
export function bench(
  store = new FakeStorage(),
  witness = new FakeStorage(),
  over = (plain: LeaseStore) => plain,
) {
  const keeper = new LeaseKeeper({
    sha3,
    store: over(new StorageLeaseStore(store)),
    witness: new StorageLeaseWitness(witness),
    nowMs: () => 1_767_225_600_000,
  });
  return { keeper, store, witness };
}

/** A copy of what a storage holds, to be put back later. */
export function copyOf(storage: FakeStorage): FakeStorage {
  const copy = new FakeStorage();
  for (const [key, value] of storage.values) copy.values.set(key, value.slice());
  return copy;
}

/** A bench whose key has begun. */
export async function begun() {
  const all = bench();
  await all.keeper.create(seed, RANGE);
  return all;
}
