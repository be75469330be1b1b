import { LatchkeyError } from "../../protocol/errors.ts";

/** Reads little-endian values one after the other. Whatever is not there is `storage-corrupt`. */
export class ByteCursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  uint8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  float64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  bytes(length: number): Uint8Array {
    const from = this.#take(length);
    return this.#bytes.slice(from, from + length);
  }

  /** Nothing may be left. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw this.corrupt();
  }

  corrupt(): LatchkeyError {
    return new LatchkeyError("storage-corrupt", { detail: { at: this.#at } });
  }

  #take(length: number): number {
    const from = this.#at;
    if (length > this.#bytes.length - from) throw this.corrupt();
    this.#at += length;
    return from;
  }
}
