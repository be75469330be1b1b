import type { CryptoProvider } from "../../crypto/provider.ts";
import { toHex } from "../../encoding/hex.ts";
import { toUtf8 } from "../../encoding/utf8.ts";
import { malformed } from "../../errors.ts";
import { NODE_KEYS, TREE_CAPACITY } from "../tree-proof.ts";

/** A line of `totem_wots_journal`, as far as it is hashed. */
export interface ReferenceEntry {
  readonly treeId: string;
  readonly branchId: string;
  readonly wotsIndex: number;
  readonly status: string;
  readonly reservationId: string;
  readonly timestamp: number;
  readonly deviceId: string;
  readonly previousHash?: string;
  readonly hash: string;
}

/** What `@totemsdk/wots-lease` keeps: two of its three keys. */
export interface ReferenceStorage {
  readonly totem_wots_watermark: {
    readonly trees: Readonly<
      Record<string, { readonly unavailable: Readonly<Record<string, string>> }>
    >;
  };
  readonly totem_wots_journal: readonly ReferenceEntry[];
}

/** Place of a key in a tree, from its way down. @throws malformed where the reference miscounts */
export function flatIndex(addressIndex: number, l1: number, l2: number): number {
  for (const [name, value] of Object.entries({ addressIndex, l1, l2 }))
    if (!Number.isInteger(value) || value < 0 || value >= NODE_KEYS)
      throw malformed(name, "not an integer from 0 to 63");
  return addressIndex * NODE_KEYS * NODE_KEYS + l1 * NODE_KEYS + l2;
}

function entryHash(entry: ReferenceEntry, crypto: Pick<CryptoProvider, "sha256">): string {
  const { treeId: t, branchId: b, wotsIndex: i, status: s, reservationId: r } = entry;
  const { previousHash: p, timestamp: ts, deviceId: d } = entry;
  return toHex(crypto.sha256(toUtf8(JSON.stringify({ t, b, i, s, r, p, ts, d }))));
}

/**
 * The first use of a tree that the reference has not touched, for a move to leases of ours: above
 * every one that its store **or** its journal names, so that a store that was put back does no
 * harm. @throws Error for a journal whose hashes do not follow; malformed
 */
export function referenceWatermark(
  storage: ReferenceStorage,
  treeId: string,
  crypto: Pick<CryptoProvider, "sha256">,
): number {
  const { totem_wots_journal: journal, totem_wots_watermark: watermark } = storage;
  let previous: string | undefined;
  for (const entry of journal) {
    if (entry.previousHash !== previous || entry.hash !== entryHash(entry, crypto))
      throw new Error("Journal hash chain integrity check failed");
    previous = entry.hash;
  }
  const tree = Object.hasOwn(watermark.trees, treeId) ? watermark.trees[treeId] : undefined;
  const used = [
    ...journal.filter((entry) => entry.treeId === treeId).map(({ wotsIndex }) => wotsIndex),
    ...Object.keys(tree?.unavailable ?? {}).map(Number),
  ];
  let next = 0;
  for (const index of used) {
    if (!Number.isInteger(index) || index < 0 || index >= TREE_CAPACITY)
      throw malformed("wotsIndex", "outside of the tree");
    next = Math.max(next, index + 1);
  }
  return next;
}
