import type { CryptoProvider } from "./provider.ts";
import { PublicKeys } from "./public-keys.ts";

/** Hashes and ciphers, as a provider has them. */
export type SymmetricCrypto = Pick<
  CryptoProvider,
  | "sha256"
  | "hmacSha256"
  | "hkdfSha256"
  | "aesEncryptBlock"
  | "aesCbcEncrypt"
  | "aesCbcDecrypt"
  | "aesGcmSeal"
  | "aesGcmOpen"
>;

/** Curves as a provider has them, but for the key that a signature needs besides the seed. */
export interface Curves
  extends Pick<
    CryptoProvider,
    "ed25519PublicKey" | "ed25519Verify" | "x25519PublicKey" | "x25519"
  > {
  /** `publicKey` must be the seed's own: a signature made with another one gives the seed away. */
  ed25519SignAs(seed: Uint8Array, publicKey: Uint8Array, message: Uint8Array): Uint8Array;
}

/**
 * A provider of two parts: on the device all in C or, where none may be added, the SDK's hashes and
 * ciphers, and curves in JavaScript written for XS.
 * @example composeCrypto("C", nativeSymmetric(native), nativeCurves(native));
 */
export function composeCrypto(
  name: string,
  symmetric: SymmetricCrypto,
  curves: Curves,
): CryptoProvider {
  const { ed25519SignAs, ed25519PublicKey, ed25519Verify, x25519PublicKey, x25519 } = curves;
  const { sha256, hmacSha256, hkdfSha256, aesEncryptBlock } = symmetric;
  const { aesCbcEncrypt, aesCbcDecrypt, aesGcmSeal, aesGcmOpen } = symmetric;
  const keys = new PublicKeys(ed25519PublicKey);
  return Object.freeze({
    name,
    ...{ sha256, hmacSha256, ...(hkdfSha256 && { hkdfSha256 }) },
    ...{ aesEncryptBlock, aesCbcEncrypt, aesCbcDecrypt },
    ...{ aesGcmSeal, aesGcmOpen, ed25519Verify, x25519PublicKey, x25519 },
    ed25519PublicKey: (seed: Uint8Array) => keys.of(seed).slice(),
    ed25519Sign: (seed: Uint8Array, message: Uint8Array) =>
      ed25519SignAs(seed, keys.of(seed), message),
  });
}
