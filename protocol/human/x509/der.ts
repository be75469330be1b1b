import { concat } from "../../encoding/bytes.ts";
import { fromHex } from "../../encoding/hex.ts";

/** Universal tags (X.690 §8) that our certificates use. */
export const TAG = Object.freeze({
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
});

/** Context-specific tags: `implicit(0)` holds bytes, `explicit(0)` holds one element. */
export const implicit = (number: number): number => 0x80 | number;
export const explicit = (number: number): number => 0xa0 | number;

function lengthBytes(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  if (length < 0x100) return Uint8Array.of(0x81, length);
  if (length < 0x10000) return Uint8Array.of(0x82, length >> 8, length & 255);
  throw new RangeError(`der: ${length} bytes are more than a certificate has`);
}

/** One element: tag, shortest length, the parts one after the other (X.690 §10.1). */
export function element(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(...parts);
  return concat(Uint8Array.of(tag), lengthBytes(content.length), content);
}

export const sequence = (...parts: readonly Uint8Array[]): Uint8Array =>
  element(TAG.sequence, ...parts);

/** An object identifier from the hexadecimal of its content bytes. */
export const oid = (hex: string): Uint8Array => element(TAG.oid, fromHex(hex));

/** An unsigned big-endian number as INTEGER: no leading zeros but the one of the sign. */
export function unsignedInteger(bytes: Uint8Array): Uint8Array {
  let at = 0;
  while (at < bytes.length - 1 && bytes[at] === 0) at++;
  const digits = bytes.subarray(at);
  return element(TAG.integer, digits[0]! & 0x80 ? Uint8Array.of(0) : new Uint8Array(0), digits);
}

/** Whole bytes as BIT STRING. */
export const bitString = (bytes: Uint8Array): Uint8Array =>
  element(TAG.bitString, Uint8Array.of(0), bytes);

export const octetString = (...parts: readonly Uint8Array[]): Uint8Array =>
  element(TAG.octetString, ...parts);

export const TRUE: readonly number[] = Object.freeze([TAG.boolean, 1, 0xff]);
