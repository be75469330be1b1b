import { nobleCrypto } from "../protocol/crypto/noble.ts";
import type { CryptoProvider } from "../protocol/crypto/provider.ts";
import { nodeCrypto } from "../server/node-crypto.ts";

export interface Operation {
  readonly name: string;
  readonly work: (crypto: CryptoProvider) => unknown;
}

const seed = new Uint8Array(32).fill(7);
const other = new Uint8Array(32).fill(9);
const nonce = new Uint8Array(12);
const small = new Uint8Array(200).fill(1);
const large = new Uint8Array(2048).fill(1);
const publicKey = nobleCrypto.ed25519PublicKey(seed);
const signature = nobleCrypto.ed25519Sign(seed, small);
const peer = nobleCrypto.x25519PublicKey(other);
const sealed = nobleCrypto.aesGcmSeal(seed, nonce, seed, small);

/** What a boot and a tap are made of. */
export const OPERATIONS: readonly Operation[] = [
  { name: "ed25519 public key", work: (crypto) => crypto.ed25519PublicKey(seed) },
  { name: "ed25519 sign 200 B", work: (crypto) => crypto.ed25519Sign(seed, small) },
  {
    name: "ed25519 verify 200 B",
    work: (crypto) => crypto.ed25519Verify(publicKey, small, signature),
  },
  { name: "x25519 shared secret", work: (crypto) => crypto.x25519(seed, peer) },
  { name: "sha-256 200 B", work: (crypto) => crypto.sha256(small) },
  { name: "sha-256 2 kB", work: (crypto) => crypto.sha256(large) },
  { name: "hmac-sha-256 200 B", work: (crypto) => crypto.hmacSha256(seed, small) },
  { name: "aes-256-gcm seal 200 B", work: (crypto) => crypto.aesGcmSeal(seed, nonce, seed, small) },
  {
    name: "aes-256-gcm open 200 B",
    work: (crypto) => crypto.aesGcmOpen(seed, nonce, seed, sealed),
  },
  { name: "aes-256-gcm seal 2 kB", work: (crypto) => crypto.aesGcmSeal(seed, nonce, seed, large) },
];

export const PROVIDERS: readonly CryptoProvider[] = [nobleCrypto, nodeCrypto];
