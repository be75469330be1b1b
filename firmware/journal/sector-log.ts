import { LatchkeyError } from "../../protocol/errors.ts";
import type { Flash } from "../platform.ts";
import type { LogOwner, LogPosition, LogStatistics } from "./log-owner.ts";
import {
  decodeCheckpoint,
  decodeSectorHeader,
  encodeCheckpoint,
  encodeRecord,
  encodeSectorHeader,
  type JournalRecord,
  recordPages,
  recordRoom,
  type SectorPurpose,
} from "./page.ts";
import { Sectors } from "./sectors.ts";

interface OpenSector {
  readonly index: number;
  readonly number: number;
  nextPage: number;
}

/** Longest record in pages. Bounds what fragmentation can waste. */
export const RECORD_PAGES_MAX = 4;
const PLACE_ATTEMPTS = 4;
const SEQUENCE_MAX = 0xffffffff;

/**
 * An append-only log of records over NOR flash that survives a power cut at any moment.
 *
 * Sectors are numbered in the order in which they were opened. New records go to the newest
 * (`head`). When only the spare sectors are left, the oldest sector is *compacted*: its live
 * records are copied into a spare (purpose `target`) and a checkpoint on the target's last page
 * declares everything up to the old sector dead. Until that page is whole, the target does not
 * exist; from then on, the old sector does not, even while an erase leaves half of it readable.
 * Taking the oldest first also spreads the wear evenly.
 *
 * What is written is read back; a page that does not hold its data is given up and the record
 * goes to the next one.
 */
export class SectorLog {
  readonly #sectors: Sectors;
  readonly #owner: LogOwner;
  readonly #spares: number;
  /** Data pages are 1 … #checkpointPage - 1. */
  readonly #checkpointPage: number;
  /** Live sectors by number, oldest first; the last one is the head. */
  #live: OpenSector[] = [];
  #nextNumber = 1;
  #sequence = 0;
  #damagedPages = 0;
  #compactions = 0;

  /** Reads the whole region. @throws storage-failed when it is too small for the scheme. */
  constructor(flash: Flash, owner: LogOwner) {
    this.#sectors = new Sectors(flash);
    this.#owner = owner;
    this.#checkpointPage = this.#sectors.pages - 1;
    // With room for it, a second spare lets compaction survive a worn-out sector.
    this.#spares = this.#sectors.count >= 6 ? 2 : 1;
    if (this.#sectors.count < 3 || this.#checkpointPage < 2 * RECORD_PAGES_MAX)
      throw new LatchkeyError("storage-failed", { message: "The flash region is too small." });
    this.#mount();
  }

  /** Room for live records. Compaction can always make room for one more up to this. */
  get capacityPages(): number {
    const worstPerSector = this.#checkpointPage - 1 - (RECORD_PAGES_MAX - 1);
    return (this.#sectors.count - this.#spares - 1) * worstPerSector;
  }

  get statistics(): LogStatistics {
    return {
      sectors: this.#sectors.count,
      freeSectors: this.#free().length,
      badSectors: this.#sectors.bad.size,
      damagedPages: this.#damagedPages,
      compactions: this.#compactions,
    };
  }

  /** Key and value bytes that the longest record can hold. */
  get recordBytesMax(): number {
    return recordRoom(RECORD_PAGES_MAX, this.#sectors.pageBytes);
  }

  pagesOf(contentBytes: number): number {
    return recordPages(contentBytes, this.#sectors.pageBytes);
  }

  /**
   * Appends a record; it is durable when this returns. `freedPages` is what becomes garbage by
   * it, so that a full log can still be overwritten and emptied.
   * @throws storage-full before anything is written; storage-failed when the flash does not take
   * it: the record then counts as not written.
   */
  append(
    type: number,
    key: Uint8Array,
    value: Uint8Array,
    freedPages = 0,
  ): [JournalRecord, LogPosition] {
    const pages = this.pagesOf(key.length + value.length);
    if (pages > RECORD_PAGES_MAX || this.#sequence >= SEQUENCE_MAX) throw full();
    if (this.#owner.livePages() - freedPages + pages > this.capacityPages) throw full();
    for (let attempt = 0; attempt < PLACE_ATTEMPTS; attempt++) {
      const head = this.#roomFor(pages);
      this.#sequence++;
      const record = { type, sequence: this.#sequence, key, value };
      const at = this.#place(head, encodeRecord(record, this.#sectors.pageBytes));
      if (at !== undefined) return [record, at];
    }
    throw new LatchkeyError("storage-failed");
  }

  /** Makes room for one more record of any length: later, appending it then erases nothing. */
  prepare(): void {
    this.#roomFor(RECORD_PAGES_MAX);
  }

  /** The record at a position that the owner was told. @throws storage-corrupt */
  read(at: LogPosition): JournalRecord {
    return this.#sectors.record(at);
  }

  #mount(): void {
    const found: OpenSector[] = [];
    let floor = 0;
    for (let index = 0; index < this.#sectors.count; index++) {
      const header = decodeSectorHeader(this.#sectors.read(index, 0));
      if (header === undefined || !isOfValues(header.purpose)) continue;
      this.#nextNumber = Math.max(this.#nextNumber, header.number + 1);
      const last = this.#sectors.read(index, this.#checkpointPage);
      const checkpoint = decodeCheckpoint(last, header.number);
      if (header.purpose === "target" && checkpoint === undefined) continue;
      floor = Math.max(floor, checkpoint ?? 0);
      found.push({ index, number: header.number, nextPage: 1 });
    }
    this.#live = found.filter((sector) => sector.number >= floor);
    this.#live.sort((a, b) => a.number - b.number);
    for (const sector of this.#live) {
      const { records, damagedPages } = this.#sectors.scan(sector.index, this.#checkpointPage);
      this.#damagedPages += damagedPages;
      for (const [record, at] of records) {
        this.#sequence = Math.max(this.#sequence, record.sequence);
        this.#owner.found(record, at);
      }
      sector.nextPage = this.#sectors.firstUnused(sector.index, this.#checkpointPage);
    }
  }

  #free(): number[] {
    const free: number[] = [];
    const start = this.#live.at(-1)?.index ?? -1;
    for (let step = 1; step <= this.#sectors.count; step++) {
      const index = (start + step) % this.#sectors.count;
      if (this.#sectors.bad.has(index) || this.#live.some((sector) => sector.index === index))
        continue;
      free.push(index);
    }
    return free;
  }

  /** A head with room for `pages` more, opening or compacting sectors as needed. */
  #roomFor(pages: number): OpenSector {
    for (let turn = 0; turn <= 2 * this.#sectors.count; turn++) {
      const head = this.#live.at(-1);
      if (head !== undefined && head.nextPage + pages <= this.#checkpointPage) return head;
      const openable = this.#free().slice(0, -this.#spares);
      const opened = this.#open("plain", openable);
      if (opened !== undefined) this.#live.push(opened);
      else this.#compactOldest();
    }
    throw full();
  }

  /** Erases and labels the first of the free sectors that will do. */
  #open(purpose: SectorPurpose, free: readonly number[]): OpenSector | undefined {
    for (const index of free) {
      const number = this.#nextNumber++;
      const header = encodeSectorHeader({ purpose, number }, this.#sectors.pageBytes);
      if (!this.#sectors.erase(index)) continue;
      if (this.#sectors.program(index, 0, header)) return { index, number, nextPage: 1 };
      this.#sectors.bad.add(index);
    }
    return undefined;
  }

  #place(head: OpenSector, data: Uint8Array): LogPosition | undefined {
    const pages = data.length / this.#sectors.pageBytes;
    const at = { sector: head.index, page: head.nextPage, pages };
    // Before the attempt: whatever comes of it, these pages are used.
    head.nextPage += pages;
    return this.#sectors.program(head.index, at.page, data) ? at : undefined;
  }

  #compactOldest(): void {
    const source = this.#live[0];
    const compactable = source !== undefined && this.#live.length >= 2;
    if (!compactable && this.#sectors.bad.size === 0) throw full();
    const target = compactable ? this.#open("target", this.#free()) : undefined;
    if (source === undefined || target === undefined)
      throw new LatchkeyError("storage-failed", { message: "No spare sector can be opened." });
    const moves: [JournalRecord, LogPosition, LogPosition][] = [];
    for (const [record, from] of this.#sectors.scan(source.index, this.#checkpointPage).records) {
      if (!this.#owner.isLive(record, from)) continue;
      const data = encodeRecord(record, this.#sectors.pageBytes);
      const fits = target.nextPage + from.pages <= this.#checkpointPage;
      const to = fits ? this.#place(target, data) : undefined;
      if (to === undefined) this.#abandon(target);
      else moves.push([record, from, to]);
    }
    const { pageBytes } = this.#sectors;
    const checkpoint = encodeCheckpoint(source.number + 1, target.number, pageBytes);
    if (!this.#sectors.program(target.index, this.#checkpointPage, checkpoint))
      this.#abandon(target);
    // From here on the old sector is dead, on flash and here.
    this.#live.shift();
    this.#live.push(target);
    this.#compactions++;
    for (const [record, from, to] of moves) this.#owner.moved(record, from, to);
  }

  /** A target that does not hold its data: nothing is lost, the source is still whole. */
  #abandon(target: OpenSector): never {
    this.#sectors.bad.add(target.index);
    throw new LatchkeyError("storage-failed", { message: "A flash sector is worn out." });
  }
}

function isOfValues(purpose: SectorPurpose): boolean {
  return purpose === "plain" || purpose === "target";
}

function full(): LatchkeyError {
  return new LatchkeyError("storage-full");
}
