import type { CryptoProvider } from "../crypto/provider.ts";
import { toHex } from "../encoding/hex.ts";

/** Of the hash: 128 bits, so that nobody finds a second key with the same fingerprint. */
const FINGERPRINT_BYTES = 16;

/**
 * What people compare instead of a node's public key: the first half of its SHA-256, 32 capital
 * hexadecimal digits.
 */
export function nodeFingerprint(
  crypto: Pick<CryptoProvider, "sha256">,
  nodePk: Uint8Array,
): string {
  return toHex(crypto.sha256(nodePk).subarray(0, FINGERPRINT_BYTES)).toUpperCase();
}

/** `3F2A 91C4 …`: groups of four, as they are read aloud. */
export function fingerprintGroups(fingerprint: string): string[] {
  return fingerprint.match(/.{1,4}/g) ?? [];
}

/** What the QR code on a node's display says: `LK1:` and the fingerprint. */
export function fingerprintCode(fingerprint: string): string {
  return `LK1:${fingerprint}`;
}
