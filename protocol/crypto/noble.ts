import { cbc, ecb, gcm } from "@noble/ciphers/aes.js";
import { x25519 } from "@noble/curves/ed25519.js";
import * as ed25519 from "@noble/ed25519";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import type { CryptoProvider } from "./provider.ts";

// @noble/ed25519 leaves SHA-512 to its user. X25519 is in none of the three packages that the
// project is built on, hence @noble/curves for it (and for people's keys: noble-p256.ts).
ed25519.hashes.sha512 = (message) => sha512(message);

const NO_PADDING = Object.freeze({ disablePadding: true });

function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  try {
    // zip215 would accept encodings that RFC 8032 refuses; all our verifiers must agree.
    return ed25519.verify(signature, message, publicKey, { zip215: false });
  } catch {
    return false; // a point that does not decode is bad data, not a failure of ours
  }
}

function agree(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined {
  if (privateKey.length !== 32 || publicKey.length !== 32) throw new RangeError("x25519: 32 bytes");
  try {
    return x25519.getSharedSecret(privateKey, publicKey);
  } catch {
    return undefined; // noble refuses the all-zero result by throwing
  }
}

/** The portable implementation: desk, CI and desktop XS. Too large for the device. */
export const nobleCrypto: CryptoProvider = Object.freeze({
  name: "noble",
  sha256: (message: Uint8Array) => sha256(message),
  hmacSha256: (key: Uint8Array, message: Uint8Array) => hmac(sha256, key, message),
  aesEncryptBlock: (key: Uint8Array, block: Uint8Array) => {
    if (block.length !== 16) throw new RangeError("aes: a block has 16 bytes");
    return ecb(key, NO_PADDING).encrypt(block);
  },
  aesCbcEncrypt: (key: Uint8Array, iv: Uint8Array, plain: Uint8Array) =>
    cbc(key, iv, NO_PADDING).encrypt(plain),
  aesCbcDecrypt: (key: Uint8Array, iv: Uint8Array, cipher: Uint8Array) =>
    cbc(key, iv, NO_PADDING).decrypt(cipher),
  aesGcmSeal: (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array) => {
    if (nonce.length !== 12) throw new RangeError("gcm: a nonce has 12 bytes");
    return gcm(key, nonce, aad).encrypt(plain);
  },
  aesGcmOpen: (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array) => {
    if (nonce.length !== 12) throw new RangeError("gcm: a nonce has 12 bytes");
    if (sealed.length < 16) return undefined;
    try {
      return gcm(key, nonce, aad).decrypt(sealed);
    } catch {
      return undefined;
    }
  },
  ed25519PublicKey: (seed: Uint8Array) => ed25519.getPublicKey(seed),
  ed25519Sign: (seed: Uint8Array, message: Uint8Array) => ed25519.sign(message, seed),
  ed25519Verify: verify,
  x25519PublicKey: (privateKey: Uint8Array) => x25519.getPublicKey(privateKey),
  x25519: agree,
});
