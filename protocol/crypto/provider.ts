/**
 * The primitives that everything else is built on. One implementation per place: noble on the
 * desk and on desktop XS, C on the device, node:crypto in the server.
 * All are synchronous: the device has no other, and a state machine is easier to prove so.
 *
 * Arguments are never changed and results are fresh arrays. A wrong length of a key, IV or tag
 * is a programming error and throws RangeError; bad *data* gives the answer named below.
 */
export interface CryptoProvider {
  readonly name: string;

  /** SHA-256 (FIPS 180-4): 32 bytes. */
  sha256(message: Uint8Array): Uint8Array;
  /** HMAC-SHA-256 (RFC 2104): 32 bytes. */
  hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array;
  /** HKDF-SHA-256 (RFC 5869), where there is one call for it. Everybody else asks `hkdf`. */
  hkdfSha256?(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array;

  /** One block of AES-128 or AES-256, forward direction (FIPS 197). */
  aesEncryptBlock(key: Uint8Array, block: Uint8Array): Uint8Array;
  /** AES-CBC without padding; the length must be a multiple of 16 (SP 800-38A §6.2). */
  aesCbcEncrypt(key: Uint8Array, iv: Uint8Array, plain: Uint8Array): Uint8Array;
  aesCbcDecrypt(key: Uint8Array, iv: Uint8Array, cipher: Uint8Array): Uint8Array;
  /** AES-GCM with a 12-byte nonce; the 16-byte tag is appended (SP 800-38D). */
  aesGcmSeal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array): Uint8Array;
  /** The plain text, or `undefined` when the tag does not fit. */
  aesGcmOpen(
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    sealed: Uint8Array,
  ): Uint8Array | undefined;

  /** The 32-byte public key of a 32-byte seed (RFC 8032 §5.1.5). */
  ed25519PublicKey(seed: Uint8Array): Uint8Array;
  /** 64 bytes (RFC 8032 §5.1.6). */
  ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array;
  /** `false` for anything that is not a good signature; never throws on bad data. */
  ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;

  /** The 32-byte public key of a 32-byte private key (RFC 7748 §6.1). */
  x25519PublicKey(privateKey: Uint8Array): Uint8Array;
  /** The shared secret, or `undefined` when it is all zero (RFC 7748 §6.1). */
  x25519(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined;
}
