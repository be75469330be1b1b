import { equalBytes } from "../encoding/bytes.ts";
import type { Storage } from "../platform.ts";
import type { LeaseStore, LeaseWitness, WitnessedRange } from "./lease-store.ts";

/** Names in a node's journal are short, and eight bytes tell the few keys of a node apart. */
const NAME_LENGTH = 16;
const RANGE_LENGTH = 24;

/**
 * Leases in a node's storage. It has one writer, the node, and its values are atomic and durable,
 * which is all that a lease store promises.
 */
export class StorageLeaseStore implements LeaseStore {
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  async read(keyId: string): Promise<Uint8Array | undefined> {
    return this.#storage.get(recordName(keyId));
  }

  async replace(
    keyId: string,
    expected: Uint8Array | undefined,
    next: Uint8Array,
  ): Promise<boolean> {
    // Nothing is awaited between the two: no other reservation of this node comes between.
    const current = this.#storage.get(recordName(keyId));
    if (!isSameRecord(current, expected)) return false;
    this.#storage.set(recordName(keyId), next);
    return true;
  }

  async putEntry(keyId: string, place: number, entry: Uint8Array): Promise<void> {
    this.#storage.set(entryName(keyId, place), entry);
  }

  async entry(keyId: string, place: number): Promise<Uint8Array | undefined> {
    return this.#storage.get(entryName(keyId, place));
  }
}

/** A witness in a storage; it must be another one than the store's to be of any use. */
export class StorageLeaseWitness implements LeaseWitness {
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  async read(keyId: string): Promise<readonly WitnessedRange[]> {
    return decodeRanges(this.#storage.get(witnessName(keyId)) ?? new Uint8Array(0));
  }

  async raise(keyId: string, range: WitnessedRange): Promise<void> {
    const bytes = encodeRanges(raised(await this.read(keyId), range));
    this.#storage.set(witnessName(keyId), bytes);
  }
}

/** The ranges with one of them moved on: `next` up, `end` down, never back. */
export function raised(
  ranges: readonly WitnessedRange[],
  { first, end, next }: WitnessedRange,
): WitnessedRange[] {
  const others = ranges.filter((range) => range.first !== first);
  const known = ranges.find((range) => range.first === first) ?? { end, next };
  return [...others, { first, end: Math.min(end, known.end), next: Math.max(next, known.next) }];
}

/** Three numbers of 8 bytes for each range. */
export function encodeRanges(ranges: readonly WitnessedRange[]): Uint8Array {
  const bytes = new Uint8Array(RANGE_LENGTH * ranges.length);
  const view = new DataView(bytes.buffer);
  ranges.forEach(({ first, end, next }, i) => {
    [first, end, next].forEach((value, k) => {
      view.setUint32(RANGE_LENGTH * i + 8 * k, Math.floor(value / 2 ** 32));
      view.setUint32(RANGE_LENGTH * i + 8 * k + 4, value % 2 ** 32);
    });
  });
  return bytes;
}

export function decodeRanges(bytes: Uint8Array): WitnessedRange[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const number = (at: number) => view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4);
  return Array.from({ length: Math.floor(bytes.length / RANGE_LENGTH) }, (_, i) => {
    const at = RANGE_LENGTH * i;
    return { first: number(at), end: number(at + 8), next: number(at + 16) };
  });
}

/** Whether two records are the same bytes, or both absent. */
export function isSameRecord(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return equalBytes(a, b);
}

const recordName = (keyId: string) => `lease/${keyId.slice(0, NAME_LENGTH)}`;
const entryName = (keyId: string, place: number) => `${recordName(keyId)}/${place}`;
const witnessName = (keyId: string) => `seen/${keyId.slice(0, NAME_LENGTH)}`;
