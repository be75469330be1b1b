import type { Sha3 } from "../crypto/sha3.ts";
import { concat, equalBytes } from "../encoding/bytes.ts";
import { leafHash } from "./address.ts";
import { allFit, answerAtOnce, type SignatureQuestion } from "./inquiry.ts";
import { miniData, miniNumber } from "./minima-bytes.ts";
import { WOTS_KEY_LENGTH, WOTS_SIGNATURE_LENGTH, type WotsQuestion } from "./wots.ts";

/**
 * The signature of a key tree: one proof for each of three levels, from the root down. A proof is
 * a one-time signature (of the next level's root, or at last of the message) with the way from its
 * key to the root of its node. All lengths are fixed, so the whole has 4,125 bytes.
 */
const TREE_LEVELS = 3;
/** 2^6 = 64 one-time keys in a node. */
export const NODE_HEIGHT = 6;
export const NODE_KEYS = 64;
/** 64^3: how often a tree can sign. */
export const TREE_CAPACITY = 262_144;
export const TREE_SIGNATURE_LENGTH = 4125;

/** One level's part of a signature. */
export interface LevelProof {
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
  /** Neighbours on the way up, from the leaf. */
  readonly siblings: readonly { readonly isLeft: boolean; readonly hash: Uint8Array }[];
}

/** The hash above two others. */
export function parentHash(sha3: Sha3, left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha3.sha3_256(concat(miniNumber(1), miniData(left), miniData(right), miniNumber(0)));
}

/** The bytes of a signature. */
export function encodeTreeSignature(proofs: readonly LevelProof[]): Uint8Array {
  const zero = miniNumber(0);
  const parts = [miniNumber(proofs.length)];
  for (const { publicKey, signature, siblings } of proofs) {
    parts.push(miniData(publicKey), miniData(signature), zero, miniNumber(siblings.length));
    for (const { isLeft, hash } of siblings)
      parts.push(Uint8Array.of(isLeft ? 1 : 0), miniData(hash), zero);
  }
  return concat(...parts);
}

/** Takes a signature apart, byte for byte: every length and constant must be there. */
class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(length: number): Uint8Array {
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  skips(expected: Uint8Array): boolean {
    return equalBytes(this.take(expected.length), expected);
  }
}

function readLevel(cursor: Cursor): LevelProof | undefined {
  const zero = miniNumber(0);
  if (!cursor.skips(miniData(new Uint8Array(WOTS_KEY_LENGTH)).subarray(0, 4))) return undefined;
  const publicKey = cursor.take(WOTS_KEY_LENGTH);
  if (!cursor.skips(miniData(new Uint8Array(WOTS_SIGNATURE_LENGTH)).subarray(0, 4)))
    return undefined;
  const signature = cursor.take(WOTS_SIGNATURE_LENGTH);
  if (!cursor.skips(zero) || !cursor.skips(miniNumber(NODE_HEIGHT))) return undefined;
  const siblings: { isLeft: boolean; hash: Uint8Array }[] = [];
  for (let i = 0; i < NODE_HEIGHT; i++) {
    const side = cursor.take(1)[0]!;
    if (side > 1 || !cursor.skips(Uint8Array.of(0, 0, 0, 32))) return undefined;
    siblings.push({ isLeft: side === 1, hash: cursor.take(32) });
    if (!cursor.skips(zero)) return undefined;
  }
  return { publicKey, signature, siblings };
}

/**
 * The three proofs of a signature, or `undefined`. The reference reads what is missing as zero,
 * ignores what is left over and takes fewer levels; there is one encoding here.
 */
export function decodeTreeSignature(bytes: Uint8Array): LevelProof[] | undefined {
  if (bytes.length !== TREE_SIGNATURE_LENGTH) return undefined;
  const cursor = new Cursor(bytes);
  if (!cursor.skips(miniNumber(TREE_LEVELS))) return undefined;
  const proofs: LevelProof[] = [];
  for (let level = 0; level < TREE_LEVELS; level++) {
    const proof = readLevel(cursor);
    if (proof === undefined) return undefined;
    proofs.push(proof);
  }
  return proofs;
}

/** The root of the node that a one-time key lies in. */
export function rootOfProof(sha3: Sha3, { publicKey, siblings }: LevelProof): Uint8Array {
  let hash = leafHash(sha3, publicKey);
  for (const { isLeft, hash: sibling } of siblings)
    hash = isLeft ? parentHash(sha3, sibling, hash) : parentHash(sha3, hash, sibling);
  return hash;
}

/**
 * The three one-time signatures that have to fit if `signature` (4,125 bytes) is to sign the 32-byte
 * `message` under a tree's root; `undefined` when it cannot. The roots are compared first, because
 * that takes 21 hashes; and before them, whether the lowest signature is known not to fit.
 */
export function questionsOfTree(
  sha3: Sha3,
  treeRoot: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
  isFutile: (lowest: WotsQuestion) => boolean = () => false,
): SignatureQuestion[] | undefined {
  const proofs = decodeTreeSignature(signature);
  if (proofs === undefined || isFutile({ ...proofs.at(-1)!, message })) return undefined;
  const roots = proofs.map((proof) => rootOfProof(sha3, proof));
  if (!equalBytes(roots[0]!, treeRoot)) return undefined;
  return proofs.map(({ publicKey, signature: signed }, level) => {
    const below = roots[level + 1];
    const isShared = below !== undefined;
    return { publicKey, message: below ?? message, signature: signed, isShared };
  });
}

/** Whether a tree signed the message. */
export function treeVerify(
  sha3: Sha3,
  treeRoot: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const questions = questionsOfTree(sha3, treeRoot, message, signature);
  return questions !== undefined && answerAtOnce(allFit(questions), sha3);
}
