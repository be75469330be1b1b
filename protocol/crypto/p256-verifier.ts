import { sha256 } from "@noble/hashes/sha2.js";
import { toHex } from "../encoding/hex.ts";
import { type HumanVerifier, P256_PUBLIC_BYTES, P256_SIGNATURE_BYTES } from "./p256.ts";
import {
  P256_BASE,
  P256_ORDER,
  type P256Point,
  p256HasX,
  p256Inverse,
  p256Point,
  p256Sum,
} from "./p256-points.ts";

const number = (bytes: Uint8Array): bigint => BigInt(`0x${toHex(bytes)}`);

/** The point of 65 bytes, or nothing when it is not on the curve. */
function readPoint(publicKey: Uint8Array): P256Point | undefined {
  if (publicKey.length !== P256_PUBLIC_BYTES || publicKey[0] !== 4) return undefined;
  return p256Point(number(publicKey.subarray(1, 33)), number(publicKey.subarray(33)));
}

/** FIPS 186-5 §6.4.2. The digest is as long as the order, so none of it is cut off. */
function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const q = readPoint(publicKey);
  if (q === undefined || signature.length !== P256_SIGNATURE_BYTES) return false;
  const [r, s] = [number(signature.subarray(0, 32)), number(signature.subarray(32))];
  if (r === 0n || r >= P256_ORDER || s === 0n || s >= P256_ORDER) return false;
  const w = p256Inverse(s);
  const u1 = (number(sha256(message)) * w) % P256_ORDER;
  const u2 = (r * w) % P256_ORDER;
  return p256HasX(p256Sum(u1, P256_BASE, u2, q), r);
}

/**
 * What verifying takes, and nothing that signs: for readers of credentials on small devices. It
 * needs no table of points, of which noble's P-256 makes one of four thousand.
 */
export const portableVerifier: HumanVerifier = Object.freeze({
  sha256: (message: Uint8Array) => sha256(message),
  p256Verify: verify,
  p256IsPublicKey: (publicKey: Uint8Array) => readPoint(publicKey) !== undefined,
});
