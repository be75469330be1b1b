import { LatchkeyError } from "../../errors.ts";
import type { Random } from "../../platform.ts";

/** Bits of one status (Token Status List §4.1). */
export type StatusBits = 1 | 2 | 4 | 8;

/** Meanings of a status of Token Status List §7.1. */
export const STATUS = Object.freeze({ valid: 0, invalid: 1, suspended: 2 });

/** Entries that a list has at least, so that an index hides in a crowd (W3C Bitstring §6.1). */
export const ENTRIES_MIN = 131_072;

/**
 * Statuses side by side, the first in the lowest bits of the first byte (Token Status List §4.1).
 * W3C's list counts from the highest bit: see `mirrorBits`.
 */
export class StatusArray {
  readonly bits: StatusBits;
  readonly bytes: Uint8Array;

  /** Takes the bytes over. */
  constructor(bits: StatusBits, bytes: Uint8Array) {
    this.bits = bits;
    this.bytes = bytes;
  }

  /** A list of valid entries; their number is rounded up to whole bytes. */
  static ofSize(bits: StatusBits, entries: number): StatusArray {
    return new StatusArray(bits, new Uint8Array(Math.ceil((entries * bits) / 8)));
  }

  get length(): number {
    return (this.bytes.length * 8) / this.bits;
  }

  /** @throws status-index-invalid: beyond the end there is no status, and no "valid" either */
  get(index: number): number {
    const { at, shift, mask } = this.#place(index);
    return (this.bytes[at]! >> shift) & mask;
  }

  /** Changes the list in place. @throws status-index-invalid */
  set(index: number, status: number): void {
    const { at, shift, mask } = this.#place(index);
    if (!Number.isInteger(status) || status < 0 || status > mask)
      throw new RangeError(`status: ${status} does not fit ${this.bits} bits`);
    this.bytes[at] = (this.bytes[at]! & ~(mask << shift)) | (status << shift);
  }

  #place(index: number): { at: number; shift: number; mask: number } {
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.length)
      throw new LatchkeyError("status-index-invalid");
    const bit = index * this.bits;
    return { at: Math.floor(bit / 8), shift: bit % 8, mask: (1 << this.bits) - 1 };
  }
}

/** Every byte's bits in reverse: from one standard's order to the other's. A fresh array. */
export function mirrorBits(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => {
    let mirrored = 0;
    for (let bit = 0; bit < 8; bit++) mirrored |= ((byte >> bit) & 1) << (7 - bit);
    return mirrored;
  });
}

/**
 * A free index of a list, at random: a rising one would tell when a credential was issued and
 * which belong together. `taken` says which are in use.
 * @throws storage-full when half of the list is in use, from where on guessing takes too long
 */
export function allocateIndex(
  random: Random,
  entries: number,
  taken: { has(index: number): boolean; readonly size: number },
): number {
  if (taken.size * 2 >= entries) throw new LatchkeyError("storage-full");
  for (;;) {
    const [a = 0, b = 0, c = 0, d = 0] = random.bytes(4);
    const index = a * 0x1000000 + ((b << 16) | (c << 8) | d);
    // Values of an incomplete last round would make low indices likelier.
    if (index < 0x100000000 - (0x100000000 % entries) && !taken.has(index % entries))
      return index % entries;
  }
}
