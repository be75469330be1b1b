import type { HumanCrypto } from "../crypto/p256.ts";
import { fromHex } from "../encoding/hex.ts";

/** n, the order of P-256 (SP 800-186 §3.2.1.3), big-endian. */
const ORDER = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

/** Bytes that a scalar is reduced from: 128 bits more than n has (FIPS 186-5 A.2.1). */
export const SCALAR_MATERIAL_BYTES = 48;

/** a -= b over equal lengths, big-endian; gives the borrow. */
function subtract(a: Uint8Array, b: Uint8Array): number {
  let borrow = 0;
  for (let i = a.length - 1; i >= 0; i--) {
    const value = a[i]! - b[i]! - borrow;
    borrow = value < 0 ? 1 : 0;
    a[i] = value & 255;
  }
  return borrow;
}

/**
 * `(c mod (n-1)) + 1` of 48 bytes: a private key without noticeable bias (FIPS 186-5 A.2.1). Byte
 * arithmetic, bit by bit, so that the key never becomes a BigInt, which nobody could wipe.
 */
export function reduceToScalar(material: Uint8Array): Uint8Array {
  if (material.length !== SCALAR_MATERIAL_BYTES) throw new RangeError("scalar: 48 bytes");
  const modulus = new Uint8Array(33);
  modulus.set(fromHex(ORDER), 1);
  modulus[32] = modulus[32]! - 1; // n - 1; n is odd
  const rest = new Uint8Array(33);
  const less = new Uint8Array(33);
  for (let bit = 0; bit < SCALAR_MATERIAL_BYTES * 8; bit++) {
    let carry = (material[bit >> 3]! >> (7 - (bit & 7))) & 1;
    for (let i = 32; i >= 0; i--) {
      const value = (rest[i]! << 1) | carry;
      rest[i] = value & 255;
      carry = value >> 8;
    }
    less.set(rest);
    const keep = -subtract(less, modulus) & 255; // ff keeps `rest`, 00 takes the difference
    for (let i = 0; i < 33; i++) rest[i] = (rest[i]! & keep) | (less[i]! & ~keep);
  }
  addOne(rest);
  const scalar = rest.slice(1);
  rest.fill(0);
  less.fill(0);
  return scalar;
}

function addOne(number: Uint8Array): void {
  let carry = 1;
  for (let i = number.length - 1; i >= 0; i--) {
    const value = number[i]! + carry;
    number[i] = value & 255;
    carry = value >> 8;
  }
}

/** A P-256 key that is derived, not born: whoever takes it wipes `privateKey` after use. */
export interface DerivedKey {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** The key of 48 derived bytes, which are wiped. */
export function keyFromMaterial(crypto: HumanCrypto, material: Uint8Array): DerivedKey {
  const privateKey = reduceToScalar(material);
  material.fill(0);
  return { privateKey, publicKey: crypto.p256PublicKey(privateKey) };
}
