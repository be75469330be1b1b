/**
 * Netstrings (D. J. Bernstein, 1997): `<decimal length>:<bytes>,`. The XS worker frames every
 * message of its pipes like that.
 */
const COLON = 0x3a;
const COMMA = 0x2c;
const LONGEST_PREFIX = 9;

export function encodeNetstring(body: Uint8Array): Uint8Array {
  const prefix = new TextEncoder().encode(`${body.length}:`);
  const out = new Uint8Array(prefix.length + body.length + 1);
  out.set(prefix);
  out.set(body, prefix.length);
  out[out.length - 1] = COMMA;
  return out;
}

/** Collects chunks as they come and gives whole messages back, in order. */
export class NetstringReader {
  #chunks: Uint8Array[] = [];
  #length = 0;
  /** Bytes needed before it is worth looking again, so that big messages cost linear time. */
  #wanted = 0;

  /** @throws Error when the stream is not made of netstrings; it cannot recover from that. */
  push(chunk: Uint8Array): Uint8Array[] {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#wanted) return [];
    return this.#takeWhole(Buffer.concat(this.#chunks));
  }

  #takeWhole(bytes: Uint8Array): Uint8Array[] {
    const messages: Uint8Array[] = [];
    let at = 0;
    this.#wanted = 0;
    for (;;) {
      const colon = bytes.indexOf(COLON, at);
      if (colon < 0) {
        if (bytes.length - at > LONGEST_PREFIX) throw new Error("netstring without a length");
        break;
      }
      const digits = Buffer.from(bytes.subarray(at, colon)).toString("latin1");
      if (!/^\d{1,9}$/.test(digits)) throw new Error(`netstring with the length "${digits}"`);
      const end = colon + 1 + Number(digits);
      if (end >= bytes.length) {
        this.#wanted = end + 1 - at;
        break;
      }
      if (bytes[end] !== COMMA) throw new Error("netstring without its final comma");
      messages.push(bytes.subarray(colon + 1, end));
      at = end + 1;
    }
    this.#chunks = [bytes.subarray(at)];
    this.#length = bytes.length - at;
    return messages;
  }
}
