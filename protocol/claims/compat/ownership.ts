import type { Secret } from "../../crypto/secret.ts";
import type { Sha3 } from "../../crypto/sha3.ts";
import { equalBytes } from "../../encoding/bytes.ts";
import { toUtf8 } from "../../encoding/utf8.ts";
import { addressesOf } from "../address.ts";
import { toKeyHex } from "../key-hex.ts";
import { childTreeSeed, KeyTree, rootTreeSeed, type TreeCache } from "../key-tree.ts";
import { type LevelProof, rootOfProof } from "../tree-proof.ts";
import { WOTS_KEY_LENGTH, WOTS_SIGNATURE_LENGTH, wotsVerify } from "../wots.ts";
import { compatFromHex } from "./hex.ts";

/** `@totemsdk/root-identity`'s proof that a root says of child keys that they are its own. */
export interface OwnershipProof {
  readonly rootAddress: string;
  readonly rootPublicKey: string;
  readonly childAddresses: readonly string[];
  readonly childPublicKeys: readonly string[];
  readonly rootProof: {
    readonly address: string;
    readonly publicKey: string;
    readonly signature: string;
    readonly message: string;
  };
  /** ISO 8601. */
  readonly timestamp: string;
}

function messageOf(rootAddress: string, keys: readonly string[], timestamp: string): string {
  const op = "TOTEM_OWNERSHIP_PROOF_V1";
  return JSON.stringify({ op, rootAddress, childPublicKeys: [...keys].sort(), timestamp });
}

export interface ProveOwnershipOptions {
  readonly sha3: Sha3;
  readonly seed: Secret;
  /** Which children, in this order. */
  readonly indices: readonly number[];
  /** The root's use that signs: **unsafe**, nobody has leased it. */
  readonly rootUse: number;
  readonly timestamp: string;
  /** Of the root's tree. */
  readonly cache?: TreeCache;
}

/** Makes a proof as the reference does. The children do not take part, and need not exist. */
export function unsafeProveOwnership(options: ProveOwnershipOptions): OwnershipProof {
  const { sha3, seed, indices, rootUse, timestamp, cache } = options;
  const rootSeed = rootTreeSeed(sha3, seed);
  const root = new KeyTree(sha3, rootSeed, cache);
  const rootKey = root.publicKey();
  const rootAddress = addressesOf(sha3, rootKey).claim;
  const rootPublicKey = toKeyHex(rootKey);
  const keys = indices.map((index) =>
    new KeyTree(sha3, childTreeSeed(sha3, rootSeed, index)).publicKey(),
  );
  const childPublicKeys = keys.map(toKeyHex);
  const message = messageOf(rootAddress, childPublicKeys, timestamp);
  const signature = toKeyHex(root.unsafeSign(rootUse, sha3.sha3_256(toUtf8(message))));
  return {
    ...{ rootAddress, rootPublicKey, childPublicKeys, timestamp },
    childAddresses: keys.map((key) => addressesOf(sha3, key).claim),
    rootProof: { address: rootAddress, publicKey: rootPublicKey, signature, message },
  };
}

/** Reads what is there: what is missing is zero, what is left over nothing. */
class LenientCursor {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(length: number): Uint8Array {
    const out = new Uint8Array(length);
    out.set(this.#bytes.subarray(this.#at, this.#at + length));
    this.#at += length;
    return out;
  }

  skipNumber(): number {
    const [, length = 0] = this.take(2);
    return this.take(length).reduce((value, byte) => value * 256 + byte, 0);
  }

  data(length: number): Uint8Array {
    this.take(4);
    return this.take(length);
  }
}

function lenientProofs(bytes: Uint8Array): LevelProof[] {
  const cursor = new LenientCursor(bytes);
  const levels = Math.min(cursor.skipNumber(), 8);
  return Array.from({ length: levels }, () => {
    const publicKey = cursor.data(WOTS_KEY_LENGTH);
    const signature = cursor.data(WOTS_SIGNATURE_LENGTH);
    cursor.skipNumber();
    const count = Math.min(cursor.skipNumber(), 64);
    const siblings = Array.from({ length: count }, () => {
      const isLeft = cursor.take(1)[0] !== 0;
      const hash = cursor.data(32);
      cursor.skipNumber();
      return { isLeft, hash };
    });
    return { publicKey, signature, siblings };
  });
}

/** Whether a tree's signature fits as leniently as the reference reads it. */
function compatTreeVerify(
  sha3: Sha3,
  treeRoot: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const proofs = lenientProofs(signature);
  const roots = proofs.map((proof) => rootOfProof(sha3, proof));
  if (roots[0] === undefined || !equalBytes(roots[0], treeRoot)) return false;
  return proofs.every((proof, level) =>
    wotsVerify(sha3, proof.publicKey, roots[level + 1] ?? message, proof.signature),
  );
}

/** The reference's decision on a proof: its root signed; whether the children agree, nobody asks. */
export function compatVerifyOwnershipProof(proof: OwnershipProof | null, sha3: Sha3): boolean {
  if (proof === null || proof.childPublicKeys.length === 0) return false;
  const { rootAddress, rootPublicKey, childAddresses, childPublicKeys, rootProof } = proof;
  const addressOf = (key: string) => addressesOf(sha3, compatFromHex(key)).claim;
  if (addressOf(rootPublicKey) !== rootAddress || rootProof.publicKey !== rootPublicKey)
    return false;
  if (childAddresses.length !== childPublicKeys.length) return false;
  if (childPublicKeys.some((key, i) => addressOf(key) !== childAddresses[i])) return false;
  const message = messageOf(rootAddress, childPublicKeys, proof.timestamp);
  if (rootProof.message !== message) return false;
  const digest = sha3.sha3_256(toUtf8(message));
  const signature = compatFromHex(rootProof.signature);
  return compatTreeVerify(sha3, compatFromHex(rootPublicKey), digest, signature);
}
