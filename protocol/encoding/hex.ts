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
  let [at, wrong] = [0, 0];
  for (let start = 0; start < text.length; start += PIECE) {
    const piece = text.slice(start, start + PIECE);
    const { length } = piece;
    // Without branches, which of random digits cannot be foreseen: any bit in `wrong` is an error.
    for (let i = 0; i < length; i += 2) {
      const first = piece.charCodeAt(i);
      const second = piece.charCodeAt(i + 1);
      const high = (first & 15) + 9 * (first >> 6);
      const low = (second & 15) + 9 * (second >> 6);
      wrong |= (first | 32) ^ (high + 48 + (((9 - high) >> 31) & 39)); // the digit's own code
      wrong |= (second | 32) ^ (low + 48 + (((9 - low) >> 31) & 39));
      wrong |= (((first - 48) | (second - 48)) >> 31) | ((high | low) >> 4);
      bytes[at++] = (high << 4) | low;
    }
  }
  if (wrong !== 0) throw malformed(field, "not hexadecimal");
  return bytes;
}
