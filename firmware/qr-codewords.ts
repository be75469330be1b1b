/** The alphanumeric set, by value: ISO/IEC 18004:2015, table 5. */
const ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/** Version 2 at level M, one block: table 9. */
const DATA_CODEWORDS = 28;
const CHECK_CODEWORDS = 16;
/** Characters that find room: table 7. */
export const QR_TEXT_MAX = 38;

/** Exponents of the generator polynomial for 16 check codewords, without the leading 1: annex A. */
const GENERATOR: readonly number[] = Object.freeze([
  ...[120, 104, 107, 109, 102, 161, 76, 3, 91, 191, 147, 169, 182, 194, 225, 120],
]);

/**
 * The 44 codewords of a version 2 code of level M.
 * @param text of the alphanumeric set, at most {@link QR_TEXT_MAX} characters; anything else is a
 *   programming error
 */
export function qrCodewords(text: string): Uint8Array {
  if (text.length > QR_TEXT_MAX) throw new RangeError(`${text.length} characters in a QR code`);
  const codewords = new Uint8Array(DATA_CODEWORDS + CHECK_CODEWORDS);
  addPadding(codewords, addText(codewords, text));
  addChecks(codewords);
  return codewords;
}

/** Mode, count, then pairs of 11 bits and a last one of 6 (§7.4.4); gives back the bits used. */
function addText(codewords: Uint8Array, text: string): number {
  let used = 0;
  const put = (value: number, bits: number) => {
    for (let bit = bits - 1; bit >= 0; bit--, used++)
      codewords[used >> 3]! |= ((value >> bit) & 1) << (7 - (used & 7));
  };
  put(0b0010, 4);
  put(text.length, 9);
  for (let at = 0; at < text.length; at += 2) {
    const first = alphanumericValue(text, at);
    if (at + 1 < text.length) put(45 * first + alphanumericValue(text, at + 1), 11);
    else put(first, 6);
  }
  return used;
}

function alphanumericValue(text: string, at: number): number {
  const value = ALPHANUMERIC.indexOf(text.charAt(at));
  if (value < 0) throw new RangeError("a character that QR codes write otherwise");
  return value;
}

/** A terminator of up to four zeros, which stand there already; then EC 11 EC 11 … (§7.4.10). */
function addPadding(codewords: Uint8Array, used: number): void {
  const from = Math.ceil(Math.min(used + 4, 8 * DATA_CODEWORDS) / 8);
  for (let at = from; at < DATA_CODEWORDS; at++)
    codewords[at] = (at - from) % 2 === 0 ? 0xec : 0x11;
}

/** Reed-Solomon in GF(256) with x⁸ + x⁴ + x³ + x² + 1 (§7.5.2). The tables are made for one use. */
function addChecks(codewords: Uint8Array): void {
  const power = new Uint8Array(255);
  const logarithm = new Uint8Array(256);
  for (let exponent = 0, value = 1; exponent < 255; exponent++) {
    power[exponent] = value;
    logarithm[value] = exponent;
    value = value < 128 ? value << 1 : (value << 1) ^ 0x11d;
  }
  const checks = codewords.subarray(DATA_CODEWORDS);
  for (let at = 0; at < DATA_CODEWORDS; at++) {
    const factor = codewords[at]! ^ checks[0]!;
    checks.copyWithin(0, 1);
    checks[CHECK_CODEWORDS - 1] = 0;
    if (factor === 0) continue;
    const shift = logarithm[factor]!;
    for (let i = 0; i < CHECK_CODEWORDS; i++) checks[i]! ^= power[(shift + GENERATOR[i]!) % 255]!;
  }
}
