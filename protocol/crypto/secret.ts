import { malformed } from "../errors.ts";

const REDACTED = "[secret]";

/**
 * Key material. It cannot be printed, logged or serialised by accident: every way in which
 * JavaScript turns an object into text gives `[secret]`. The bytes come out through
 * `bytes` only, so that a search for it finds every place that touches a key.
 */
export class Secret {
  readonly #bytes: Uint8Array;
  #wiped = false;

  /** Takes the array over: the caller must not keep it. `length` is checked when given. */
  constructor(bytes: Uint8Array, length?: number, field = "secret") {
    if (length !== undefined && bytes.length !== length)
      throw malformed(field, `must have ${length} bytes, has ${bytes.length}`);
    this.#bytes = bytes;
  }

  get length(): number {
    return this.#bytes.length;
  }

  /** The bytes themselves, not a copy. Throws once they are wiped (a programming error). */
  get bytes(): Uint8Array {
    if (this.#wiped) throw new TypeError("secret was wiped");
    return this.#bytes;
  }

  /** Overwrites the bytes. Further use throws. */
  wipe(): void {
    this.#bytes.fill(0);
    this.#wiped = true;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  get [Symbol.toStringTag](): string {
    return REDACTED;
  }
}
