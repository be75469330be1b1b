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
