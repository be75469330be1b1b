import type { SymmetricCrypto } from "../../protocol/crypto/compose.ts";
import type { RunningHash } from "../../protocol/crypto/running-sha256.ts";
import type { NativeRunningHash, NativeSymmetric } from "./native-crypto.ts";

/** Hashes and ciphers in C as a provider's: one call of C for each. */
export function nativeSymmetric(native: NativeSymmetric): SymmetricCrypto {
  return Object.freeze<SymmetricCrypto>({
    sha256: (message) => new Uint8Array(native.sha256(message)),
    hmacSha256: (key, message) => new Uint8Array(native.hmacSha256(key, message)),
    hkdfSha256: (ikm, salt, info, length) =>
      new Uint8Array(native.hkdfSha256(ikm, salt, info, length)),
    aesEncryptBlock: (key, block) => new Uint8Array(native.aesEncryptBlock(key, block)),
    aesCbcEncrypt: (key, iv, plain) => new Uint8Array(native.aesCbcEncrypt(key, iv, plain)),
    aesCbcDecrypt: (key, iv, cipher) => new Uint8Array(native.aesCbcDecrypt(key, iv, cipher)),
    aesGcmSeal: (key, nonce, aad, plain) =>
      new Uint8Array(native.aesGcmSeal(key, nonce, aad, plain)),
    aesGcmOpen: (key, nonce, aad, sealed) => {
      const plain = native.aesGcmOpen(key, nonce, aad, sealed);
      return plain && new Uint8Array(plain);
    },
  });
}

/** SHA-256 in C, piece by piece: an image of a megabyte takes it a second. */
export function nativeRunningSha256(native: NativeRunningHash): RunningHash {
  const state = native.sha256Start();
  return {
    update: (bytes) => native.sha256Add(state, bytes),
    digest: () => new Uint8Array(native.sha256End(state)),
  };
}
