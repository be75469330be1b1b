import type { CryptoProvider } from "./provider.ts";

/** Doubling in GF(2^128) (SP 800-38B §6.1, R128 = 0x87), without a branch on the secret bit. */
export function double(block: Uint8Array): Uint8Array {
  const out = new Uint8Array(16);
  let carry = 0;
  for (let i = 15; i >= 0; i--) {
    const byte = block[i]!;
    out[i] = (byte << 1) | carry;
    carry = byte >> 7;
  }
  out[15] = out[15]! ^ (0x87 & -carry);
  return out;
}

/** AES-CMAC (NIST SP 800-38B §6.2, RFC 4493): 16 bytes; the key has 16 or 32 bytes. */
export function aesCmac(
  crypto: Pick<CryptoProvider, "aesEncryptBlock" | "aesCbcEncrypt">,
  key: Uint8Array,
  message: Uint8Array,
): Uint8Array {
  const k1 = double(crypto.aesEncryptBlock(key, new Uint8Array(16)));
  const whole = message.length > 0 && message.length % 16 === 0;
  const blocks = Math.max(1, Math.ceil(message.length / 16));
  const padded = new Uint8Array(blocks * 16);
  padded.set(message);
  if (!whole) padded[message.length] = 0x80;
  const mask = whole ? k1 : double(k1);
  const last = padded.length - 16;
  for (let i = 0; i < 16; i++) padded[last + i] = padded[last + i]! ^ mask[i]!;
  // CBC-MAC is the last block of CBC with a zero IV: one call instead of one per block.
  return crypto.aesCbcEncrypt(key, new Uint8Array(16), padded).slice(last);
}
