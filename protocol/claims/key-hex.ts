import { fromHex, toHex } from "../encoding/hex.ts";
import { malformed } from "../errors.ts";

/** Keys and signatures as the reference 1.0.0 writes them: upper case, no prefix. */
export function toKeyHex(bytes: Uint8Array): string {
  return toHex(bytes).toUpperCase();
}

/**
 * Keys and signatures as any version wrote them: either case, with or without `0x`.
 * @throws malformed; `field` names it in the error.
 */
export function fromKeyHex(text: unknown, length: number, field: string): Uint8Array {
  if (typeof text !== "string") throw malformed(field, "not a string");
  const digits = text.startsWith("0x") ? text.slice(2) : text;
  // Before decoding, so that nothing is allocated for what is refused anyway.
  if (digits.length !== 2 * length) throw malformed(field, `needs ${length} bytes`);
  return fromHex(digits, field);
}
