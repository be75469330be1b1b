import { concat } from "../encoding/bytes.ts";
import { toUtf8 } from "../encoding/utf8.ts";
import type { CryptoProvider } from "./provider.ts";

/**
 * HKDF-SHA-256 (RFC 5869): `length` bytes from input key material.
 * `info` is a label (text is taken as UTF-8); an empty salt stands for 32 zero bytes (§2.2).
 */
export function hkdf(
  crypto: Pick<CryptoProvider, "hmacSha256" | "hkdfSha256">,
  ikm: Uint8Array,
  salt: Uint8Array,
  info: string | Uint8Array,
  length: number,
): Uint8Array {
  if (length > 255 * 32) throw new RangeError("hkdf: too long");
  const label = typeof info === "string" ? toUtf8(info) : info;
  if (crypto.hkdfSha256 !== undefined) return crypto.hkdfSha256(ikm, salt, label, length);
  const prk = crypto.hmacSha256(salt.length === 0 ? new Uint8Array(32) : salt, ikm);
  const out = new Uint8Array(length);
  let block = new Uint8Array(0);
  for (let at = 0, n = 1; at < length; at += 32, n++) {
    const input = concat(block, label, Uint8Array.of(n));
    block.fill(0); // each block is a piece of the key: none stays behind
    block = new Uint8Array(crypto.hmacSha256(prk, input));
    input.fill(0);
    out.set(block.subarray(0, Math.min(32, length - at)), at);
  }
  block.fill(0);
  prk.fill(0);
  return out;
}
