import { equalBytes } from "../../protocol/encoding/bytes.ts";
import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";
import type { Flash } from "../platform.ts";
import type { LogPosition } from "./log-owner.ts";
import { claimedPages, decodeRecord, isErased, type JournalRecord } from "./page.ts";

export interface SectorScan {
  /** The whole records, in order. */
  readonly records: readonly (readonly [JournalRecord, LogPosition])[];
  /** Pages that hold something, but no whole record. */
  readonly damagedPages: number;
}

/**
 * Flash as sectors of pages that are checked: what is written is read back, what is erased is
 * looked through, and what fails is remembered as bad until the next boot. Every log in flash
 * stands on this.
 */
export class Sectors {
  /** How many sectors there are. */
  readonly count: number;
  /** Pages of a sector. */
  readonly pages: number;
  readonly pageBytes: number;
  /** Sectors that failed an erase or a program since boot. */
  readonly bad = new Set<number>();
  readonly #flash: Flash;

  constructor(flash: Flash) {
    this.#flash = flash;
    this.count = Math.floor(flash.sizeBytes / flash.sectorBytes);
    this.pages = flash.sectorBytes / flash.pageBytes;
    this.pageBytes = flash.pageBytes;
  }

  /** `length` bytes from the beginning of a page on; the page if not told. */
  read(sector: number, page: number, length = this.pageBytes): Uint8Array {
    return this.#flash.read(this.#offset(sector, page), length);
  }

  /** Whether one look said that all of it is blank; false too where one look cannot tell. */
  looksBlank(sector: number): boolean {
    return this.#flash.isErased?.(this.#offset(sector, 0), this.pages * this.pageBytes) === true;
  }

  isErased(sector: number, page: number, pages: number): boolean {
    return this.#isErased(this.#offset(sector, page), pages * this.pageBytes);
  }

  /** Programs and reads back: whether the flash holds it. */
  program(sector: number, page: number, data: Uint8Array): boolean {
    const offset = this.#offset(sector, page);
    if (!took(() => this.#flash.program(offset, data))) return false;
    return equalBytes(this.#flash.read(offset, data.length), data);
  }

  /**
   * Whether the sector is blank now; if not, it is bad. Erased even when it looks blank before: a
   * torn erase can leave bits that read as erased today.
   */
  erase(sector: number): boolean {
    const erased = took(() => this.#flash.erase(this.#offset(sector, 0)));
    if (erased && this.isErased(sector, 0, this.pages)) return true;
    this.bad.add(sector);
    return false;
  }

  /**
   * Takes what is in a sector away for good: by erasing it, or, where it does not erase any more,
   * by clearing every bit. Whether one of the two worked.
   */
  destroy(sector: number): boolean {
    if (this.erase(sector)) return true;
    const zeros = new Uint8Array(this.pageBytes);
    let gone = true;
    for (let page = 0; page < this.pages; page++) {
      if (!this.program(sector, page, zeros)) gone = false;
    }
    return gone;
  }

  /** The record at a position where one was found before. @throws storage-corrupt */
  record(at: LogPosition): JournalRecord {
    const bytes = this.read(at.sector, at.page, at.pages * this.pageBytes);
    const record = decodeRecord(bytes, this.pageBytes);
    if (record === undefined) throw new LatchkeyError("storage-corrupt");
    return record;
  }

  /** Looks through pages 1 … `end` - 1. */
  scan(sector: number, end: number): SectorScan {
    const records: [JournalRecord, LogPosition][] = [];
    let damagedPages = 0;
    for (let page = 1; page < end; ) {
      const first = this.read(sector, page);
      const pages = claimedPages(first);
      const whole = pages > 0 && page + pages <= end;
      const bytes = pages > 1 && whole ? this.read(sector, page, pages * this.pageBytes) : first;
      const record = whole ? decodeRecord(bytes, this.pageBytes) : undefined;
      if (record !== undefined) records.push([record, { sector, page, pages }]);
      else if (!isErased(first)) damagedPages++;
      page += record === undefined ? 1 : pages;
    }
    return { records, damagedPages };
  }

  /**
   * Behind the last page before `end` with anything in its first `probeBytes`: torn pages are
   * never programmed again.
   */
  firstUnused(sector: number, end: number, probeBytes = this.pageBytes): number {
    let page = end;
    const { pageBytes } = this;
    const start = this.#offset(sector, 1);
    // Most sectors that are asked about are blank, and one look is enough where it is quick.
    if (this.#flash.isErased?.(start, (end - 1) * pageBytes) === true) return 1;
    while (page > 1 && this.#isErased(start + (page - 2) * pageBytes, probeBytes)) page--;
    return page;
  }

  #isErased(offset: number, length: number): boolean {
    return this.#flash.isErased?.(offset, length) ?? isErased(this.#flash.read(offset, length));
  }

  #offset(sector: number, page: number): number {
    return (sector * this.pages + page) * this.pageBytes;
  }
}

/** Whether the flash took an operation, for what wears out; a power cut goes on its way. */
function took(operation: () => void): boolean {
  try {
    operation();
    return true;
  } catch (error) {
    if (isLatchkeyError(error, "storage-failed")) return false;
    throw error;
  }
}
