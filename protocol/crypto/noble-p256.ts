import { p256 } from "@noble/curves/nist.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { type HumanCrypto, P256_PUBLIC_BYTES, P256_SIGNATURE_BYTES } from "./p256.ts";

/**
 * `lowS` is noble's default for P-256 too, and wrong here: JOSE and X.509 signatures have any S,
 * and half of what others make would be refused.
 */
const ES256 = Object.freeze({ lowS: false, prehash: true });

function isPublicKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== P256_PUBLIC_BYTES || publicKey[0] !== 4) return false;
  return p256.utils.isValidPublicKey(publicKey, false);
}

function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== P256_PUBLIC_BYTES || signature.length !== P256_SIGNATURE_BYTES)
    return false;
  try {
    return p256.verify(signature, message, publicKey, ES256);
  } catch {
    return false; // a point off the curve or an r of zero is bad data, not a failure of ours
  }
}

function checkPrivateKey(privateKey: Uint8Array): void {
  // noble's message would quote the number.
  if (!p256.utils.isValidSecretKey(privateKey)) throw new RangeError("p256: not a private key");
}

/** Human identity's primitives, portable: desk, browser, CI and XS. */
export const nobleHuman: HumanCrypto = Object.freeze({
  sha256: (message: Uint8Array) => sha256(message),
  hmacSha256: (key: Uint8Array, message: Uint8Array) => hmac(sha256, key, message),
  p256PublicKey: (privateKey: Uint8Array) => {
    checkPrivateKey(privateKey);
    return p256.getPublicKey(privateKey, false);
  },
  p256Sign: (privateKey: Uint8Array, message: Uint8Array) => {
    checkPrivateKey(privateKey);
    return p256.sign(message, privateKey, ES256);
  },
  p256Verify: verify,
  p256IsPublicKey: isPublicKey,
});
