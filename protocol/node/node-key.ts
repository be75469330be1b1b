import { constantTimeEqual } from "../crypto/constant-time.ts";
import type { CryptoProvider } from "../crypto/provider.ts";
import { Secret } from "../crypto/secret.ts";
import { LatchkeyError } from "../errors.ts";
import type { Random, Storage } from "../platform.ts";
import { NODE_UID_NAME } from "./node-uid.ts";

/** The node's seed, 32 bytes. */
export const NODE_KEY_NAME = "node.key";
/** The seed that comes after it, while the server may or may not have heard of it. */
export const NEXT_KEY_NAME = "node.next";

export interface NodeKey {
  readonly seed: Secret;
  readonly publicKey: Uint8Array;
  /** Whether it was made just now. */
  readonly fresh: boolean;
}

/**
 * A source that is stuck gives a run of one byte. That is the little which can be seen from
 * here; the platform's own health test comes first.
 */
function drawSeed(random: Random): Uint8Array {
  const seed = random.bytes(32);
  if (seed.length !== 32 || seed.every((byte) => byte === seed[0]))
    throw new LatchkeyError("random-unhealthy");
  return seed;
}

/** Stores the seed and reads it back: a key that flash did not keep must not be used. */
function persist(storage: Storage, name: string, seed: Uint8Array): void {
  storage.set(name, seed);
  const kept = storage.get(name);
  const same = kept !== undefined && constantTimeEqual(kept, seed);
  kept?.fill(0);
  if (!same) throw new LatchkeyError("storage-failed", { detail: { key: name } });
}

/**
 * The node's key; made on the first call of its life. It is durable before anybody sees its
 * public half, so that a power cut leaves either no key, and nobody knows of one, or this one.
 * @throws random-unhealthy, storage-corrupt, storage-full, storage-failed
 */
export function loadOrCreateNodeKey(
  crypto: CryptoProvider,
  storage: Storage,
  random: Random,
): NodeKey {
  const stored = storage.get(NODE_KEY_NAME);
  // Never replaced by a new one: the server knows this node by the key that is lost here.
  if (stored !== undefined && stored.length !== 32)
    throw new LatchkeyError("storage-corrupt", { detail: { key: NODE_KEY_NAME } });
  // Nor when nothing is left of it: a node that the server has named had a key.
  if (stored === undefined && storage.get(NODE_UID_NAME) !== undefined)
    throw new LatchkeyError("storage-corrupt", { detail: { key: NODE_KEY_NAME } });
  const bytes = stored ?? drawSeed(random);
  if (stored === undefined) persist(storage, NODE_KEY_NAME, bytes);
  const publicKey = crypto.ed25519PublicKey(bytes);
  return { seed: new Secret(bytes), publicKey, fresh: stored === undefined };
}

/** The key that a rotation has begun with, if there is one. */
export function loadSuccessor(crypto: CryptoProvider, storage: Storage): NodeKey | undefined {
  const seed = storage.get(NEXT_KEY_NAME);
  // Damaged it is none that was ever sent; and a cut may have left what was adopted already.
  if (seed?.length !== 32 || constantTimeEqual(seed, storage.get(NODE_KEY_NAME) ?? seed))
    return undefined;
  return { seed: new Secret(seed), publicKey: crypto.ed25519PublicKey(seed), fresh: false };
}

/**
 * The key to come: the same one until it is adopted, so that however often a rotation is cut off,
 * the server hears of one successor only.
 * @throws random-unhealthy, storage-full, storage-failed
 */
export function successorOf(crypto: CryptoProvider, storage: Storage, random: Random): NodeKey {
  const begun = loadSuccessor(crypto, storage);
  if (begun !== undefined) return begun;
  const seed = drawSeed(random);
  persist(storage, NEXT_KEY_NAME, seed);
  return { seed: new Secret(seed), publicKey: crypto.ed25519PublicKey(seed), fresh: true };
}

/**
 * Puts the successor in the place of the key. A power cut in between leaves both names with the
 * same seed, or the old one with its successor: either way the server knows one of the two.
 * @throws storage-full, storage-failed
 */
export function adoptNodeKey(storage: Storage, { seed }: NodeKey): void {
  persist(storage, NODE_KEY_NAME, seed.bytes);
  storage.delete(NEXT_KEY_NAME);
}
