import { malformed } from "../errors.ts";
import { byteWork } from "./byte-work.ts";
import { PIECE, textOf } from "./code-text.ts";

/**
 * Text to UTF-8. The device's engine has no TextEncoder, hence ours. A lone surrogate becomes
 * U+FFFD, as the Encoding standard has it.
 */
export function toUtf8(text: string): Uint8Array {
  const done = byteWork?.encodeUtf8(text);
  if (done !== undefined) return new Uint8Array(done);
  // A unit of UTF-16 takes three bytes at most; nearly all of our texts are ASCII.
  const { length } = text;
  let out = new Uint8Array(length);
  let at = 0;
  for (let start = 0; start < length; ) {
    const piece = pieceOf(text, start);
    const { length: pieceLength } = piece;
    for (let i = 0; i < pieceLength; i++) {
      let point = piece.charCodeAt(i);
      if (point < 0x80) {
        out[at++] = point;
        continue;
      }
      const most = at + 3 * (length - start - i);
      if (most > out.length) out = grown(out, most);
      if (point >= 0xd800 && point <= 0xdfff) {
        const low = point <= 0xdbff ? piece.charCodeAt(i + 1) : 0;
        const whole = low >= 0xdc00 && low <= 0xdfff;
        point = whole ? 0x10000 + ((point & 0x3ff) << 10) + (low & 0x3ff) : 0xfffd;
        if (whole) i++;
      }
      at = putPoint(out, at, point);
    }
    start += pieceLength;
  }
  return out.length === at ? out : out.slice(0, at);
}

/**
 * The next units, never half a pair. In pieces: where the engine looks for a unit from the start of
 * the text, as XS does without its cache, the time of a whole text would grow with the square.
 */
function pieceOf(text: string, start: number): string {
  const piece = text.slice(start, start + PIECE);
  const last = piece.charCodeAt(piece.length - 1);
  return last >= 0xd800 && last <= 0xdbff ? text.slice(start, start + PIECE + 1) : piece;
}

function grown(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(length);
  out.set(bytes);
  return out;
}

/** Two to four bytes; gives back where the next one goes. */
function putPoint(out: Uint8Array, start: number, point: number): number {
  let at = start;
  if (point < 0x800) {
    out[at++] = 0xc0 | (point >> 6);
  } else {
    if (point < 0x10000) {
      out[at++] = 0xe0 | (point >> 12);
    } else {
      out[at++] = 0xf0 | (point >> 18);
      out[at++] = 0x80 | ((point >> 12) & 63);
    }
    out[at++] = 0x80 | ((point >> 6) & 63);
  }
  out[at++] = 0x80 | (point & 63);
  return at;
}

/** Shortest encodings only (RFC 3629 §3), index = number of continuation bytes. */
const SMALLEST = Object.freeze([0, 0x80, 0x800, 0x10000]);

function sequenceLength(lead: number): number {
  if (lead < 0x80) return 0;
  if (lead >= 0xc2 && lead < 0xe0) return 1;
  if (lead >= 0xe0 && lead < 0xf0) return 2;
  if (lead >= 0xf0 && lead < 0xf5) return 3;
  return -1;
}

/**
 * UTF-8 to text; strict: overlong forms, surrogates and cut sequences are refused, because two
 * byte strings that decode to one text would break whoever compares texts.
 * @throws malformed; `field` names it in the error.
 */
export function fromUtf8(bytes: Uint8Array, field = "text"): string {
  const done = bytes.length === 0 ? "" : byteWork?.decodeUtf8(bytes);
  if (done !== undefined) return done;
  const units = new Uint16Array(bytes.length);
  let at = 0;
  for (let i = 0; i < bytes.length; ) {
    const lead = bytes[i++]!;
    if (lead < 0x80) {
      units[at++] = lead;
      continue;
    }
    const more = sequenceLength(lead);
    if (more < 0 || i + more > bytes.length) throw malformed(field, "not UTF-8");
    let point = lead & (0x3f >> more);
    for (let k = 0; k < more; k++) {
      const next = bytes[i++]!;
      if ((next & 0xc0) !== 0x80) throw malformed(field, "not UTF-8");
      point = (point << 6) | (next & 63);
    }
    const surrogate = point >= 0xd800 && point <= 0xdfff;
    if (point < SMALLEST[more]! || point > 0x10ffff || surrogate)
      throw malformed(field, "not UTF-8");
    if (point > 0xffff) {
      units[at++] = 0xd800 | ((point - 0x10000) >> 10);
      point = 0xdc00 | (point & 0x3ff);
    }
    units[at++] = point;
  }
  return textOf(units.subarray(0, at));
}
