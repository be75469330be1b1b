import { fromHex } from "../../protocol/encoding/hex.ts";
import type { World } from "../world/world.ts";
import type { Air } from "./bme280-model.ts";
import {
  type Bmp390Words,
  EXAMPLE_TRIMS,
  linearTemperature,
  pressureInHundredths,
  trimmingWords,
} from "./bmp390-formula.ts";
import { BoschChip } from "./bosch-chip.ts";
import { invert } from "./invert.ts";

export interface Bmp390ModelOptions {
  readonly world: World;
  /** 0x76 unless told. */
  readonly address?: number;
  /** 0x50 makes it a BMP388; 0x60 unless told. */
  readonly chipId?: number;
  /** 21 bytes. */
  readonly trims?: Uint8Array;
  /** Each figure of the converters is off by up to so many of its 24-bit steps; 0. */
  readonly noise?: number;
}

const ERROR = 0x02;
const STATUS = 0x03;
const DATA = 0x04;
const EVENT = 0x10;
const POWER = 0x1b;
const OSR = 0x1c;
const ODR = 0x1d;
const CONFIG = 0x1f;
const COMMAND = 0x7e;
const START_US = 2_000;
const COMMAND_READY = 0x10;
/** Writable and without effect on what is modelled: FIFO and interrupt (§4.3.12-4.3.16). */
const WRITABLE = [0x15, 0x16, 0x17, 0x18, 0x19, 0x1a];

/**
 * The BMP390 behind its I²C pins (BST-BMP390-DS002); FIFO and interrupt pin are registers only.
 * Figures of the converters come from the air by Bosch's integer formulas turned round.
 */
export class Bmp390Model extends BoschChip {
  readonly air: Omit<Air, "humidity"> = { temperature: 25, pressure: 100_876 };
  /** The converters give what they gave last, whatever the air does. */
  stuck = false;
  /** The error register's fatal bit stays set. */
  broken = false;
  measurements = 0;
  readonly #registers = new Uint8Array(256);
  readonly #trims: Uint8Array;
  readonly #words: Bmp390Words;
  readonly #chipId: number;
  readonly #noise: number;
  #measuring = false;
  #lastFigures:
    | {
        readonly of: readonly number[];
        readonly figures: { temperature: number; pressure: number };
      }
    | undefined;
  #filtered: { temperature: number; pressure: number } | undefined;

  constructor(options: Bmp390ModelOptions) {
    super({
      world: options.world,
      address: options.address ?? 0x76,
      name: "bmp390",
      startUs: START_US,
    });
    this.#trims = options.trims ?? fromHex(EXAMPLE_TRIMS);
    this.#words = trimmingWords(this.#trims);
    this.#chipId = options.chipId ?? 0x60;
    this.#noise = options.noise ?? 0;
    this.awaken();
  }

  protected resetRegisters(): void {
    const registers = this.#registers;
    registers.fill(0);
    registers[0x00] = this.#chipId;
    registers[0x01] = 0x01;
    registers[STATUS] = COMMAND_READY;
    registers.set([0x00, 0x00, 0x80, 0x00, 0x00, 0x80], DATA);
    registers[EVENT] = 0x01;
    registers[OSR] = 0x02;
    registers.set(this.#trims, 0x31);
    this.#measuring = false;
    this.#filtered = undefined;
  }

  protected snapshot(): Uint8Array {
    const registers = this.#registers.slice();
    if (this.broken) registers[ERROR] = registers[ERROR]! | 0x01;
    registers[COMMAND] = 0;
    return registers;
  }

  /** Errors and the event clear by being read, a ready bit by a byte of its data (§4.3). */
  protected wasRead(register: number): void {
    if (register === ERROR || register === EVENT) this.#registers[register] = 0;
    if (register >= DATA && register < DATA + 3) this.#clear(STATUS, 0x20);
    if (register >= DATA + 3 && register < DATA + 6) this.#clear(STATUS, 0x40);
  }

  protected writeRegister(register: number, value: number): void {
    if (register === COMMAND) this.#command(value);
    else if (register === POWER) this.#control(value & 0x33);
    else if (register === OSR) this.#registers[OSR] = value & 0x3f;
    else if (register === ODR) this.#registers[ODR] = value & 0x1f;
    else if (register === CONFIG) this.#registers[CONFIG] = value & 0x0e;
    else if (WRITABLE.includes(register)) this.#registers[register] = value;
    else this.fault(`write to register ${register.toString(16)}`);
  }

  #command(value: number): void {
    // Deaf for the start-up time after a reset.
    if (value === 0xb6) this.restart();
    else if (value !== 0xb0) this.#set(ERROR, 0x02);
  }

  #control(value: number): void {
    const before = this.#registers[POWER]!;
    this.#registers[POWER] = value;
    const mode = value & 0x30;
    if (mode === 0 || (value & 0x03) === 0) {
      this.forgetEvents();
      this.#measuring = false;
    } else if (mode === 0x30) {
      if (this.#measurementUs >= this.#periodUs) {
        this.#set(ERROR, 0x04);
        this.#registers[POWER] = value & 0x03;
      } else if ((before & 0x30) !== 0x30) {
        this.#measure();
      }
    } else if (!this.#measuring) {
      this.#measure();
    }
  }

  /** §3.9.2 */
  get #measurementUs(): number {
    const power = this.#registers[POWER]!;
    const osr = this.#registers[OSR]!;
    const pressure = (power & 0x01) === 0 ? 0 : 392 + 2_020 * 2 ** (osr & 0b111);
    const temperature = (power & 0x02) === 0 ? 0 : 163 + 2_020 * 2 ** (osr >> 3);
    return 234 + pressure + temperature;
  }

  get #periodUs(): number {
    return 5_000 * 2 ** Math.min(17, this.#registers[ODR]!);
  }

  #measure(): void {
    this.#measuring = true;
    this.after(this.#measurementUs, () => this.#measured());
    if ((this.#registers[POWER]! & 0x30) === 0x30) {
      this.after(this.#periodUs, () => this.#measure());
    }
  }

  #measured(): void {
    this.#measuring = false;
    this.measurements++;
    const power = this.#registers[POWER]!;
    if (!this.stuck) this.#convert(power);
    this.#set(STATUS, ((power & 0x01) << 5) | ((power & 0x02) << 5));
    if ((power & 0x30) !== 0x30) this.#registers[POWER] = power & 0x03;
  }

  #convert(power: number): void {
    const figures = this.#figures();
    const raw = this.#smooth(figures.temperature + this.#draw(), figures.pressure + this.#draw());
    if ((power & 0x01) !== 0) this.#put(DATA, raw.pressure);
    if ((power & 0x02) !== 0) this.#put(DATA + 3, raw.temperature);
  }

  /** What the converters give for the air; turned round again only when that has changed. */
  #figures(): { temperature: number; pressure: number } {
    const { temperature, pressure } = this.air;
    const last = this.#lastFigures;
    if (last?.of.join() === [temperature, pressure].join()) return last.figures;
    const celsius = (adc: number) => Number(linearTemperature(this.#words, adc)) / 65536;
    const rawT = invert(celsius, temperature, 24);
    const linear = linearTemperature(this.#words, rawT);
    const pascal = (adc: number) => Number(pressureInHundredths(this.#words, adc, linear)) / 100;
    const figures = { temperature: rawT, pressure: invert(pascal, pressure, 24) };
    this.#lastFigures = { of: [temperature, pressure], figures };
    return figures;
  }

  /** (old · c + new) / (c + 1) with c = 2^n - 1 (§3.4.3); the first figure sets it. */
  #smooth(temperature: number, pressure: number): { temperature: number; pressure: number } {
    const size = 2 ** (this.#registers[CONFIG]! >> 1);
    const old = this.#filtered ?? { temperature, pressure };
    this.#filtered = {
      temperature: Math.round((old.temperature * (size - 1) + temperature) / size),
      pressure: Math.round((old.pressure * (size - 1) + pressure) / size),
    };
    return this.#filtered;
  }

  #put(at: number, raw: number): void {
    for (let i = 0; i < 3; i++) this.#registers[at + i] = (raw >> (8 * i)) & 0xff;
  }

  #draw(): number {
    return this.#noise === 0 ? 0 : this.world.rng(this.name).int(-this.#noise, this.#noise);
  }

  #set(register: number, bits: number): void {
    this.#registers[register] = this.#registers[register]! | bits;
  }

  #clear(register: number, bits: number): void {
    this.#registers[register] = this.#registers[register]! & ~bits;
  }
}
