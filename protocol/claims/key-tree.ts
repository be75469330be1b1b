import { constantTimeEqual } from "../crypto/constant-time.ts";
import { Secret } from "../crypto/secret.ts";
import type { Sha3 } from "../crypto/sha3.ts";
import { concat } from "../encoding/bytes.ts";
import { transcript } from "../encoding/transcript.ts";
import { toUtf8 } from "../encoding/utf8.ts";
import { malformed } from "../errors.ts";
import { leafHash } from "./address.ts";
import { miniData, miniNumber } from "./minima-bytes.ts";
import {
  encodeTreeSignature,
  type LevelProof,
  NODE_HEIGHT,
  NODE_KEYS,
  parentHash,
  TREE_CAPACITY,
} from "./tree-proof.ts";
import { seedBytes, unsafeWotsSign, wotsPublicKey } from "./wots-secret.ts";

/**
 * Where the public keys of a node may be kept between runs: making one takes 557,696 hashes. The
 * bytes are public and authenticated, so any file will do.
 */
export interface TreeCache {
  get(path: string): Uint8Array | undefined;
  set(path: string, bytes: Uint8Array): void;
}

interface TreeNode {
  readonly seed: Secret;
  /** Hashes of the levels, leaves first: 64, 32, … 1. */
  readonly levels: readonly (readonly Uint8Array[])[];
}

const KEYS_LENGTH = NODE_KEYS * 32;

/** H(MiniData(seed) ‖ MiniData("ROOT_IDENTITY")): no key of the tree is a one-time key of `seed`. */
export function rootTreeSeed(sha3: Sha3, seed: Secret): Secret {
  return new Secret(
    sha3.sha3_256(concat(miniData(seedBytes(seed)), miniData(toUtf8("ROOT_IDENTITY")))),
  );
}

/** The seed of a root identity's child tree; `index` as the shortest unsigned bytes. */
export function childTreeSeed(sha3: Sha3, rootSeed: Secret, index: number): Secret {
  if (!Number.isInteger(index) || index < 0 || index >= NODE_KEYS)
    throw malformed("index", "not an integer from 0 to 63");
  return new Secret(
    sha3.sha3_256(concat(miniData(rootSeed.bytes), miniData(Uint8Array.of(index)))),
  );
}

/** Which key signs on each level at the given use. */
function pathOfUse(use: number): readonly [number, number, number] {
  if (!Number.isInteger(use) || use < 0 || use >= TREE_CAPACITY)
    throw malformed("use", `not an integer from 0 to ${TREE_CAPACITY - 1}`);
  return [use >> 12, (use >> 6) & 63, use & 63];
}

/**
 * A key that signs 262,144 times under one address: three levels of nodes of 64 one-time keys. Its
 * own seed must not be used for one-time keys too: key i of its first node is key i of the seed.
 */
export class KeyTree {
  readonly #sha3: Sha3;
  readonly #seed: Secret;
  readonly #cache: TreeCache | undefined;
  readonly #nodes = new Map<string, TreeNode>();

  constructor(sha3: Sha3, seed: Secret, cache?: TreeCache) {
    seedBytes(seed);
    this.#sha3 = sha3;
    this.#seed = seed;
    this.#cache = cache;
  }

  /** The root of the first node: 32 bytes. */
  publicKey(): Uint8Array {
    return rootOf(this.#node([]));
  }

  /**
   * Signs a 32-byte message as the given use, whatever was signed with it before: **unsafe**
   * without a lease. The upper levels sign the same root each time, which is no second message.
   * @throws malformed
   */
  unsafeSign(use: number, message: Uint8Array): Uint8Array {
    const path = pathOfUse(use);
    const proofs: LevelProof[] = path.map((index, level) => {
      const node = this.#node(path.slice(0, level));
      const last = level === path.length - 1;
      const signed = last ? message : rootOf(this.#node(path.slice(0, level + 1)));
      const key = unsafeWotsSign(this.#sha3, node.seed, index, signed);
      return { ...key, siblings: siblingsOf(node, index) };
    });
    return encodeTreeSignature(proofs);
  }

  #node(path: readonly number[]): TreeNode {
    const name = path.join("/");
    const known = this.#nodes.get(name);
    if (known !== undefined) return known;
    const seed = this.#seedOf(path);
    const keys = this.#keysOf(seed, name);
    const leaves: Uint8Array[] = [];
    for (let i = 0; i < NODE_KEYS; i++)
      leaves.push(leafHash(this.#sha3, keys.subarray(32 * i, 32 * i + 32)));
    const node = { seed, levels: levelsOver(this.#sha3, leaves) };
    this.#forgetSiblings(path.length);
    this.#nodes.set(name, node);
    return node;
  }

  /** One node of each depth is enough: uses go up. */
  #forgetSiblings(depth: number): void {
    for (const name of this.#nodes.keys())
      if ((name === "" ? 0 : name.split("/").length) === depth) this.#nodes.delete(name);
  }

  /** H(MiniNumber(k) ‖ MiniData(H(MiniData(parent)))), once for each step of the path. */
  #seedOf(path: readonly number[]): Secret {
    let seed = this.#seed;
    for (const index of path) {
      const inner = this.#sha3.sha3_256(miniData(seed.bytes));
      seed = new Secret(this.#sha3.sha3_256(concat(miniNumber(index), miniData(inner))));
    }
    return seed;
  }

  /** The 64 public keys of a node: 2,048 bytes, from the cache if what lies there is ours. */
  #keysOf(seed: Secret, name: string): Uint8Array {
    const cached = this.#cache?.get(name);
    if (cached?.length === KEYS_LENGTH + 32) {
      const keys = cached.subarray(0, KEYS_LENGTH);
      // Wrong keys would make the level above sign a second root: the end of its one-time key.
      if (constantTimeEqual(this.#tag(seed, name, keys), cached.subarray(KEYS_LENGTH))) return keys;
    }
    const keys = new Uint8Array(KEYS_LENGTH);
    for (let i = 0; i < NODE_KEYS; i++) keys.set(wotsPublicKey(this.#sha3, seed, i), 32 * i);
    this.#cache?.set(name, concat(keys, this.#tag(seed, name, keys)));
    return keys;
  }

  #tag(seed: Secret, name: string, keys: Uint8Array): Uint8Array {
    return this.#sha3.sha3_256(transcript("latchkey/v1/tree/cache", seed.bytes, name, keys));
  }
}

function levelsOver(sha3: Sha3, leaves: readonly Uint8Array[]): (readonly Uint8Array[])[] {
  const levels: (readonly Uint8Array[])[] = [leaves];
  for (let level = 0; level < NODE_HEIGHT; level++) {
    const below = levels[level]!;
    const above: Uint8Array[] = [];
    for (let i = 0; i < below.length; i += 2)
      above.push(parentHash(sha3, below[i]!, below[i + 1]!));
    levels.push(above);
  }
  return levels;
}

function rootOf({ levels }: TreeNode): Uint8Array {
  return levels[NODE_HEIGHT]![0]!;
}

function siblingsOf({ levels }: TreeNode, index: number): LevelProof["siblings"] {
  return levels.slice(0, NODE_HEIGHT).map((level, height) => {
    const place = index >> height;
    return { isLeft: (place & 1) === 1, hash: level[place ^ 1]! };
  });
}
