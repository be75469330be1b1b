import type {
  NativeCurves,
  NativeKeccak,
  NativeRunningHash,
  NativeSymmetric,
} from "../../../hal/native/native-crypto.ts";

type NativeCrypto = NativeCurves & NativeKeccak & NativeRunningHash & NativeSymmetric;

/** In a file of its own: an image without it links none of the C behind it (see `natives.ts`). */
export const nativeCrypto: NativeCrypto = Object.freeze({
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
  sha256(this: unknown, message: Uint8Array) {
    return native("xs_latchkey_sha256").call(this, message);
  },
  sha256Start(this: unknown) {
    return native("xs_latchkey_sha256_start").call(this);
  },
  sha256Add(this: unknown, state: ArrayBuffer, piece: Uint8Array) {
    return native("xs_latchkey_sha256_add").call(this, state, piece);
  },
  sha256End(this: unknown, state: ArrayBuffer) {
    return native("xs_latchkey_sha256_end").call(this, state);
  },
  hmacSha256(this: unknown, key: Uint8Array, message: Uint8Array) {
    return native("xs_latchkey_hmac_sha256").call(this, key, message);
  },
  hkdfSha256(this: unknown, ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number) {
    return native("xs_latchkey_hkdf_sha256").call(this, ikm, salt, info, length);
  },
  aesEncryptBlock(this: unknown, key: Uint8Array, block: Uint8Array) {
    return native("xs_latchkey_aes_encrypt_block").call(this, key, block);
  },
  aesCbcEncrypt(this: unknown, key: Uint8Array, iv: Uint8Array, plain: Uint8Array) {
    return native("xs_latchkey_aes_cbc_encrypt").call(this, key, iv, plain);
  },
  aesCbcDecrypt(this: unknown, key: Uint8Array, iv: Uint8Array, cipher: Uint8Array) {
    return native("xs_latchkey_aes_cbc_decrypt").call(this, key, iv, cipher);
  },
  aesGcmSeal(
    this: unknown,
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    plain: Uint8Array,
  ) {
    return native("xs_latchkey_aes_gcm_seal").call(this, key, nonce, aad, plain);
  },
  aesGcmOpen(
    this: unknown,
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    sealed: Uint8Array,
  ) {
    return native("xs_latchkey_aes_gcm_open").call(this, key, nonce, aad, sealed);
  },
});
