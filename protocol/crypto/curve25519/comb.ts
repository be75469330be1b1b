import {
  type AffineCached,
  add,
  addAffine,
  affineCached,
  BASE,
  cache,
  double,
  IDENTITY,
  negated,
  type Point,
} from "./edwards.ts";

/** Digits of four bits: 64 of them, and eight odd multiples for each. */
const DIGITS = 64;
const ODD_MULTIPLES = 8;

/**
 * `(2j + 1) · 16^i · B` at `[i][j]`. Made when the module is loaded, which on the device is at
 * link time: preloaded it lies in flash, about 100 kB. Objects of BigInts and not arrays of them,
 * because those crash the linker of Moddable SDK 8.2.
 */
const TABLE: readonly (readonly AffineCached[])[] = Object.freeze(makeTable());

function makeTable(): (readonly AffineCached[])[] {
  const points: Point[] = [];
  let base = BASE;
  for (let i = 0; i < DIGITS; i++) {
    const twice = cache(double(base));
    let multiple = base;
    for (let j = 0; j < ODD_MULTIPLES; j++) {
      points.push(multiple);
      multiple = add(multiple, twice);
    }
    for (let k = 0; k < 4; k++) base = double(base);
  }
  const cached = affineCached(points);
  const rows: (readonly AffineCached[])[] = [];
  for (let i = 0; i < DIGITS; i++)
    rows.push(Object.freeze(cached.slice(i * ODD_MULTIPLES, (i + 1) * ODD_MULTIPLES)));
  return rows;
}

/**
 * k · B for an **odd** k below 2^255, 32 bytes little-endian. Every digit is odd and between -15
 * and 15 (Joye and Tunstall's regular recoding), so that there is always exactly one addition a
 * digit and never one of nothing: the sequence of operations does not depend on k. The time of a
 * single BigInt operation may, a little, and so may the flash cache: docs/security.md says what
 * that means.
 */
export function multiplyBase(oddScalar: Uint8Array): Point {
  const digits = new Int8Array(DIGITS);
  for (let i = 0; i < DIGITS; i++) digits[i] = (oddScalar[i >> 1]! >> (4 * (i & 1))) & 15;
  for (let i = 0; i < DIGITS - 1; i++) {
    const even = 1 - (digits[i + 1]! & 1);
    digits[i] = digits[i]! - 16 * even;
    digits[i + 1] = digits[i + 1]! + even;
  }
  let sum = IDENTITY;
  for (let i = 0; i < DIGITS; i++) {
    const digit = digits[i]!;
    const negative = digit < 0;
    const entry = TABLE[i]![((negative ? -digit : digit) - 1) >> 1]!;
    // Both are made every time: neither is cheaper than the other.
    const other = negated(entry);
    sum = addAffine(sum, negative ? other : entry);
  }
  digits.fill(0);
  return sum;
}
