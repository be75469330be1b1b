import { sha256 } from "@noble/hashes/sha2.js";

/** A hash over what does not fit into memory. */
export interface RunningHash {
  update(bytes: Uint8Array): void;
  /** Ends it. */
  digest(): Uint8Array;
}

/** SHA-256, piece by piece; a platform with an engine for it hands in its own. */
export function runningSha256(): RunningHash {
  const hash = sha256.create();
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() };
}
