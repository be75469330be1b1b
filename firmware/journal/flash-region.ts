import type { Flash } from "../platform.ts";

/**
 * A part of a flash as a flash of its own: what is given a region cannot reach beyond it. Offset
 * and size are bytes, in whole sectors (a programming error otherwise).
 * @example const log = new EventLog(new FlashRegion(flash, 64 * 1024, 256 * 1024), { random });
 */
export class FlashRegion implements Flash {
  readonly sizeBytes: number;
  readonly sectorBytes: number;
  readonly pageBytes: number;
  readonly isErased?: NonNullable<Flash["isErased"]>;
  readonly #flash: Flash;
  readonly #start: number;

  constructor(flash: Flash, offsetBytes: number, sizeBytes: number) {
    const whole = (bytes: number) => bytes >= 0 && bytes % flash.sectorBytes === 0;
    const inside = offsetBytes + sizeBytes <= flash.sizeBytes;
    if (!whole(offsetBytes) || !whole(sizeBytes) || !inside)
      throw new RangeError(`no flash region of ${sizeBytes} bytes at ${offsetBytes}`);
    this.#flash = flash;
    this.#start = offsetBytes;
    this.sizeBytes = sizeBytes;
    this.sectorBytes = flash.sectorBytes;
    this.pageBytes = flash.pageBytes;
    if (flash.isErased !== undefined)
      this.isErased = (offset, length) => flash.isErased!(this.#checked(offset, length), length);
  }

  read(offset: number, length: number): Uint8Array {
    return this.#flash.read(this.#checked(offset, length), length);
  }

  erase(offset: number): void {
    this.#flash.erase(this.#checked(offset, this.sectorBytes));
  }

  program(offset: number, data: Uint8Array): void {
    this.#flash.program(this.#checked(offset, data.length), data);
  }

  #checked(offset: number, length: number): number {
    if (offset < 0 || length < 0 || offset + length > this.sizeBytes)
      throw new RangeError(`${length} bytes at ${offset} are outside the flash region`);
    return this.#start + offset;
  }
}
