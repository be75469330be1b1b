import type { World } from "../world/world.ts";
import { RegisterChip } from "./register-chip.ts";

export interface Ina219ModelOptions {
  readonly world: World;
  /** 0x40 unless told. */
  readonly address?: number;
  /** Ohm; 0.1 unless told. */
  readonly shunt?: number;
}

const CONFIGURATION = 0;
const SHUNT = 1;
const BUS = 2;
const POWER = 3;
const CURRENT = 4;
const CALIBRATION = 5;
const POWER_ON = 0x399f;
const START_US = 40;
/** µs of a conversion by its code (SBOS448G table 5); codes 4 to 7 are as 0 to 3. */
const CONVERSION_US = [84, 148, 276, 532];

/**
 * The INA219 behind its I²C pins (TI SBOS448G §8.6). Registers are words: the first byte of a
 * write is the pointer, which a read goes by and keeps. A word takes effect with its second byte.
 */
export class Ina219Model extends RegisterChip {
  /** What flows through the shunt, in A, and what the load has, in V. */
  readonly load = { current: 0, voltage: 12 };
  /** The converters give what they gave last. */
  stuck = false;
  conversions = 0;
  readonly #shunt: number;
  readonly #words = new Uint16Array(6);
  #pointer = 0;
  #received: number[] = [];
  #given: number[] = [];
  #ready = false;
  #overflow = false;

  constructor(options: Ina219ModelOptions) {
    super({
      world: options.world,
      address: options.address ?? 0x40,
      name: "ina219",
      startUs: START_US,
    });
    this.#shunt = options.shunt ?? 0.1;
    this.awaken();
  }

  /** What a read of that register would give. */
  register(at: number): number {
    if (at !== BUS) return this.#words[at] ?? 0;
    return (this.#words[BUS]! << 3) | (this.#ready ? 2 : 0) | (this.#overflow ? 1 : 0);
  }

  protected resetRegisters(): void {
    this.#words.fill(0);
    this.#words[CONFIGURATION] = POWER_ON;
    this.#pointer = 0;
    this.#ready = false;
    this.#overflow = false;
    this.#convert();
  }

  protected beginWrite(): void {
    this.#received = [];
  }

  protected takeByte(byte: number): boolean {
    this.#received.push(byte);
    const [pointer, high, low] = this.#received;
    if (this.#received.length === 1) this.#pointer = pointer!;
    if (this.#received.length === 3) this.#take((high! << 8) | low!);
    return true;
  }

  protected beginRead(): void {
    this.#given = [this.register(this.#pointer) >> 8, this.register(this.#pointer) & 0xff];
    if (this.#pointer === POWER) this.#ready = false;
  }

  protected giveByte(): number {
    return this.#given.shift() ?? 0xff;
  }

  #take(word: number): void {
    if (this.#pointer === CALIBRATION) {
      this.#words[CALIBRATION] = word & 0xfffe;
    } else if (this.#pointer !== CONFIGURATION) {
      this.fault(`write to read-only register ${this.#pointer}`);
    } else if ((word & 0x8000) !== 0) {
      this.brownout();
    } else {
      this.#words[CONFIGURATION] = word;
      this.#ready = false;
      this.forgetEvents();
      this.#convert();
    }
  }

  /** Shunt, then bus, as the mode says (table 6); again without end in the continuous modes. */
  #convert(): void {
    const configuration = this.#words[CONFIGURATION]!;
    const mode = configuration & 0b111;
    const shuntUs = (mode & 0b001) !== 0 ? conversionUs((configuration >> 3) & 0b1111) : 0;
    const busUs = (mode & 0b010) !== 0 ? conversionUs((configuration >> 7) & 0b1111) : 0;
    if (shuntUs + busUs === 0) return;
    if (shuntUs > 0) this.after(shuntUs, () => this.#measureShunt(configuration));
    this.after(shuntUs + busUs, () => {
      if (busUs > 0) this.#measureBus(configuration);
      this.#calculate();
      this.#ready = true;
      this.conversions++;
      if ((mode & 0b100) !== 0) this.#convert();
    });
  }

  #measureShunt(configuration: number): void {
    if (this.stuck) return;
    const scale = 4_000 << ((configuration >> 11) & 0b11);
    const bits = Math.round((this.load.current * this.#shunt) / 10e-6);
    this.#words[SHUNT] = Math.max(-scale, Math.min(scale, bits));
  }

  #measureBus(configuration: number): void {
    if (this.stuck) return;
    const scale = (configuration & 0x2000) !== 0 ? 8_000 : 4_000;
    const bits = Math.floor(this.load.voltage / 4e-3 + 1e-9);
    this.#words[BUS] = Math.max(0, Math.min(scale, bits));
  }

  /** §8.5.1 and §8.6.3.2 to 8.6.3.4 */
  #calculate(): void {
    const shunt = (this.#words[SHUNT]! << 16) >> 16;
    const current = Math.trunc((shunt * this.#words[CALIBRATION]!) / 4096);
    const power = Math.trunc((Math.abs(current) * this.#words[BUS]!) / 5000);
    this.#overflow = Math.abs(current) > 0x7fff || power > 0xffff;
    this.#words[CURRENT] = current;
    this.#words[POWER] = power;
  }
}

function conversionUs(code: number): number {
  if ((code & 0b1000) === 0) return CONVERSION_US[code & 0b11]!;
  return 532 * 2 ** (code & 0b111);
}
