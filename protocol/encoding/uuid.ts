import { malformed } from "../errors.ts";
import { fromHex, toHex } from "./hex.ts";

/** 16 bytes in the lower-case text form of RFC 9562 §4. */
export function bytesToUuid(bytes: Uint8Array): string {
  if (bytes.length !== 16) throw new RangeError(`a UUID has 16 bytes, not ${bytes.length}`);
  const hex = toHex(bytes);
  const groups = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return `${groups.join("-")}-${hex.slice(20)}`;
}

/**
 * Text of a UUID to its 16 bytes. Lower case only: a UUID is compared and signed as text, so it
 * must have one spelling. Any version and variant will do.
 * @throws malformed; `field` names it in the error.
 */
export function uuidToBytes(text: string, field = "uuid"): Uint8Array {
  checkUuid(text, field);
  return fromHex(text.replaceAll("-", ""), field);
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** @throws malformed where `uuidToBytes` does */
export function checkUuid(text: string, field = "uuid"): void {
  if (!UUID.test(text)) throw malformed(field, "not a lower-case UUID");
}

/** Makes a version 4 UUID (RFC 9562 §5.4) of 16 random bytes; the array is left alone. */
export function uuidFromRandom(random: Uint8Array): string {
  return stampedUuid(random, 4);
}

/** Makes a version 8 UUID (RFC 9562 §5.8, "custom") of 16 bytes derived in a way of our own. */
export function uuidFromDerived(derived: Uint8Array): string {
  return stampedUuid(derived, 8);
}

function stampedUuid(source: Uint8Array, version: number): string {
  const bytes = source.slice();
  bytes[6] = (bytes[6]! & 0x0f) | (version << 4);
  bytes[8] = (bytes[8]! & 0x3f) | 0x80; // variant 10xx
  return bytesToUuid(bytes);
}
