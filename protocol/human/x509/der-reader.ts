import type { ErrorCode } from "../../error-codes.ts";
import { LatchkeyError } from "../../errors.ts";
import { TAG } from "./der.ts";

/**
 * Reads DER (X.690) front to back: definite lengths in their shortest form only, so that one
 * value has one encoding. Never recurses; gives views into the input, never copies.
 */
export class DerReader {
  readonly #bytes: Uint8Array;
  readonly #code: ErrorCode;
  #at = 0;

  /** `code` is what its errors carry. */
  constructor(bytes: Uint8Array, code: ErrorCode) {
    this.#bytes = bytes;
    this.#code = code;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** The tag of what comes next; -1 at the end. */
  get tag(): number {
    return this.#bytes[this.#at] ?? -1;
  }

  fail(what: string): LatchkeyError {
    return new LatchkeyError(this.#code, { message: `DER: ${what}.` });
  }

  #header(): { start: number; end: number } {
    const first = this.#bytes[this.#at + 1];
    if (first === undefined) throw this.fail("cut off");
    let start = this.#at + 2;
    let length = first;
    if (first >= 0x80) {
      const size = first & 0x7f;
      // 64 KiB is far beyond what the callers let in; zero is the indefinite form of BER.
      if (size === 0 || size > 2) throw this.fail("a length that is not DER, or too large");
      length = 0;
      for (let i = 0; i < size; i++) length = length * 256 + (this.#bytes[start++] ?? 0);
      if (length < 0x80 || (size === 2 && length < 0x100)) throw this.fail("a length too long");
    }
    const end = start + length;
    if (end > this.#bytes.length) throw this.fail("cut off");
    return { start, end };
  }

  #take(tag: number, whole: boolean): Uint8Array {
    if (this.tag !== tag) throw this.fail(`expected tag ${tag}, found ${this.tag}`);
    const { start, end } = this.#header();
    const bytes = this.#bytes.subarray(whole ? this.#at : start, end);
    this.#at = end;
    return bytes;
  }

  /** The content of the next element, which must have that tag. */
  content(tag: number): Uint8Array {
    return this.#take(tag, false);
  }

  /** The next element with its tag and length. */
  whole(tag: number): Uint8Array {
    return this.#take(tag, true);
  }

  /** A reader of the next element's content. */
  inside(tag: number = TAG.sequence): DerReader {
    return new DerReader(this.content(tag), this.#code);
  }

  /** The same if the next element has that tag, else `undefined`. */
  optional(tag: number): DerReader | undefined {
    return this.tag === tag ? this.inside(tag) : undefined;
  }

  /** The value of a non-negative INTEGER, big-endian without its sign byte; at most 20 bytes. */
  unsigned(): Uint8Array {
    const bytes = this.content(TAG.integer);
    const [first, second] = bytes;
    if (first === undefined || first >= 0x80) throw this.fail("a negative or empty number");
    const padded = first === 0 && bytes.length > 1;
    if (padded && second! < 0x80) throw this.fail("a number with needless zeros");
    return padded ? bytes.subarray(1) : bytes;
  }

  /** A non-negative INTEGER below 2^31. */
  small(): number {
    const bytes = this.unsigned();
    if (bytes.length > 4) throw this.fail("a number too large");
    const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    if (value >= 0x80000000) throw this.fail("a number too large");
    return value;
  }

  /** BOOLEAN; DER knows one spelling of true. */
  boolean(): boolean {
    const bytes = this.content(TAG.boolean);
    if (bytes.length !== 1 || (bytes[0] !== 0 && bytes[0] !== 0xff)) throw this.fail("a boolean");
    return bytes[0] === 0xff;
  }

  /** BIT STRING of whole bytes. */
  bits(): Uint8Array {
    const bytes = this.content(TAG.bitString);
    if (bytes[0] !== 0) throw this.fail("a bit string of broken bytes");
    return bytes.subarray(1);
  }

  /** A reader of other bytes, whose errors carry the same code. */
  of(bytes: Uint8Array): DerReader {
    return new DerReader(bytes, this.#code);
  }

  /** Nothing may follow. */
  end(): void {
    if (!this.atEnd) throw this.fail("bytes after the end");
  }
}
