/**
 * Arithmetic modulo p = 2^255 - 19 on BigInts, written for XS: values are kept between 0 and
 * 2^256 and reduced as late as possible, because each operation allocates. Nothing here compares
 * BigInts with `===`: on the device a BigInt that was preloaded into flash is unequal to an equal
 * one of the heap (XS 17.9, docs/xs.md), while `<` and `>` are right.
 */
export const P = (1n << 255n) - 19n;
/** 2^255 - 1: the bits below the fold. */
const LOW = (1n << 255n) - 1n;
/** Added before a subtraction, so that no value is ever negative: 8 p. */
const BIAS = P << 3n;

/** a·b, below 2^256. Factors may be as large as 2^260. */
export function mul(a: bigint, b: bigint): bigint {
  const product = a * b;
  // 2^255 = 19 (mod p): what stands above is worth nineteen times as much below.
  const folded = (product & LOW) + (product >> 255n) * 19n;
  return (folded & LOW) + (folded >> 255n) * 19n;
}

/** a - b, not reduced: below 2^259 for arguments below 2^258. */
export function sub(a: bigint, b: bigint): bigint {
  return a + BIAS - b;
}

/** The one representative from 0 to p - 1. */
export function canonical(a: bigint): bigint {
  const folded = (a & LOW) + (a >> 255n) * 19n;
  const once = (folded & LOW) + (folded >> 255n) * 19n;
  return once < P ? once : once - P;
}

function squared(a: bigint, times: number): bigint {
  let value = a;
  for (let i = 0; i < times; i++) value = mul(value, value);
  return value;
}

/** a^(2^250 - 1) and a^11: what the two powers below have in common (RFC 7748's usual chain). */
function commonPower(a: bigint): { readonly high: bigint; readonly eleven: bigint } {
  const two = mul(a, a);
  const nine = mul(squared(two, 2), a);
  const eleven = mul(nine, two);
  const b5 = mul(mul(eleven, eleven), nine);
  const b10 = mul(squared(b5, 5), b5);
  const b20 = mul(squared(b10, 10), b10);
  const b40 = mul(squared(b20, 20), b20);
  const b50 = mul(squared(b40, 10), b10);
  const b100 = mul(squared(b50, 50), b50);
  const b200 = mul(squared(b100, 100), b100);
  return { high: mul(squared(b200, 50), b50), eleven };
}

/** 1/a = a^(p - 2) by Fermat, always the same 254 squarings; 0 for 0. */
export function invert(a: bigint): bigint {
  const { high, eleven } = commonPower(a);
  return mul(squared(high, 5), eleven);
}

/** a^((p - 5) / 8), for square roots (RFC 8032 §5.1.3). */
export function powerForRoot(a: bigint): bigint {
  return mul(squared(commonPower(a).high, 2), a);
}

/** Whether two field elements, reduced or not, are the same. */
export function equal(a: bigint, b: bigint): boolean {
  return !(canonical(sub(a, b)) > 0n);
}

/** 32 bytes, little-endian, all 256 bits. */
export function fromLittleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length; i >= 4; i -= 4) {
    const word =
      bytes[i - 1]! * 0x1000000 + (bytes[i - 2]! << 16) + (bytes[i - 3]! << 8) + bytes[i - 4]!;
    value = (value << 32n) + BigInt(word);
  }
  return value;
}

/** The 32 bytes of a number below 2^256, little-endian. */
export function toLittleEndian(value: bigint): Uint8Array {
  const bytes = new Uint8Array(32);
  let rest = value;
  for (let i = 0; i < 32; i += 4) {
    const word = Number(rest & 0xffffffffn);
    rest >>= 32n;
    bytes[i] = word & 255;
    bytes[i + 1] = (word >> 8) & 255;
    bytes[i + 2] = (word >> 16) & 255;
    bytes[i + 3] = (word / 0x1000000) & 255;
  }
  return bytes;
}
