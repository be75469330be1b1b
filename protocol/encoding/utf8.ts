import { malformed } from "../errors.ts";

/**
 * Text to UTF-8. The device's engine has no TextEncoder, hence ours. A lone surrogate becomes
 * U+FFFD, as the Encoding standard has it.
 */
export function toUtf8(text: string): Uint8Array {
  const out: number[] = [];
  for (const char of text) {
    let point = char.codePointAt(0)!;
    if (point >= 0xd800 && point <= 0xdfff) point = 0xfffd;
    if (point < 0x80) out.push(point);
    else if (point < 0x800) out.push(0xc0 | (point >> 6), 0x80 | (point & 63));
    else if (point < 0x10000)
      out.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
    else
      out.push(
        0xf0 | (point >> 18),
        0x80 | ((point >> 12) & 63),
        0x80 | ((point >> 6) & 63),
        0x80 | (point & 63),
      );
  }
  return new Uint8Array(out);
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
  let text = "";
  for (let i = 0; i < bytes.length; ) {
    const lead = bytes[i++]!;
    const more = sequenceLength(lead);
    if (more < 0 || i + more > bytes.length) throw malformed(field, "not UTF-8");
    let point = more === 0 ? lead : lead & (0x3f >> more);
    for (let k = 0; k < more; k++) {
      const next = bytes[i++]!;
      if ((next & 0xc0) !== 0x80) throw malformed(field, "not UTF-8");
      point = (point << 6) | (next & 63);
    }
    const surrogate = point >= 0xd800 && point <= 0xdfff;
    if (point < SMALLEST[more]! || point > 0x10ffff || surrogate)
      throw malformed(field, "not UTF-8");
    text += String.fromCodePoint(point);
  }
  return text;
}
