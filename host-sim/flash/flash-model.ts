import type { Flash } from "../../firmware/platform.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { Prng } from "../world/prng.ts";
import type { World } from "../world/world.ts";
import { applyTorn, type Change, PowerCut, type Tear } from "./tear.ts";

/**
 * Times of a W25Q-type flash as it sits beside the RP2350 (W25Q32RV, typical values). Reading
 * goes through the cache and costs next to nothing.
 */
export const FLASH_TIMES_US = Object.freeze({ pageProgram: 400, sectorErase: 45_000 });

export interface FlashOptions {
  /** Random stream of the tears; time passes in its world if one is given. */
  readonly rng: Prng;
  readonly world?: World;
  readonly sizeBytes?: number;
  readonly sectorBytes?: number;
  readonly pageBytes?: number;
  /** Content to start with, as `image` gives it; erased if absent. */
  readonly image?: Uint8Array;
  /** Erase cycles after which a sector is worn out; 100,000 unless told. */
  readonly endurance?: number;
  /** Told when a planned cut takes the power, so that the rest of the board can lose it too. */
  readonly onCut?: () => void;
}

/**
 * NOR flash that keeps its rules: programming clears bits and nothing else, erasing sets a whole
 * sector, addresses are aligned. Breaking them is a programming error and throws a plain
 * `Error`; what wears out or breaks throws `storage-failed` as the interface says.
 */
export class FlashModel implements Flash {
  readonly sizeBytes: number;
  readonly sectorBytes: number;
  readonly pageBytes: number;
  /** Programs and erases since the model was made. */
  operations = 0;
  readonly stats = { programs: 0, erases: 0, reads: 0, busyUs: 0 };
  readonly eraseCounts: number[];
  readonly #bytes: Uint8Array;
  readonly #weak: Uint8Array;
  readonly #rng: Prng;
  readonly #world: World | undefined;
  readonly #endurance: number;
  readonly #onCut: (() => void) | undefined;
  readonly #stuck = new Map<number, { zeros: number; ones: number }>();
  #cut: { at: number; tear: Tear } | undefined;
  #powered = true;
  /** Whether there may be a weak bit: without one, reading is only copying. */
  #weakened = false;

  constructor(options: FlashOptions) {
    const { sizeBytes = 64 * 1024, sectorBytes = 4096, pageBytes = 256 } = options;
    if (sizeBytes % sectorBytes !== 0 || sectorBytes % pageBytes !== 0) {
      throw new RangeError("whole sectors of whole pages");
    }
    this.sizeBytes = sizeBytes;
    this.sectorBytes = sectorBytes;
    this.pageBytes = pageBytes;
    this.#rng = options.rng;
    this.#world = options.world;
    this.#endurance = options.endurance ?? 100_000;
    this.#onCut = options.onCut;
    this.#bytes = new Uint8Array(sizeBytes).fill(0xff);
    this.#weak = new Uint8Array(sizeBytes);
    this.eraseCounts = new Array<number>(sizeBytes / sectorBytes).fill(0);
    if (options.image !== undefined) this.#bytes.set(options.image);
  }

  read(offset: number, length: number): Uint8Array {
    this.#needPower();
    this.#inside(offset, length, 1);
    this.stats.reads++;
    const out = this.#bytes.slice(offset, offset + length);
    for (let i = 0; this.#weakened && i < length; i++) {
      const weak = this.#weak[offset + i]!;
      if (weak !== 0) out[i] = out[i]! ^ (weak & this.#rng.int(0, 255));
    }
    if (this.#stuck.size > 0) this.#stick(offset, out);
    return out;
  }

  erase(offset: number): void {
    this.#needPower();
    this.#inside(offset, this.sectorBytes, this.sectorBytes);
    const sector = offset / this.sectorBytes;
    const target = new Uint8Array(this.sectorBytes).fill(0xff);
    const stayWeak = new Uint8Array(this.sectorBytes);
    this.stats.erases++;
    this.eraseCounts[sector] = this.eraseCounts[sector]! + 1;
    this.#operate(offset, { target, stayWeak }, FLASH_TIMES_US.sectorErase);
    if (this.eraseCounts[sector]! <= this.#endurance) return;
    // A worn sector does not get all of its cells back to 1, and the chip says so.
    for (let i = 0; i < this.sectorBytes; i++) {
      if (this.#rng.chance(0.01)) this.#bytes[offset + i] = 0xfe;
    }
    throw new LatchkeyError("storage-failed", { detail: { sector } });
  }

  program(offset: number, data: Uint8Array): void {
    this.#needPower();
    this.#inside(offset, data.length, this.pageBytes);
    const target = new Uint8Array(data.length);
    for (let i = 0; i < data.length; i++) {
      const old = this.#bytes[offset + i]!;
      // FF leaves a byte as it is; any other value must be reachable by clearing bits.
      if (data[i] !== 0xff && (data[i]! & ~old & ~this.#weak[offset + i]!) !== 0) {
        throw new Error(`flash: byte ${offset + i} programmed without an erase before`);
      }
      target[i] = old & data[i]!;
    }
    for (let at = 0; at < data.length; at += this.pageBytes) {
      this.stats.programs++;
      // A weak bit is settled by clearing it; setting it takes an erase.
      const page = {
        target: target.subarray(at, at + this.pageBytes),
        stayWeak: data.subarray(at, at + this.pageBytes),
      };
      this.#operate(offset + at, page, FLASH_TIMES_US.pageProgram);
    }
  }

  /** The power goes in the `operation`-th program or erase from now, the next one being 1. */
  cutAt(operation: number, tear: Tear): void {
    this.#cut = { at: this.operations + operation, tear };
  }

  /** The power goes now; from an event of the world it tears what is under way. */
  powerOff(): void {
    this.#powered = false;
  }

  /** The power is back; what was torn stays torn. */
  powerOn(): void {
    this.#powered = true;
    this.#cut = undefined;
  }

  /** The sector fails at its next erase. */
  wearOut(sector: number): void {
    this.eraseCounts[sector] = this.#endurance;
  }

  /** One cell that reads as `value` for ever, whatever is written. */
  stickBit(offset: number, bit: number, value: 0 | 1): void {
    const stuck = this.#stuck.get(offset) ?? { zeros: 0, ones: 0 };
    if (value === 0) stuck.zeros |= 1 << bit;
    else stuck.ones |= 1 << bit;
    this.#stuck.set(offset, stuck);
  }

  /** A copy of the content, to start another model with. Weak bits are settled at random. */
  image(): Uint8Array {
    const out = this.#bytes.slice();
    for (let i = 0; i < out.length; i++) {
      if (this.#weak[i] !== 0) out[i] = out[i]! ^ (this.#weak[i]! & this.#rng.int(0, 255));
    }
    return out;
  }

  #operate(offset: number, change: Change, timeUs: number): void {
    this.operations++;
    this.stats.busyUs += timeUs;
    const bytes = this.#bytes.subarray(offset, offset + change.target.length);
    const weak = this.#weak.subarray(offset, offset + change.target.length);
    const cut = this.#cut;
    if (cut !== undefined && this.operations >= cut.at) {
      this.#weakened ||= cut.tear === "half-erased";
      applyTorn(bytes, weak, change, cut.tear, this.#rng);
      this.#powered = false;
      this.#onCut?.();
      throw new PowerCut();
    }
    this.#world?.advance(timeUs);
    const tear = this.#powered ? "after" : this.#rng.pick(["prefix", "random"] as const);
    applyTorn(bytes, weak, change, tear, this.#rng);
    if (!this.#powered) throw new PowerCut();
  }

  #stick(offset: number, out: Uint8Array): void {
    for (const [at, { zeros, ones }] of this.#stuck) {
      const i = at - offset;
      if (i >= 0 && i < out.length) out[i] = (out[i]! | ones) & ~zeros;
    }
  }

  #needPower(): void {
    if (!this.#powered) throw new PowerCut();
  }

  #inside(offset: number, length: number, unit: number): void {
    const aligned = offset % unit === 0 && length % unit === 0;
    const within = offset >= 0 && length >= 0 && offset + length <= this.sizeBytes;
    if (!Number.isInteger(offset) || !Number.isInteger(length) || !aligned || !within) {
      throw new RangeError(`flash: ${length} bytes at ${offset}`);
    }
  }
}
