import { equalBytes } from "../../protocol/encoding/bytes.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { isErased } from "../journal/page.ts";
import type { Flash } from "../platform.ts";
import { type ConfigSlot, packConfigSlot, readConfigSlot } from "./config-slot.ts";
import type { ConfigStore } from "./config-store.ts";

interface Found extends ConfigSlot {
  readonly sector: 0 | 1;
}

/**
 * A configuration in two sectors of flash, of which one is in use:
 *
 * ```
 * write: erase the other ─► program it, its first page last ─► erase the one that was in use
 * ```
 * Before that first page is whole the new one does not exist, after it the old one does not
 * count. A page that lost power half-way may read differently each time: so the next read ends
 * what a write had begun, one way or the other, before it believes what it sees.
 */
export class FlashConfigStore implements ConfigStore {
  readonly #flash: Flash;

  /** `flash` has two sectors or more; the first two are used. */
  constructor(flash: Flash) {
    if (flash.sizeBytes < 2 * flash.sectorBytes) throw new RangeError("two sectors are needed");
    this.#flash = flash;
  }

  read(): string | undefined {
    const found = this.#found();
    if (found !== undefined) {
      if (!this.#isBlank(other(found.sector))) this.#settle(found);
      return found.json;
    }
    if (this.#isBlank(0) && this.#isBlank(1)) return undefined;
    const message = "the configuration in flash is damaged: write it again";
    throw new LatchkeyError("storage-corrupt", { message });
  }

  write(json: string): void {
    const before = this.#found();
    const sequence = before === undefined ? 1 : before.sequence + 1;
    const sector = before === undefined ? 0 : other(before.sector);
    const bytes = packConfigSlot({ sequence, json });
    this.#erase(sector);
    this.#program(sector, bytes, this.#flash.pageBytes);
    this.#program(sector, bytes, 0);
    if (before !== undefined) this.#erase(before.sector);
  }

  clear(): void {
    this.#erase(0);
    this.#erase(1);
  }

  /** The later one of those that are whole. */
  #found(): Found | undefined {
    const slots = ([0, 1] as const).flatMap((sector): Found[] => {
      const slot = readConfigSlot(this.#bytes(sector));
      return slot === undefined ? [] : [{ ...slot, sector }];
    });
    const [first, second] = slots;
    if (first === undefined || second === undefined) return first;
    return second.sequence > first.sequence ? second : first;
  }

  /** Programs the same bits once more, so that none is in between, and clears the other sector. */
  #settle(found: Found): void {
    const bytes = packConfigSlot(found);
    this.#program(found.sector, bytes, 0);
    this.#program(found.sector, bytes, this.#flash.pageBytes);
    this.#erase(other(found.sector));
  }

  /** The first page, or from `from` on the rest; read back. @throws storage-failed */
  #program(sector: 0 | 1, bytes: Uint8Array, from: number): void {
    const { pageBytes, sectorBytes } = this.#flash;
    const end = from === 0 ? Math.min(pageBytes, bytes.length) : bytes.length;
    if (from >= end) return;
    const padded = new Uint8Array(Math.ceil((end - from) / pageBytes) * pageBytes).fill(0xff);
    padded.set(bytes.subarray(from, end));
    const at = sector * sectorBytes + from;
    this.#flash.program(at, padded);
    if (!equalBytes(this.#flash.read(at, padded.length), padded))
      throw new LatchkeyError("storage-failed", { detail: { sector } });
  }

  #erase(sector: 0 | 1): void {
    this.#flash.erase(sector * this.#flash.sectorBytes);
  }

  #bytes(sector: 0 | 1): Uint8Array {
    return this.#flash.read(sector * this.#flash.sectorBytes, this.#flash.sectorBytes);
  }

  #isBlank(sector: 0 | 1): boolean {
    const { sectorBytes } = this.#flash;
    return (
      this.#flash.isErased?.(sector * sectorBytes, sectorBytes) ?? isErased(this.#bytes(sector))
    );
  }
}

function other(sector: 0 | 1): 0 | 1 {
  return sector === 0 ? 1 : 0;
}
