import { keccakF1600 } from "./keccak.ts";
import { checkChain, type Sha3 } from "./sha3.ts";

const RATE = 136; // bytes: 1600 - 2 * 256 bits
/** FIPS 202 6.1 and B.2: the two bits of SHA-3, and the padding. */
const FIRST = 0x06;
const LAST = 0x80;
/** Half-lanes of a digest, and the places of the two padding bytes after one of 32 bytes. */
const DIGEST_WORDS = 8;
const FIRST_WORD = 8;
const LAST_WORD = RATE / 4 - 1;

function absorbByte(s: Int32Array, at: number, byte: number): void {
  s[at >> 2] = s[at >> 2]! ^ (byte << (8 * (at & 3)));
}

function digestOf(s: Int32Array): Uint8Array {
  const out = new Uint8Array(32);
  for (let i = 0; i < 32; i++) out[i] = (s[i >> 2]! >> (8 * (i & 3))) & 255;
  return out;
}

function hash(message: Uint8Array): Uint8Array {
  const s = new Int32Array(50);
  let at = 0;
  for (let i = 0; i < message.length; i++) {
    absorbByte(s, at++, message[i]!);
    if (at === RATE) {
      keccakF1600(s);
      at = 0;
    }
  }
  absorbByte(s, at, FIRST);
  absorbByte(s, RATE - 1, LAST);
  keccakF1600(s);
  return digestOf(s);
}

/** A digest stays in the state: only the padding is put behind it again, and zeros. */
function chain(start: Uint8Array, times: number): Uint8Array {
  checkChain(start, times);
  const s = new Int32Array(50);
  for (let i = 0; i < 32; i++) absorbByte(s, i, start[i]!);
  for (let i = 0; i < times; i++) {
    s.fill(0, DIGEST_WORDS);
    s[FIRST_WORD] = FIRST;
    s[LAST_WORD] = LAST << 24;
    keccakF1600(s);
  }
  return digestOf(s);
}

/**
 * SHA3-256 in JavaScript written for XS: a quarter of the steps that noble takes there. The
 * fallback where no C may be added.
 */
export const portableSha3: Sha3 = Object.freeze({
  name: "portable",
  sha3_256: hash,
  sha3_256Chain: chain,
});
