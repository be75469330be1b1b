import * as ed25519 from "./curve25519/ed25519.ts";
import * as x25519 from "./curve25519/x25519.ts";
import type { CryptoProvider } from "./provider.ts";
import { PublicKeys } from "./public-keys.ts";

/** Hashes and ciphers of whoever has them: the SDK's on the device, noble's on the desk. */
export type SymmetricCrypto = Pick<
  CryptoProvider,
  | "sha256"
  | "hmacSha256"
  | "aesEncryptBlock"
  | "aesCbcEncrypt"
  | "aesCbcDecrypt"
  | "aesGcmSeal"
  | "aesGcmOpen"
> & { sha512(message: Uint8Array): Uint8Array };

/**
 * A provider whose curves are JavaScript written for XS: for boards where no C may be added, and
 * a second implementation beside noble's everywhere. Its table lies in flash when the module is
 * preloaded; noble's is made at run time and is larger than the RAM of an RP2350.
 *
 * Signing and key agreement run through the same operations whatever the key is, but a BigInt's
 * own arithmetic is not constant-time (docs/security.md).
 * @example const crypto = portableCrypto("sdk + portable curves", sdkSymmetricCrypto);
 */
export function portableCrypto(name: string, symmetric: SymmetricCrypto): CryptoProvider {
  const { sha512, ...rest } = symmetric;
  const keys = new PublicKeys((seed) => ed25519.publicKeyOf(sha512, seed));
  return Object.freeze({
    ...rest,
    name,
    ed25519PublicKey: (seed: Uint8Array) => keys.of(seed).slice(),
    ed25519Sign: (seed: Uint8Array, message: Uint8Array) =>
      ed25519.sign(sha512, seed, message, keys.of(seed)),
    ed25519Verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) =>
      ed25519.verify(sha512, publicKey, message, signature),
    x25519PublicKey: x25519.publicKeyOf,
    x25519: x25519.agree,
  });
}
