import type { World } from "../world/world.ts";
import {
  type Bme280Digits,
  EXAMPLE_DIGITS,
  fineTemperature,
  humidityQ10,
  pressureQ8,
  trimmingBytes,
} from "./bme280-formula.ts";
import { BoschChip } from "./bosch-chip.ts";
import { invert } from "./invert.ts";

export interface Bme280ModelOptions {
  readonly world: World;
  /** 0x76 unless told. */
  readonly address?: number;
  /** 0x58 makes it a BMP280; 0x60 unless told. */
  readonly chipId?: number;
  readonly digits?: Bme280Digits;
  /** The bytes of calibration as they are to be read, in place of those of `digits`. */
  readonly trims?: readonly [Uint8Array, Uint8Array];
  /** Each figure of the converters is off by up to so many steps of its resolution; 0. */
  readonly noise?: number;
  /** Time for the copy of the calibration data after a reset: 1 ms. `Infinity` never ends. */
  readonly copyUs?: number;
}

/** The air around the chip. */
export interface Air {
  /** °C */
  temperature: number;
  /** Pa */
  pressure: number;
  /** Relative, % */
  humidity: number;
}

const RESET = 0xe0;
const CTRL_HUM = 0xf2;
const STATUS = 0xf3;
const CTRL_MEAS = 0xf4;
const CONFIG = 0xf5;
const DATA = 0xf7;
const START_US = 2_000;
const SAMPLES = [0, 1, 2, 4, 8, 16, 16, 16];
const STANDBY_US = [500, 62_500, 125_000, 250_000, 500_000, 1_000_000, 10_000, 20_000];
const FILTER = [1, 2, 4, 8, 16, 16, 16, 16];
const NOTHING = Uint8Array.of(0x80, 0x00, 0x00, 0x80, 0x00, 0x00, 0x80, 0x00);

/**
 * The BME280 behind its I²C pins (BST-BME280-DS002). A measurement takes its longest duration
 * (§9.1); figures of the converters come from the air by Bosch's integer formulas turned round.
 */
export class Bme280Model extends BoschChip {
  readonly air: Air = { temperature: 25.08, pressure: 100_653.27, humidity: 44.5 };
  /** The converters give what they gave last, whatever the air does. */
  stuck = false;
  measurements = 0;
  readonly #registers = new Uint8Array(256);
  readonly #digits: Bme280Digits;
  readonly #noise: number;
  readonly #copyUs: number;
  readonly #trims: readonly [Uint8Array, Uint8Array];
  readonly #chipId: number;
  /** What was written to F2 and takes effect with the next write to F4 (§5.4.3). */
  #osrsH = 0;
  #measuring = false;
  /** A mode that was written during a measurement, for when it is over (§3.3). */
  #nextMode: number | undefined;
  #lastFigures: { readonly of: readonly number[]; readonly figures: Air } | undefined;
  #filtered: { temperature: number; pressure: number } | undefined;

  constructor(options: Bme280ModelOptions) {
    super({
      world: options.world,
      address: options.address ?? 0x76,
      name: "bme280",
      startUs: START_US,
    });
    this.#digits = options.digits ?? EXAMPLE_DIGITS;
    this.#trims = options.trims ?? trimmingBytes(this.#digits);
    this.#noise = options.noise ?? 0;
    this.#copyUs = options.copyUs ?? 1_000;
    this.#chipId = options.chipId ?? 0x60;
    this.awaken();
  }

  protected resetRegisters(): void {
    this.#registers.fill(0);
    this.#registers[0xd0] = this.#chipId;
    this.#registers.set(NOTHING, DATA);
    this.#osrsH = 0;
    this.#measuring = false;
    this.#nextMode = undefined;
    this.#filtered = undefined;
    // Until the copy is done, the image registers hold nothing (§5.4.4).
    this.#registers[STATUS] = 0x01;
    if (!Number.isFinite(this.#copyUs)) return;
    this.after(this.#copyUs, () => {
      this.#registers.set(this.#trims[0], 0x88);
      if (this.#chipId === 0x60) this.#registers.set(this.#trims[1], 0xe1);
      this.#registers[STATUS] = 0;
    });
  }

  protected snapshot(): Uint8Array {
    const registers = this.#registers.slice();
    if (this.#measuring) registers[STATUS] = registers[STATUS]! | 0x08;
    registers[RESET] = 0;
    return registers;
  }

  protected wasRead(): void {}

  protected writeRegister(register: number, value: number): void {
    if (register === RESET) {
      // A soft reset is a power-on but for the silence: the chip answers, and says that it copies.
      if (value === 0xb6) this.awaken();
    } else if ((this.#registers[STATUS]! & 0x01) !== 0) {
      this.fault("written to while it copies its calibration data");
    } else if (register === CTRL_HUM && this.#chipId === 0x60) {
      this.#registers[CTRL_HUM] = value & 0x07;
    } else if (register === CTRL_MEAS) {
      this.#control(value);
    } else if (register === CONFIG) {
      if (this.#mode === 0 && !this.#measuring) this.#registers[CONFIG] = value & 0xfd;
      else this.fault("config written while awake");
    } else {
      this.fault(`write to register ${register.toString(16)}`);
    }
  }

  get #mode(): number {
    return this.#registers[CTRL_MEAS]! & 0b11;
  }

  #control(value: number): void {
    this.#registers[CTRL_MEAS] = value;
    this.#osrsH = this.#registers[CTRL_HUM]!;
    if (this.#measuring) {
      this.#nextMode = value & 0b11;
      return;
    }
    // Also ends a standby that is under way.
    this.forgetEvents();
    if (this.#mode !== 0) this.#measure();
  }

  #measure(): void {
    this.#measuring = true;
    const meas = this.#registers[CTRL_MEAS]!;
    const osrs = { t: meas >> 5, p: (meas >> 2) & 0b111, h: this.#osrsH };
    const extra = (code: number) => (code === 0 ? 0 : 2_300 * SAMPLES[code]! + 575);
    const us = 1_250 + 2_300 * SAMPLES[osrs.t]! + extra(osrs.p) + extra(osrs.h);
    this.after(us, () => this.#measured(osrs));
  }

  #measured(osrs: { t: number; p: number; h: number }): void {
    this.#measuring = false;
    this.measurements++;
    if (!this.stuck) this.#convert(osrs);
    if (this.#nextMode !== undefined) {
      this.#nextMode = undefined;
      if (this.#mode !== 0) this.#measure();
    } else if (this.#mode === 0b11) {
      this.after(STANDBY_US[this.#registers[CONFIG]! >> 5]!, () => this.#measure());
    } else {
      this.#registers[CTRL_MEAS] = this.#registers[CTRL_MEAS]! & ~0b11;
    }
  }

  #convert({ t, p, h }: { t: number; p: number; h: number }): void {
    const figures = this.#figures();
    const smooth = this.#smooth(
      this.#resolved(figures.temperature, t),
      this.#resolved(figures.pressure, p),
    );
    const put = (at: number, raw: number) => {
      this.#registers[at] = raw >> 12;
      this.#registers[at + 1] = (raw >> 4) & 0xff;
      this.#registers[at + 2] = (raw & 0x0f) << 4;
    };
    put(DATA, p === 0 ? 0x80000 : smooth.pressure);
    put(DATA + 3, t === 0 ? 0x80000 : smooth.temperature);
    const rawH = h === 0 ? 0x8000 : within(figures.humidity + this.#draw(), 16);
    this.#registers[DATA + 6] = rawH >> 8;
    this.#registers[DATA + 7] = rawH & 0xff;
  }

  /** What the converters give for the air; turned round again only when that has changed. */
  #figures(): Air {
    const { temperature, pressure, humidity } = this.air;
    const last = this.#lastFigures;
    if (last?.of.join() === [temperature, pressure, humidity].join()) return last.figures;
    const digits = this.#digits;
    const celsius = (adc: number) => Number(fineTemperature(digits, adc)) / 5120;
    const rawT = invert(celsius, temperature, 20);
    const fine = fineTemperature(digits, rawT);
    const pascal = (adc: number) => Number(pressureQ8(digits, adc, fine)) / 256;
    const percent = (adc: number) => Number(humidityQ10(digits, adc, fine)) / 1024;
    const figures = {
      temperature: rawT,
      pressure: invert(pascal, pressure, 20),
      humidity: invert(percent, humidity, 16),
    };
    this.#lastFigures = { of: [temperature, pressure, humidity], figures };
    return figures;
  }

  /** 16 bits and one for each doubling, unless the filter is on (§3.4.1, §3.4.3). */
  #resolved(raw: number, osrs: number): number {
    const filtering = ((this.#registers[CONFIG]! >> 2) & 0b111) !== 0;
    const step = filtering || osrs === 0 ? 1 : 2 ** (5 - Math.min(5, osrs));
    return within(Math.round(raw / step) * step + this.#draw() * step, 20);
  }

  #draw(): number {
    return this.#noise === 0 ? 0 : this.world.rng(this.name).int(-this.#noise, this.#noise);
  }

  /** (old · (c - 1) + new) / c (§3.4.4); the first figure sets it. */
  #smooth(temperature: number, pressure: number): { temperature: number; pressure: number } {
    const c = FILTER[(this.#registers[CONFIG]! >> 2) & 0b111]!;
    const old = this.#filtered ?? { temperature, pressure };
    this.#filtered = {
      temperature: Math.round((old.temperature * (c - 1) + temperature) / c),
      pressure: Math.round((old.pressure * (c - 1) + pressure) / c),
    };
    return this.#filtered;
  }
}

const within = (raw: number, bits: number): number => Math.max(0, Math.min(2 ** bits - 1, raw));
