import { LatchkeyError } from "../../protocol/errors.ts";
import { isErased } from "../journal/page.ts";
import { Sectors } from "../journal/sectors.ts";
import type { Flash } from "../platform.ts";
import {
  BOOT_RECORD_BYTES,
  type BootState,
  decodeBootState,
  encodeBootState,
} from "./boot-state.ts";

/** Sectors for the state: one that is written, one to go on in, one in case that another fails. */
export const BOOT_SECTORS = 3;

/**
 * The boot state in flash: whole records one after the other, the one with the highest number
 * counts. Simpler than the journal, because boot code has to read and to write it too. A power cut
 * leaves the state before or the one after; a sector is erased only when the newest record stands
 * in another.
 */
export class BootLog {
  readonly #sectors: Sectors;
  /** Records of a sector, and pages of a record. */
  readonly #records: number;
  readonly #pages: number;
  #state: BootState | undefined;
  #sequence = 0;
  #sector = -1;
  /** Place of the next record in {@link #sector}. */
  #next = 0;
  /** Found when it was opened: the highest number, and records that are not whole. */
  #newestSequence = 0;
  #torn = 0;

  constructor(flash: Flash) {
    this.#sectors = new Sectors(flash);
    this.#pages = Math.ceil(BOOT_RECORD_BYTES / flash.pageBytes);
    this.#records = Math.floor(this.#sectors.pages / this.#pages);
    for (let sector = 0; sector < this.#sectors.count; sector++) this.#scan(sector);
  }

  /** `undefined` on a node that was never updated. */
  get state(): BootState | undefined {
    return this.#state;
  }

  /** Durable when it returns. @throws storage-failed when no sector takes it any more */
  write(state: BootState): void {
    for (let sector = this.#sector, tries = 0; tries <= this.#sectors.count; tries++) {
      if (sector >= 0 && this.#append(sector, state)) return;
      sector = this.#fresh(sector);
    }
    throw new LatchkeyError("storage-failed", { message: "the boot state cannot be written" });
  }

  /** The next sector, erased even if it looks blank: a torn erase can look so today. */
  #fresh(after: number): number {
    const { count } = this.#sectors;
    for (let step = 1; step <= count; step++) {
      const sector = (after + step + count) % count;
      // Never the one with the newest record in it.
      if (sector === this.#sector || this.#sectors.bad.has(sector)) continue;
      if (this.#sectors.erase(sector)) return sector;
    }
    throw new LatchkeyError("storage-failed", { message: "no sector for the boot state is left" });
  }

  #append(sector: number, state: BootState): boolean {
    const first = sector === this.#sector ? this.#next : 0;
    for (let place = first; place < this.#records; place++) {
      const bytes = new Uint8Array(this.#pages * this.#sectors.pageBytes).fill(0xff);
      bytes.set(encodeBootState(state, this.#sequence + 1));
      if (!this.#sectors.program(sector, place * this.#pages, bytes)) continue;
      this.#sequence++;
      this.#state = state;
      this.#sector = sector;
      this.#next = place + 1;
      return true;
    }
    return false;
  }

  #scan(sector: number): void {
    let torn = 0;
    let used = 0;
    let newest = false;
    for (let place = 0; place < this.#records; place++) {
      const bytes = this.#sectors.read(sector, place * this.#pages, BOOT_RECORD_BYTES);
      if (isErased(bytes)) continue;
      used = place + 1;
      const record = decodeBootState(bytes);
      if (record === undefined) torn++;
      else if (this.#state === undefined || record.sequence > this.#newestSequence) {
        this.#state = record.state;
        this.#newestSequence = record.sequence;
        this.#sector = sector;
        newest = true;
      }
    }
    if (newest) this.#next = used;
    this.#torn += torn;
    // A torn record can be whole at another reading, so its number is not given again.
    this.#sequence = this.#newestSequence + this.#torn;
  }
}
