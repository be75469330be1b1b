import { malformed } from "../errors.ts";

const COMMON = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const STANDARD = `${COMMON}+/`;
const URL_SAFE = `${COMMON}-_`;

function encode(bytes: Uint8Array, alphabet: string, pad: boolean): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const b1 = left > 1 ? bytes[i + 1]! : 0;
    const b2 = left > 2 ? bytes[i + 2]! : 0;
    const bits = (bytes[i]! << 16) | (b1 << 8) | b2;
    text += alphabet[bits >> 18]! + alphabet[(bits >> 12) & 63]!;
    if (left > 1) text += alphabet[(bits >> 6) & 63]!;
    else if (pad) text += "=";
    if (left > 2) text += alphabet[bits & 63]!;
    else if (pad) text += "=";
  }
  return text;
}

/** Standard base64 with padding (RFC 4648 §4): the fields named `..._b64`. */
export function toBase64(bytes: Uint8Array): string {
  return encode(bytes, STANDARD, true);
}

/** base64url without padding (RFC 4648 §5): every other field. */
export function toBase64Url(bytes: Uint8Array): string {
  return encode(bytes, URL_SAFE, false);
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
  for (let i = 0; i < end; i++) {
    const code = text.charCodeAt(i);
    const value = digit(code);
    if (value < 0) throw malformed(field, "not base64");
    if (code === 43 || code === 47) standard = true;
    if (code === 45 || code === 95) urlSafe = true;
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
