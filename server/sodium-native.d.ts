/** What is used of a package that brings no types. Buffers to fill come first. */
declare module "sodium-native" {
  export interface Sodium {
    crypto_sign_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void;
    crypto_sign_detached(out: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void;
    crypto_sign_verify_detached(
      signature: Uint8Array,
      message: Uint8Array,
      publicKey: Uint8Array,
    ): boolean;
    crypto_hash_sha256(out: Uint8Array, message: Uint8Array): void;
    crypto_scalarmult_base(out: Uint8Array, secret: Uint8Array): void;
    /** Throws on a result of all zeros. */
    crypto_scalarmult(out: Uint8Array, secret: Uint8Array, peer: Uint8Array): void;
  }
  const sodium: Sodium;
  export default sodium;
}
