import { concat, uintBE } from "../encoding/bytes.ts";

/** The scale byte of a number without decimals, and its one-byte length. */
const SCALE_AND_LENGTH = 2;

/**
 * MiniNumber of the Minima chain: scale 0, length, then the shortest big-endian two's complement.
 * `value` must be a safe integer from 0 (a programming error otherwise).
 */
export function miniNumber(value: number): Uint8Array {
  let size = 1;
  // The top bit is the sign, hence half of the range.
  while (value >= 2 ** (8 * size - 1)) size++;
  const out = new Uint8Array(SCALE_AND_LENGTH + size);
  out[1] = size;
  out.set(uintBE(value, size), SCALE_AND_LENGTH);
  return out;
}

/** MiniData: a 4-byte big-endian length, then the bytes. */
export function miniData(bytes: Uint8Array): Uint8Array {
  return concat(uintBE(bytes.length, 4), bytes);
}
