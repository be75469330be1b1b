import type { Sodium } from "sodium-native";
import type { CryptoProvider } from "../protocol/crypto/provider.ts";
import { equalBytes } from "../protocol/encoding/bytes.ts";
import { acceptablePoint, nodeCrypto, requireLength } from "./node-crypto.ts";

/** Of SHA-256. */
const BLOCK = 64;

interface CachedKey {
  readonly seed: Uint8Array;
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/**
 * The primitives with libsodium's curves and hashes, which take half the time of OpenSSL's and no key
 * objects around them; ciphers as in `nodeCrypto`. Verification is as strict: libsodium refuses
 * non-canonical and small-order keys as well, and checks the equation without the cofactor.
 */
export function sodiumCrypto(sodium: Sodium): CryptoProvider {
  /** As in `nodeCrypto`: by the array's identity, and its content looked at as well. */
  const expanded = new WeakMap<Uint8Array, CachedKey>();

  function signingKey(seed: Uint8Array): CachedKey {
    requireLength(seed, 32, "ed25519 seed");
    const known = expanded.get(seed);
    if (known !== undefined && equalBytes(known.seed, seed)) return known;
    const key = {
      seed: seed.slice(),
      secretKey: new Uint8Array(64),
      publicKey: new Uint8Array(32),
    };
    sodium.crypto_sign_seed_keypair(key.publicKey, key.secretKey, seed);
    expanded.set(seed, key);
    return key;
  }

  function sha256(message: Uint8Array): Uint8Array {
    const out = new Uint8Array(32);
    sodium.crypto_hash_sha256(out, message);
    return out;
  }

  /** RFC 2104, over libsodium's hash: OpenSSL's takes twice as long to be set up. */
  function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
    const short = key.length > BLOCK ? sha256(key) : key;
    const inner = new Uint8Array(BLOCK + message.length).fill(0x36, 0, BLOCK);
    const outer = new Uint8Array(BLOCK + 32).fill(0x5c, 0, BLOCK);
    for (let i = 0; i < short.length; i++) {
      inner[i] = short[i]! ^ 0x36;
      outer[i] = short[i]! ^ 0x5c;
    }
    inner.set(message, BLOCK);
    outer.set(sha256(inner), BLOCK);
    const mac = sha256(outer);
    inner.fill(0);
    outer.fill(0);
    return mac;
  }

  return Object.freeze({
    ...nodeCrypto,
    name: "libsodium",
    sha256,
    hmacSha256,
    ed25519PublicKey: (seed: Uint8Array) => signingKey(seed).publicKey.slice(),
    ed25519Sign(seed: Uint8Array, message: Uint8Array) {
      const signature = new Uint8Array(64);
      sodium.crypto_sign_detached(signature, message, signingKey(seed).secretKey);
      return signature;
    },
    ed25519Verify(key: Uint8Array, message: Uint8Array, signature: Uint8Array) {
      if (key.length !== 32 || signature.length !== 64 || !acceptablePoint(key)) return false;
      return sodium.crypto_sign_verify_detached(signature, message, key);
    },
    x25519PublicKey(secret: Uint8Array) {
      requireLength(secret, 32, "x25519 private key");
      const out = new Uint8Array(32);
      sodium.crypto_scalarmult_base(out, secret);
      return out;
    },
    x25519(secret: Uint8Array, peer: Uint8Array) {
      requireLength(secret, 32, "x25519 private key");
      requireLength(peer, 32, "x25519 public key");
      const out = new Uint8Array(32);
      try {
        sodium.crypto_scalarmult(out, secret, peer);
      } catch {
        return undefined; // all zero: a peer of small order
      }
      return out.some((byte) => byte !== 0) ? out : undefined;
    },
  });
}

/** Whether it signs and agrees as the other one does, before anything is entrusted to it. */
function agrees(crypto: CryptoProvider): boolean {
  const seed = new Uint8Array(32).fill(0x4c);
  const message = seed.subarray(0, 11);
  const signature = crypto.ed25519Sign(seed, message);
  const publicKey = crypto.ed25519PublicKey(seed);
  const secret = crypto.x25519PublicKey(seed);
  return (
    equalBytes(signature, nodeCrypto.ed25519Sign(seed, message)) &&
    crypto.ed25519Verify(publicKey, message, signature) &&
    !crypto.ed25519Verify(publicKey, seed, signature) &&
    equalBytes(secret, nodeCrypto.x25519PublicKey(seed))
  );
}

/** The fastest primitives that this machine has: libsodium is optional, and not on all of them. */
export async function fastestCrypto(): Promise<CryptoProvider> {
  try {
    const crypto = sodiumCrypto((await import("sodium-native")).default);
    return agrees(crypto) ? crypto : nodeCrypto;
  } catch {
    return nodeCrypto;
  }
}
