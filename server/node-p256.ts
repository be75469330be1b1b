import { createPublicKey, type KeyObject, verify } from "node:crypto";
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

/** Issuers are few and verify often; holders come once. Least recently made goes first. */
const CACHED_KEYS_MAX = 256;
const keys = new Map<string, KeyObject>();

/** @throws whatever OpenSSL throws when the point is not on the curve */
function publicKey(point: Uint8Array): KeyObject {
  const name = Buffer.from(point).toString("latin1");
  const known = keys.get(name);
  if (known !== undefined) return known;
  const der = Buffer.from(concat(P256_SPKI, point));
  const key = createPublicKey({ key: der, format: "der", type: "spki" });
  if (keys.size >= CACHED_KEYS_MAX) keys.delete(keys.keys().next().value!);
  keys.set(name, key);
  return key;
}

/** The key, or `undefined` for what is no point of the curve in uncompressed form. */
function readPoint(point: Uint8Array): KeyObject | undefined {
  if (point.length !== P256_PUBLIC_BYTES || point[0] !== 4) return undefined;
  try {
    return publicKey(point);
  } catch {
    return undefined;
  }
}

function verifyEs256(point: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = readPoint(point);
  if (key === undefined || signature.length !== P256_SIGNATURE_BYTES) return false;
  try {
    return verify("sha256", message, { key, dsaEncoding: "ieee-p1363" }, signature);
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
  p256IsPublicKey: (point: Uint8Array) => readPoint(point) !== undefined,
});
