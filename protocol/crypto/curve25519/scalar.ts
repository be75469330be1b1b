import { fromLittleEndian, toLittleEndian } from "./field.ts";

/** The order of the base point, 2^252 + 27742317777372353535851937790883648493 (RFC 8032 §5.1). */
export const L = (1n << 252n) + 27742317777372353535851937790883648493n;

/** A number of any length, little-endian, modulo L. */
export function reduce(bytes: Uint8Array): bigint {
  return fromLittleEndian(bytes) % L;
}

/**
 * The same scalar modulo L with its lowest bit set, for `multiplyBase`: L is odd. Below 2^254.
 */
export function oddForm(scalar: bigint): Uint8Array {
  // Both sums are made, whichever it is.
  const forms = [scalar + L, scalar + 2n * L];
  return toLittleEndian(forms[Number(scalar & 1n)]!);
}
