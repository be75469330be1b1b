import type { NativeCurves, NativeKeccak } from "../../../hal/native/native-crypto.ts";

/** In a file of its own: an image without it links none of the C behind it (see `natives.ts`). */
export const nativeCrypto: NativeCurves & NativeKeccak = Object.freeze({
  ed25519PublicKey(this: unknown, seed: Uint8Array) {
    return native("xs_latchkey_ed25519_public_key").call(this, seed);
  },
  ed25519Sign(this: unknown, seed: Uint8Array, publicKey: Uint8Array, message: Uint8Array) {
    return native("xs_latchkey_ed25519_sign").call(this, seed, publicKey, message);
  },
  ed25519Verify(this: unknown, publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) {
    return native("xs_latchkey_ed25519_verify").call(this, publicKey, message, signature);
  },
  x25519PublicKey(this: unknown, privateKey: Uint8Array) {
    return native("xs_latchkey_x25519_public_key").call(this, privateKey);
  },
  x25519(this: unknown, privateKey: Uint8Array, publicKey: Uint8Array) {
    return native("xs_latchkey_x25519").call(this, privateKey, publicKey);
  },
  sha3_256(this: unknown, message: Uint8Array) {
    return native("xs_latchkey_sha3_256").call(this, message);
  },
  sha3_256Chain(this: unknown, start: Uint8Array, times: number) {
    return native("xs_latchkey_sha3_256_chain").call(this, start, times);
  },
});
