/**
 * The primitives in C (`hal/native/pico/crypto.c`), as JavaScript sees them. Arguments are views or
 * buffers, results are fresh buffers; a wrong length throws RangeError.
 */
export interface NativeCurves {
  ed25519PublicKey(seed: Uint8Array): ArrayBuffer;
  /** `publicKey` must be the seed's own: a signature made with another one gives the seed away. */
  ed25519Sign(seed: Uint8Array, publicKey: Uint8Array, message: Uint8Array): ArrayBuffer;
  ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  x25519PublicKey(privateKey: Uint8Array): ArrayBuffer;
  /** `undefined` when the shared secret is all zero. */
  x25519(privateKey: Uint8Array, publicKey: Uint8Array): ArrayBuffer | undefined;
}

export interface NativeKeccak {
  sha3_256(message: Uint8Array): ArrayBuffer;
  /** SHA3-256 applied `times` times, 255 at most. */
  sha3_256Chain(start: Uint8Array, times: number): ArrayBuffer;
}

/** SHA-256 over pieces. */
export interface NativeRunningHash {
  /** The state, which nobody else reads. */
  sha256Start(): ArrayBuffer;
  sha256Add(state: ArrayBuffer, piece: Uint8Array): void;
  /** Wipes the state: another piece makes no sense. */
  sha256End(state: ArrayBuffer): ArrayBuffer;
}

/** Hashes and ciphers. Keys of AES have 16 or 32 bytes, an IV 16, a nonce 12. */
export interface NativeSymmetric {
  sha256(message: Uint8Array): ArrayBuffer;
  hmacSha256(key: Uint8Array, message: Uint8Array): ArrayBuffer;
  /** `length` is 8,160 at most; an empty salt stands for zeros. */
  hkdfSha256(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): ArrayBuffer;
  aesEncryptBlock(key: Uint8Array, block: Uint8Array): ArrayBuffer;
  /** Of whole blocks. */
  aesCbcEncrypt(key: Uint8Array, iv: Uint8Array, plain: Uint8Array): ArrayBuffer;
  aesCbcDecrypt(key: Uint8Array, iv: Uint8Array, cipher: Uint8Array): ArrayBuffer;
  aesGcmSeal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array): ArrayBuffer;
  /** `undefined` when the tag does not fit: then nothing was decrypted. */
  aesGcmOpen(
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    sealed: Uint8Array,
  ): ArrayBuffer | undefined;
}
