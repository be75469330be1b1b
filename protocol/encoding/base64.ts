import { malformed } from "../errors.ts";
import { byteWork } from "./byte-work.ts";
import { PIECE, textOf } from "./code-text.ts";

/** Character codes of the digits 0 to 61, then those of 62 and 63 by alphabet. */
function code(digit: number, code62: number, code63: number): number {
  if (digit < 26) return digit + 65; // A-Z
  if (digit < 52) return digit + 71; // a-z
  if (digit < 62) return digit - 4; // 0-9
  return digit === 62 ? code62 : code63;
}

function encode(bytes: Uint8Array, code62: number, code63: number, pad: boolean): string {
  const { length } = bytes;
  const digits = Math.ceil((length * 4) / 3);
  const out = new Uint8Array(pad ? Math.ceil(length / 3) * 4 : digits);
  let at = 0;
  for (let i = 0; i < length; i += 3) {
    const b1 = i + 1 < length ? bytes[i + 1]! : 0;
    const b2 = i + 2 < length ? bytes[i + 2]! : 0;
    const bits = (bytes[i]! << 16) | (b1 << 8) | b2;
    for (let shift = 18; shift >= 0 && at < digits; shift -= 6)
      out[at++] = code((bits >> shift) & 63, code62, code63);
  }
  out.fill(61, digits); // =
  return textOf(out);
}

/** Standard base64 with padding (RFC 4648 §4): the fields named `..._b64`. */
export function toBase64(bytes: Uint8Array): string {
  if (byteWork !== undefined && bytes.length > 0) return byteWork.encodeBase64(bytes, false, true);
  return encode(bytes, 43, 47, true);
}

/** base64url without padding (RFC 4648 §5): every other field. */
export function toBase64Url(bytes: Uint8Array): string {
  if (byteWork !== undefined && bytes.length > 0) return byteWork.encodeBase64(bytes, true, false);
  return encode(bytes, 45, 95, false);
}

function digit(code: number): number {
  if (code >= 65 && code <= 90) return code - 65; // A-Z
  if (code >= 97 && code <= 122) return code - 71; // a-z
  if (code >= 48 && code <= 57) return code + 4; // 0-9
  if (code === 43 || code === 45) return 62; // + -
  if (code === 47 || code === 95) return 63; // / _
  return -1;
}

/**
 * Decodes either alphabet, padded or not; one spelling per value otherwise: no white space, no
 * mixture of alphabets, no stray bits in the last digit (RFC 4648 §3.5), so that a string that is
 * compared or signed elsewhere cannot have a twin.
 * @throws malformed; `field` names it in the error.
 */
export function fromBase64(text: string, field = "base64"): Uint8Array {
  const done = byteWork?.decodeBase64(text);
  if (done !== undefined) return new Uint8Array(done);
  let end = text.length;
  while (end > 0 && text.length - end < 2 && text.charCodeAt(end - 1) === 61) end--;
  if (end !== text.length && text.length % 4 !== 0) throw malformed(field, "wrong padding");
  if (end % 4 === 1) throw malformed(field, "wrong length for base64");
  const bytes = new Uint8Array(Math.floor((end * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  let standard = false;
  let urlSafe = false;
  let piece = "";
  for (let i = 0; i < end; i++) {
    if (i % PIECE === 0) piece = text.slice(i, i + PIECE);
    const code = piece.charCodeAt(i % PIECE);
    const value = digit(code);
    if (value < 0) throw malformed(field, "not base64");
    if (value >= 62) {
      if (code === 43 || code === 47) standard = true;
      else urlSafe = true;
    }
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[at++] = (bits >> held) & 255;
    }
  }
  if (standard && urlSafe) throw malformed(field, "two base64 alphabets mixed");
  if ((bits & ((1 << held) - 1)) !== 0) throw malformed(field, "stray bits after the last byte");
  return bytes;
}
