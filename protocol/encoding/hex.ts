import { malformed } from "../errors.ts";
import { byteWork } from "./byte-work.ts";
import { textOf } from "./code-text.ts";

function code(digit: number): number {
  return digit < 10 ? digit + 48 : digit + 87;
}

/** Bytes as lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  if (byteWork !== undefined && bytes.length > 0) return byteWork.encodeHex(bytes);
  const out = new Uint8Array(2 * bytes.length);
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    out[2 * i] = code(byte >> 4);
    out[2 * i + 1] = code(byte & 15);
  }
  return textOf(out);
}

function nibble(code: number): number {
  if (code >= 48 && code <= 57) return code - 48; // 0-9
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1; // a-f
}

/**
 * Hexadecimal of either case to bytes.
 * @throws malformed on an odd length or any other character; `field` names it in the error.
 */
export function fromHex(text: string, field = "hex"): Uint8Array {
  const done = byteWork?.decodeHex(text);
  if (done !== undefined) return new Uint8Array(done);
  if (text.length % 2 !== 0) throw malformed(field, "hexadecimal needs an even number of digits");
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const high = nibble(text.charCodeAt(2 * i));
    const low = nibble(text.charCodeAt(2 * i + 1));
    if (high < 0 || low < 0) throw malformed(field, "not hexadecimal");
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}
