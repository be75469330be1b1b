import type { CryptoProvider } from "./provider.ts";

/**
 * ECDSA on P-256 with SHA-256: what JOSE calls ES256 (RFC 7518 §3.4) and what people's devices
 * keep keys for. Nodes need none of it, so it is no part of `CryptoProvider`.
 *
 * Private keys are 32 bytes big-endian, public keys 65 (04 ‖ x ‖ y), signatures 64 (r ‖ s).
 */
export interface P256 {
  /** RangeError when `privateKey` is not from 1 to n-1. */
  p256PublicKey(privateKey: Uint8Array): Uint8Array;
  /** Deterministic (RFC 6979 §3.2): equal keys and messages give equal signatures. */
  p256Sign(privateKey: Uint8Array, message: Uint8Array): Uint8Array;
  /** `false` for anything that is not a good signature; never throws on bad data. */
  p256Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  /** Whether 65 bytes are a point of the curve in uncompressed form. */
  p256IsPublicKey(publicKey: Uint8Array): boolean;
}

/** Work on texts, where a platform does it in one call, and as strictly as we do. */
export interface TextWork {
  /** SHA-256 of a text's UTF-8 in base64url. */
  readonly digestText?: (text: string) => string;
  /** A text's UTF-8. */
  readonly encodeText?: (text: string) => Uint8Array;
  /** The bytes that this is in base64url, or `undefined` for another spelling of them. */
  readonly decodeBytes?: (encoded: string) => Uint8Array | undefined;
  /**
   * The text whose UTF-8 this is in base64url, or `undefined`: for another spelling of the same
   * bytes (padding, stray bits, the other alphabet) as well as for what is no UTF-8.
   */
  readonly decodeText?: (encoded: string) => string | undefined;
}

/** What human identity is built on. */
export interface HumanCrypto
  extends Pick<CryptoProvider, "sha256" | "hmacSha256">,
    P256,
    TextWork {}

/** What those need of it who verify and sign nothing. */
export type HumanVerifier = Pick<HumanCrypto, "sha256" | "p256Verify" | "p256IsPublicKey"> &
  TextWork;

/**
 * Signs as ES256. A device's key may live where only an asynchronous call reaches it (WebCrypto,
 * a secure element), so whoever takes one of these awaits it.
 */
export type SignEs256 = (message: Uint8Array) => Uint8Array | Promise<Uint8Array>;

export const P256_PUBLIC_BYTES = 65;
export const P256_SIGNATURE_BYTES = 64;
