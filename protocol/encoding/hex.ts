import { malformed } from "../errors.ts";
import { byteWork } from "./byte-work.ts";
import { PIECE, textOf } from "./code-text.ts";

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

/**
 * Hexadecimal of either case to bytes.
 * @throws malformed on an odd length or any other character; `field` names it in the error.
 */
export function fromHex(text: string, field = "hex"): Uint8Array {
  const done = byteWork?.decodeHex(text);
  if (done !== undefined) return new Uint8Array(done);
  if (text.length % 2 !== 0) throw malformed(field, "hexadecimal needs an even number of digits");
  const bytes = new Uint8Array(text.length / 2);
  let at = 0;
  for (let start = 0; start < text.length; start += PIECE) {
    const piece = text.slice(start, start + PIECE);
    const { length } = piece;
    let high = 0;
    for (let i = 0; i < length; i++) {
      const code = piece.charCodeAt(i);
      let digit = code - 48; // 0-9
      if (digit < 0 || digit > 9) {
        digit = (code | 32) - 87; // a-f
        if (digit < 10 || digit > 15) throw malformed(field, "not hexadecimal");
      }
      if (i % 2 === 0) high = digit << 4;
      else bytes[at++] = high | digit;
    }
  }
  return bytes;
}
