/**
 * The secret side of one-time signatures. Everything here takes a bare index and so can sign twice
 * with one key. Only the two signers import it, who hold a lease for the index, the key tree, and
 * tests; a test names whoever else does.
 */
import type { Secret } from "../crypto/secret.ts";
import { runChains, type Sha3 } from "../crypto/sha3.ts";
import { concat } from "../encoding/bytes.ts";
import { malformed } from "../errors.ts";
import { miniData, miniNumber } from "./minima-bytes.ts";
import {
  digitsOfMessage,
  topOfChains,
  WOTS_CHAINS,
  WOTS_SIGNATURE_LENGTH,
  WOTS_STEPS,
} from "./wots.ts";

/** Indexes are unsigned 32-bit numbers. */
export const MAX_KEY_INDEX = 0xffffffff;

/**
 * @throws malformed for anything but an integer from 0 to 2^32 - 1. The reference turns whatever
 * it gets into one (`undefined`, NaN and 2^32 all sign with key 0).
 */
function checkKeyIndex(index: number): number {
  if (typeof index !== "number" || !Number.isInteger(index) || index < 0 || index > MAX_KEY_INDEX)
    throw malformed("keyIndex", "not an integer from 0 to 4294967295");
  return index;
}

/**
 * The bytes of a seed. Looks at what they are as well: a text of 32 characters in the place of 32
 * bytes would be a key of zeros. @throws malformed
 */
export function seedBytes(seed: Secret): Uint8Array {
  if (!(seed.bytes instanceof Uint8Array) || seed.length !== 32)
    throw malformed("seed", "must be 32 bytes");
  return seed.bytes;
}

/** What the chains of one key grow from: H(MiniNumber(index) ‖ MiniData(seed)). */
export function oneTimeSecret(sha3: Sha3, seed: Secret, index: number): Uint8Array {
  const bytes = concat(miniNumber(checkKeyIndex(index)), miniData(seedBytes(seed)));
  const secret = sha3.sha3_256(bytes);
  bytes.fill(0);
  return secret;
}

/** state + r + 1, little-endian, modulo 2^256: the step of GMSSRandom. */
function advance(state: Uint8Array, r: Uint8Array): void {
  let carry = 1;
  for (let i = 0; i < 32; i++) {
    const sum = state[i]! + r[i]! + carry;
    state[i] = sum & 255;
    carry = sum >> 8;
  }
}

/** The 34 secret chain starts, one after the other (1,088 bytes); `secret` is used up. */
export function chainStarts(sha3: Sha3, secret: Uint8Array): Uint8Array {
  const starts = new Uint8Array(WOTS_SIGNATURE_LENGTH);
  for (let i = 0; i < WOTS_CHAINS; i++) {
    const r = sha3.sha3_256(secret);
    starts.set(r, 32 * i);
    advance(secret, r);
  }
  secret.fill(0);
  return starts;
}

/** The full public key: the 34 chain tops, 1,088 bytes. @throws malformed */
export function wotsFullPublicKey(sha3: Sha3, seed: Secret, index: number): Uint8Array {
  const values = chainStarts(sha3, oneTimeSecret(sha3, seed, index));
  runChains(sha3, values, new Uint8Array(WOTS_CHAINS).fill(WOTS_STEPS));
  return values;
}

/** The 32-byte public key of (seed, index): 8,714 permutations. @throws malformed */
export function wotsPublicKey(sha3: Sha3, seed: Secret, index: number): Uint8Array {
  return sha3.sha3_256(wotsFullPublicKey(sha3, seed, index));
}

export interface OneTimeSignature {
  /** 1,088 bytes. */
  readonly signature: Uint8Array;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

/**
 * Signs a 32-byte message with the key (seed, index), whatever it signed before: **unsafe**
 * without a lease. Gives the public key with it, since the chains pass through the signature on
 * their way to the top: a key generation less than the reference needs. @throws malformed
 */
export function unsafeWotsSign(
  sha3: Sha3,
  seed: Secret,
  index: number,
  message: Uint8Array,
): OneTimeSignature {
  const digits = digitsOfMessage(sha3, message);
  const values = chainStarts(sha3, oneTimeSecret(sha3, seed, index));
  runChains(sha3, values, digits);
  return { signature: values, publicKey: topOfChains(sha3, values, digits) };
}
