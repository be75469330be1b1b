import { constantTimeEqual } from "../crypto/constant-time.ts";
import type { CryptoProvider } from "../crypto/provider.ts";
import { Secret } from "../crypto/secret.ts";
import { LatchkeyError } from "../errors.ts";
import type { Random, Storage } from "../platform.ts";
import { NODE_UID_NAME } from "./node-uid.ts";

/** The node's seed, 32 bytes. */
export const NODE_KEY_NAME = "node.key";

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
function persist(storage: Storage, seed: Uint8Array): void {
  storage.set(NODE_KEY_NAME, seed);
  const kept = storage.get(NODE_KEY_NAME);
  const same = kept !== undefined && constantTimeEqual(kept, seed);
  kept?.fill(0);
  if (!same) throw new LatchkeyError("storage-failed", { detail: { key: NODE_KEY_NAME } });
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
  if (stored === undefined) persist(storage, bytes);
  const publicKey = crypto.ed25519PublicKey(bytes);
  return { seed: new Secret(bytes), publicKey, fresh: stored === undefined };
}
