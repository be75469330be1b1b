import {
  createPublicKey,
  hash,
  type KeyObject,
  type VerifyKeyObjectInput,
  verify,
} from "node:crypto";
import { nobleHuman } from "../protocol/crypto/noble-p256.ts";
import {
  type HumanCrypto,
  P256_PUBLIC_BYTES,
  P256_SIGNATURE_BYTES,
} from "../protocol/crypto/p256.ts";
import { concat } from "../protocol/encoding/bytes.ts";
import { fromHex } from "../protocol/encoding/hex.ts";
import { nodeCrypto } from "./node-crypto.ts";

/** Constant DER before an uncompressed point: SubjectPublicKeyInfo (RFC 5480 §2). */
const P256_SPKI = fromHex("3059301306072a8648ce3d020106082a8648ce3d030107034200");

/** Keys that came more than once are kept imported; the least recently used goes first. */
const CACHED_KEYS_MAX = 256;
/** Once seen, not imported yet: `undefined`. A holder comes once, an issuer all the time. */
const keys = new Map<string, KeyObject | undefined>();

function spkiOf(point: Uint8Array): Buffer {
  return Buffer.from(concat(P256_SPKI, point));
}

/** The imported key, from the second time on that it is asked for. */
function importedKey(point: Uint8Array): KeyObject | undefined {
  const name = Buffer.from(point).toString("latin1");
  const seen = keys.has(name);
  let key = keys.get(name);
  if (seen && key === undefined)
    key = createPublicKey({ key: spkiOf(point), format: "der", type: "spki" });
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

function verifyEs256(point: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== P256_SIGNATURE_BYTES || !isOnCurve(point)) return false;
  const dsaEncoding = "ieee-p1363";
  const imported = importedKey(point);
  const key =
    imported === undefined
      ? ({ key: spkiOf(point), format: "der", type: "spki", dsaEncoding } as const)
      : { key: imported, dsaEncoding };
  try {
    return verify("sha256", message, key as VerifyKeyObjectInput, signature);
  } catch {
    return false; // an r or s out of range is bad data, not a failure of ours
  }
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
  digestText: (text: string) => hash("sha256", text, "base64url"),
});
