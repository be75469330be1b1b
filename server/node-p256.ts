import { isUtf8 } from "node:buffer";
import { createPublicKey, hash, type KeyObject, verify } from "node:crypto";
import { nobleHuman } from "../protocol/crypto/noble-p256.ts";
import {
  type HumanCrypto,
  P256_PUBLIC_BYTES,
  P256_SIGNATURE_BYTES,
} from "../protocol/crypto/p256.ts";
import { nodeCrypto } from "./node-crypto.ts";

/** Constant DER before a point's coordinates: SubjectPublicKeyInfo (RFC 5480 §2), in base64. */
const P256_SPKI = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE";

/** Keys that came more than once are kept imported; the least recently used goes first. */
const CACHED_KEYS_MAX = 256;
/** Once seen, not imported yet: `undefined`. A holder comes once, an issuer all the time. */
const keys = new Map<string, KeyObject | undefined>();

/**
 * As PEM, of all forms: with DER or JWK Node needs 20 µs more where it was measured, half of them
 * for asking whether the object that names the form is a key.
 */
function pemOf(point: Uint8Array): string {
  const coordinates = Buffer.from(point.buffer, point.byteOffset + 1, P256_PUBLIC_BYTES - 1);
  const text = P256_SPKI + coordinates.toString("base64");
  return `-----BEGIN PUBLIC KEY-----\n${text}\n-----END PUBLIC KEY-----\n`;
}

/** The imported key, from the second time on that it is asked for. */
function importedKey(point: Uint8Array): KeyObject | undefined {
  const name = Buffer.from(point).toString("latin1");
  const seen = keys.has(name);
  let key = keys.get(name);
  if (seen && key === undefined) key = createPublicKey(pemOf(point));
  keys.delete(name); // and set: Map keeps the order of insertion
  keys.set(name, key);
  if (keys.size > CACHED_KEYS_MAX) keys.delete(keys.keys().next().value!);
  return key;
}

/** The curve (SP 800-186 §3.2.1.3): y² = x³ - 3x + b modulo p. */
const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

/** By arithmetic on what is public anyway: a tenth of the time that OpenSSL takes for an import. */
function isOnCurve(point: Uint8Array): boolean {
  if (point.length !== P256_PUBLIC_BYTES || point[0] !== 4) return false;
  const digits = Buffer.from(point).toString("hex", 1);
  const [x, y] = [BigInt(`0x${digits.slice(0, 64)}`), BigInt(`0x${digits.slice(64)}`)];
  return x < P && y < P && (y * y - (x * x - 3n) * x - B) % P === 0n;
}

/** A number of 32 bytes into DER: short, and positive. Gives where the next one goes. */
function putInteger(out: Uint8Array, at: number, digits: Uint8Array): number {
  let start = 0;
  while (start < 31 && digits[start] === 0) start++;
  const sign = digits[start]! >= 0x80 ? 1 : 0;
  const length = 32 - start + sign;
  out.set([0x02, length], at);
  out.set(digits.subarray(start), at + 2 + sign);
  return at + 2 + length;
}

/**
 * r ‖ s as ECDSA-Sig-Value (RFC 3279 §2.2.3). Node takes r ‖ s too (`ieee-p1363`), and needs half
 * as long again for a verification with it.
 */
function derSignature(signature: Uint8Array): Uint8Array {
  const out = new Uint8Array(72);
  const middle = putInteger(out, 2, signature.subarray(0, 32));
  const end = putInteger(out, middle, signature.subarray(32));
  out.set([0x30, end - 2]);
  return out.subarray(0, end);
}

function verifyEs256(point: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== P256_SIGNATURE_BYTES) return false;
  if (point.length !== P256_PUBLIC_BYTES || point[0] !== 4) return false;
  try {
    // OpenSSL looks whether the point is on the curve.
    const key = importedKey(point) ?? pemOf(point);
    return verify("sha256", message, key, derSignature(signature));
  } catch {
    return false; // a point off the curve or an r of zero is bad data, not a failure of ours
  }
}

/** Strict, by writing it again: Node itself reads whatever looks like base64. */
function decodeBytes(encoded: string): Buffer | undefined {
  const bytes = Buffer.from(encoded, "base64url");
  return bytes.toString("base64url") === encoded ? bytes : undefined;
}

function decodeText(encoded: string): string | undefined {
  const bytes = decodeBytes(encoded);
  return bytes && isUtf8(bytes) ? bytes.toString("utf8") : undefined;
}

/**
 * Human identity's primitives for the server: OpenSSL verifies and hashes. Signing stays with
 * noble, because Node offers no way to ask OpenSSL for deterministic signatures.
 */
export const nodeHuman: HumanCrypto = Object.freeze({
  ...nobleHuman,
  sha256: nodeCrypto.sha256,
  hmacSha256: nodeCrypto.hmacSha256,
  p256Verify: verifyEs256,
  p256IsPublicKey: isOnCurve,
  decodeBytes,
  decodeText,
  encodeText: (text: string) => Buffer.from(text),
  digestText: (text: string) => hash("sha256", text, "base64url"),
});
