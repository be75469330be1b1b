import { equalBytes } from "../../protocol/encoding/bytes.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { Flash } from "../platform.ts";
import type { LogOwner, LogPosition, LogStatistics } from "./log-owner.ts";
import {
  claimedPages,
  decodeCheckpoint,
  decodeRecord,
  decodeSectorHeader,
  encodeCheckpoint,
  encodeRecord,
  encodeSectorHeader,
  isErased,
  type JournalRecord,
  recordPages,
  recordRoom,
  type SectorPurpose,
} from "./page.ts";

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
  readonly #flash: Flash;
  readonly #owner: LogOwner;
  readonly #sectors: number;
  readonly #spares: number;
  /** Data pages are 1 … #checkpointPage - 1. */
  readonly #checkpointPage: number;
  /** Live sectors by number, oldest first; the last one is the head. */
  #live: OpenSector[] = [];
  readonly #bad = new Set<number>();
  #nextNumber = 1;
  #sequence = 0;
  #damagedPages = 0;
  #compactions = 0;

  /** Reads the whole region. @throws storage-failed when it is too small for the scheme. */
  constructor(flash: Flash, owner: LogOwner) {
    this.#flash = flash;
    this.#owner = owner;
    this.#sectors = Math.floor(flash.sizeBytes / flash.sectorBytes);
    this.#checkpointPage = flash.sectorBytes / flash.pageBytes - 1;
    // With room for it, a second spare lets compaction survive a worn-out sector.
    this.#spares = this.#sectors >= 6 ? 2 : 1;
    if (this.#sectors < 3 || this.#checkpointPage < 2 * RECORD_PAGES_MAX)
      throw new LatchkeyError("storage-failed", { message: "The flash region is too small." });
    this.#mount();
  }

  /** Room for live records. Compaction can always make room for one more up to this. */
  get capacityPages(): number {
    const worstPerSector = this.#checkpointPage - 1 - (RECORD_PAGES_MAX - 1);
    return (this.#sectors - this.#spares - 1) * worstPerSector;
  }

  get statistics(): LogStatistics {
    return {
      sectors: this.#sectors,
      freeSectors: this.#free().length,
      badSectors: this.#bad.size,
      damagedPages: this.#damagedPages,
      compactions: this.#compactions,
    };
  }

  /** Key and value bytes that the longest record can hold. */
  get recordBytesMax(): number {
    return recordRoom(RECORD_PAGES_MAX, this.#flash.pageBytes);
  }

  pagesOf(contentBytes: number): number {
    return recordPages(contentBytes, this.#flash.pageBytes);
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
      const at = this.#place(head, encodeRecord(record, this.#flash.pageBytes));
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
    const { pageBytes } = this.#flash;
    const bytes = this.#flash.read(this.#offset(at.sector, at.page), at.pages * pageBytes);
    const record = decodeRecord(bytes, pageBytes);
    if (record === undefined) throw new LatchkeyError("storage-corrupt");
    return record;
  }

  #offset(sector: number, page: number): number {
    return sector * this.#flash.sectorBytes + page * this.#flash.pageBytes;
  }

  #page(sector: number, page: number): Uint8Array {
    return this.#flash.read(this.#offset(sector, page), this.#flash.pageBytes);
  }

  #mount(): void {
    const found: OpenSector[] = [];
    let floor = 0;
    for (let index = 0; index < this.#sectors; index++) {
      const header = decodeSectorHeader(this.#page(index, 0));
      if (header === undefined) continue;
      this.#nextNumber = Math.max(this.#nextNumber, header.number + 1);
      const checkpoint = decodeCheckpoint(this.#page(index, this.#checkpointPage), header.number);
      if (header.purpose === "target" && checkpoint === undefined) continue;
      floor = Math.max(floor, checkpoint ?? 0);
      found.push({ index, number: header.number, nextPage: 1 });
    }
    this.#live = found.filter((sector) => sector.number >= floor);
    this.#live.sort((a, b) => a.number - b.number);
    for (const sector of this.#live) {
      for (const [record, at] of this.#scan(sector.index)) {
        this.#sequence = Math.max(this.#sequence, record.sequence);
        this.#owner.found(record, at);
      }
      sector.nextPage = this.#firstUnused(sector.index);
    }
  }

  /** Behind the last page with anything in it: torn pages are never programmed again. */
  #firstUnused(index: number): number {
    let page = this.#checkpointPage;
    while (page > 1 && isErased(this.#page(index, page - 1))) page--;
    return page;
  }

  /** The whole records of a sector, in order. */
  #scan(index: number): [JournalRecord, LogPosition][] {
    const records: [JournalRecord, LogPosition][] = [];
    for (let page = 1; page < this.#checkpointPage; ) {
      const first = this.#page(index, page);
      const pages = claimedPages(first);
      const whole = pages > 0 && page + pages <= this.#checkpointPage;
      const bytes = whole
        ? this.#flash.read(this.#offset(index, page), pages * first.length)
        : first;
      const record = whole ? decodeRecord(bytes, first.length) : undefined;
      if (record !== undefined) records.push([record, { sector: index, page, pages }]);
      else if (!isErased(first)) this.#damagedPages++;
      page += record === undefined ? 1 : pages;
    }
    return records;
  }

  #free(): number[] {
    const free: number[] = [];
    const start = this.#live.at(-1)?.index ?? -1;
    for (let step = 1; step <= this.#sectors; step++) {
      const index = (start + step) % this.#sectors;
      if (this.#bad.has(index) || this.#live.some((sector) => sector.index === index)) continue;
      free.push(index);
    }
    return free;
  }

  /** A head with room for `pages` more, opening or compacting sectors as needed. */
  #roomFor(pages: number): OpenSector {
    for (let turn = 0; turn <= 2 * this.#sectors; turn++) {
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
      const header = encodeSectorHeader({ purpose, number }, this.#flash.pageBytes);
      // Erased even when it looks blank: a torn erase can leave bits that read as erased today.
      this.#flash.erase(this.#offset(index, 0));
      const blank = isErased(this.#flash.read(this.#offset(index, 0), this.#flash.sectorBytes));
      if (blank && this.#program(index, 0, header)) return { index, number, nextPage: 1 };
      this.#bad.add(index);
    }
    return undefined;
  }

  /** Programs and reads back. */
  #program(sector: number, page: number, data: Uint8Array): boolean {
    const offset = this.#offset(sector, page);
    this.#flash.program(offset, data);
    return equalBytes(this.#flash.read(offset, data.length), data);
  }

  #place(head: OpenSector, data: Uint8Array): LogPosition | undefined {
    const pages = data.length / this.#flash.pageBytes;
    const at = { sector: head.index, page: head.nextPage, pages };
    // Before the attempt: whatever comes of it, these pages are used.
    head.nextPage += pages;
    return this.#program(head.index, at.page, data) ? at : undefined;
  }

  #compactOldest(): void {
    const source = this.#live[0];
    if (source === undefined || this.#live.length < 2) throw full();
    const target = this.#open("target", this.#free());
    if (target === undefined)
      throw new LatchkeyError("storage-failed", { message: "No spare sector can be opened." });
    const moves: [JournalRecord, LogPosition, LogPosition][] = [];
    for (const [record, from] of this.#scan(source.index)) {
      if (!this.#owner.isLive(record, from)) continue;
      const data = encodeRecord(record, this.#flash.pageBytes);
      const fits = target.nextPage + from.pages <= this.#checkpointPage;
      const to = fits ? this.#place(target, data) : undefined;
      if (to === undefined) this.#abandon(target);
      else moves.push([record, from, to]);
    }
    const { pageBytes } = this.#flash;
    const checkpoint = encodeCheckpoint(source.number + 1, target.number, pageBytes);
    if (!this.#program(target.index, this.#checkpointPage, checkpoint)) this.#abandon(target);
    // From here on the old sector is dead, on flash and here.
    this.#live.shift();
    this.#live.push(target);
    this.#compactions++;
    for (const [record, from, to] of moves) this.#owner.moved(record, from, to);
  }

  /** A target that does not hold its data: nothing is lost, the source is still whole. */
  #abandon(target: OpenSector): never {
    this.#bad.add(target.index);
    throw new LatchkeyError("storage-failed", { message: "A flash sector is worn out." });
  }
}

function full(): LatchkeyError {
  return new LatchkeyError("storage-full");
}
