import { equalBytes } from "../../protocol/encoding/bytes.ts";
import { fromUtf8, toUtf8 } from "../../protocol/encoding/utf8.ts";
import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";
import type { Storage } from "../../protocol/platform.ts";
import type { Flash } from "../platform.ts";
import type { LogOwner, LogPosition, LogStatistics } from "./log-owner.ts";
import type { JournalRecord } from "./page.ts";
import { SectorLog } from "./sector-log.ts";

/** Record types. A number is never reused: flash written by older firmware stays readable. */
const TYPE_VALUE = 1;
const TYPE_DELETED = 2;

const KEY_BYTES_MAX = 64;

interface Entry {
  readonly sequence: number;
  /** Absent for a deletion, which is remembered while older values may still be found. */
  at?: LogPosition;
}

/** The latest record of every key, as the log tells it. */
class Index implements LogOwner {
  readonly entries = new Map<string, Entry>();
  #livePages = 0;

  livePages(): number {
    return this.#livePages;
  }

  found(record: JournalRecord, at: LogPosition): void {
    if (record.type !== TYPE_VALUE && record.type !== TYPE_DELETED) return;
    const key = keyOf(record);
    if (key === undefined) return;
    const known = this.entries.get(key);
    // An equal sequence is a copy made by compaction, in a newer sector: the one to keep.
    if (known !== undefined && known.sequence > record.sequence) return;
    this.#livePages -= known?.at?.pages ?? 0;
    const deleted = record.type === TYPE_DELETED;
    this.entries.set(key, { sequence: record.sequence, ...(deleted ? {} : { at }) });
    if (!deleted) this.#livePages += at.pages;
  }

  isLive(record: JournalRecord, at: LogPosition): boolean {
    const key = keyOf(record);
    const known = key === undefined ? undefined : this.entries.get(key)?.at;
    // A deletion never is: compaction takes the oldest sector first, so that whatever it
    // deleted stood there or in a sector that is dead already.
    return known?.sector === at.sector && known.page === at.page;
  }

  moved(record: JournalRecord, _from: LogPosition, to: LogPosition): void {
    const key = keyOf(record);
    const entry = key === undefined ? undefined : this.entries.get(key);
    if (entry !== undefined) entry.at = to;
  }
}

function keyOf(record: JournalRecord): string | undefined {
  try {
    return fromUtf8(record.key);
  } catch (error) {
    if (isLatchkeyError(error)) return undefined;
    throw error;
  }
}

/**
 * Named values in flash. Every `set` and `delete` is atomic: after a power cut at any moment the
 * old or the new value is there, whole, and no other value is touched (docs/firmware.md).
 * @example const storage = new Journal(platform.flash); storage.set("node.key", seed);
 */
export class Journal implements Storage {
  readonly #index = new Index();
  readonly #log: SectorLog;

  /** Reads the region and recovers from whatever a power cut left. */
  constructor(flash: Flash) {
    this.#log = new SectorLog(flash, this.#index);
  }

  get statistics(): LogStatistics & { readonly livePages: number; readonly capacityPages: number } {
    return {
      ...this.#log.statistics,
      livePages: this.#index.livePages(),
      capacityPages: this.#log.capacityPages,
    };
  }

  get(key: string): Uint8Array | undefined {
    const entry = this.#index.entries.get(key);
    if (entry?.at === undefined) return undefined;
    const record = this.#log.read(entry.at);
    // Compaction leaves a damaged record behind, and something else may stand in its place now.
    if (keyOf(record) !== key || record.sequence !== entry.sequence)
      throw new LatchkeyError("storage-corrupt");
    return record.value;
  }

  set(key: string, value: Uint8Array): void {
    const name = checkedKey(key);
    if (name.length + value.length > this.#log.recordBytesMax)
      throw new LatchkeyError("storage-full", { message: `The value of ${key} is too long.` });
    // What is there already costs no wear.
    if (this.#holds(key, value)) return;
    const freed = this.#index.entries.get(key)?.at?.pages ?? 0;
    const [record, at] = this.#log.append(TYPE_VALUE, name, value, freed);
    this.#index.found(record, at);
  }

  delete(key: string): void {
    const known = this.#index.entries.get(key)?.at;
    if (known === undefined) return;
    const nothing = new Uint8Array(0);
    const name = checkedKey(key);
    const [record, at] = this.#log.append(TYPE_DELETED, name, nothing, known.pages);
    this.#index.found(record, at);
  }

  /**
   * Makes room for the next `set`, which then takes about a millisecond instead of an erase's
   * fifty: called while nobody waits. @throws storage-full, storage-failed
   */
  prepare(): void {
    this.#log.prepare();
  }

  /**
   * Destroys all values. `mark` is a value that says so and is the last to go: while it is there,
   * call this again. Afterwards this object is of no use; open another.
   * @param onSector called after each sector, some 50 ms apart
   * @returns how many sectors could not be destroyed
   * @throws storage-full, storage-failed when the mark cannot be written: nothing is lost then
   */
  destroy(mark: string, onSector: () => void): number {
    this.set(mark, Uint8Array.of(0));
    for (const key of this.keys()) if (key !== mark) this.delete(key);
    // Until the newest sector has nothing but the mark in it: it is erased last, and a torn erase
    // may leave it readable.
    for (let i = 1; i <= 2 * this.#log.pagesPerSector; i++) this.set(mark, Uint8Array.of(i));
    this.#index.entries.clear();
    return this.#log.destroy(onSector);
  }

  /** Position of a value's record in the order in which all were written; 0 without one. */
  sequence(key: string): number {
    const entry = this.#index.entries.get(key);
    return entry?.at === undefined ? 0 : entry.sequence;
  }

  keys(): string[] {
    const keys: string[] = [];
    for (const [key, entry] of this.#index.entries) if (entry.at !== undefined) keys.push(key);
    return keys.sort();
  }

  #holds(key: string, value: Uint8Array): boolean {
    try {
      const held = this.get(key);
      return held !== undefined && equalBytes(held, value);
    } catch (error) {
      // A damaged value is there to be replaced.
      if (isLatchkeyError(error, "storage-corrupt")) return false;
      throw error;
    }
  }
}

function checkedKey(key: string): Uint8Array {
  const name = toUtf8(key);
  if (name.length < 1 || name.length > KEY_BYTES_MAX)
    throw new RangeError(`a key has 1 to ${KEY_BYTES_MAX} bytes`);
  return name;
}
