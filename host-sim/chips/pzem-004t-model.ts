import type { World } from "../world/world.ts";
import type { PzemAnswer, PzemDevice } from "./pzem-line.ts";

/** What is really there. */
export interface Mains {
  /** V */
  voltage: number;
  /** A */
  current: number;
  /** Hz */
  frequency: number;
  powerFactor: number;
}

const GENERAL = 0xf8;
const BROADCAST = 0x00;
/** How often the registers are renewed. */
const REFRESH_US = 200_000;
/** From the mains coming on to the first answer. */
const BOOT_US = 500_000;
/** The manual gives no figure for how long it thinks. */
const THINK_US = 20_000;
const ENERGY_MAX_WH = 9_999_990;
const US_PER_HOUR = 3.6e9;
/** Registers (PZEM-004T V3.0 user manual §2.3 and §2.4). */
const INPUT_REGISTERS = 10;
const ALARM_REGISTER = 0x0001;
const ADDRESS_REGISTER = 0x0002;

const ILLEGAL_FUNCTION = 1;
const ILLEGAL_ADDRESS = 2;
const ILLEGAL_DATA = 3;
const SLAVE_ERROR = 4;

/**
 * A PZEM-004T v3 from the chip's side. The measuring chip lives on the mains: without them
 * nothing answers, whatever the optocouplers' 5 V are.
 */
export class Pzem004tModel implements PzemDevice {
  readonly #world: World;
  readonly mains: Mains = { voltage: 230, current: 0, frequency: 50, powerFactor: 1 };
  /** Its own address, kept without power. */
  address: number;
  /** W; the alarm shows above it. */
  alarmThreshold = 23_000;
  thinkUs = THINK_US;
  /** Functions that fail within the meter for now (exception 4). */
  readonly failing = new Set<number>();
  #onUs: number | undefined;
  #energyWh = 0;
  #countedUs = 0;
  #registers: number[] = new Array(INPUT_REGISTERS).fill(0);
  #renewedUs = Number.NEGATIVE_INFINITY;

  constructor(world: World, options: { readonly address?: number } = {}) {
    this.#world = world;
    this.address = options.address ?? 0x01;
    this.mainsOn();
  }

  mainsOn(): void {
    this.#onUs ??= this.#world.nowUs();
    this.#countedUs = this.#world.nowUs();
  }

  mainsOff(): void {
    this.#count();
    this.#onUs = undefined;
  }

  get energyWh(): number {
    this.#count();
    return this.#energyWh;
  }

  set energyWh(value: number) {
    this.#count();
    this.#energyWh = value;
    this.#renewedUs = Number.NEGATIVE_INFINITY;
  }

  answer(frame: Uint8Array): PzemAnswer | undefined {
    if (this.#onUs === undefined || this.#world.nowUs() < this.#onUs + BOOT_US) return undefined;
    if (frame.length < 4 || !checks(frame)) return undefined;
    const [address, code] = frame as unknown as [number, number];
    if (address !== this.address && address !== GENERAL && address !== BROADCAST) return undefined;
    const reply = this.#perform(frame, code);
    // Broadcasts are obeyed and not answered.
    if (address === BROADCAST) return undefined;
    const body = typeof reply === "number" ? [code | 0x80, reply] : reply;
    return { afterUs: this.thinkUs, bytes: withCheck([address, ...body]) };
  }

  /** What follows the address in the answer, or an exception's code. */
  #perform(frame: Uint8Array, code: number): number[] | number {
    if (this.failing.has(code)) return SLAVE_ERROR;
    const word = (at: number) => frame[at]! * 256 + frame[at + 1]!;
    if (code === 0x42 && frame.length === 4) {
      this.energyWh = 0;
      return [0x42];
    }
    if (frame.length !== 8) return ILLEGAL_FUNCTION;
    if (code === 0x04) return this.#readInput(word(2), word(4));
    if (code === 0x03) return this.#readHolding(word(2), word(4));
    if (code === 0x06) return this.#writeHolding(word(2), word(4)) ?? [...frame.slice(1, -2)];
    return ILLEGAL_FUNCTION;
  }

  #readInput(start: number, count: number): number[] | number {
    if (count < 1 || start + count > INPUT_REGISTERS) return ILLEGAL_ADDRESS;
    this.#renew();
    return [0x04, 2 * count, ...bytesOf(this.#registers.slice(start, start + count))];
  }

  #readHolding(start: number, count: number): number[] | number {
    const holding = [this.alarmThreshold, this.address];
    const at = start - ALARM_REGISTER;
    if (at < 0 || count < 1 || at + count > holding.length) return ILLEGAL_ADDRESS;
    return [0x03, 2 * count, ...bytesOf(holding.slice(at, at + count))];
  }

  #writeHolding(register: number, value: number): number | undefined {
    if (register === ALARM_REGISTER) {
      this.alarmThreshold = value;
      return undefined;
    }
    if (register !== ADDRESS_REGISTER) return ILLEGAL_ADDRESS;
    if (value < 0x01 || value > 0xf7) return ILLEGAL_DATA;
    this.address = value;
    return undefined;
  }

  get #power(): number {
    const { voltage, current, powerFactor } = this.mains;
    return voltage * current * powerFactor;
  }

  #count(): void {
    const nowUs = this.#world.nowUs();
    if (this.#onUs !== undefined) {
      const hours = (nowUs - this.#countedUs) / US_PER_HOUR;
      this.#energyWh = (this.#energyWh + this.#power * hours) % ENERGY_MAX_WH;
    }
    this.#countedUs = nowUs;
  }

  #renew(): void {
    const nowUs = this.#world.nowUs();
    if (nowUs - this.#renewedUs < REFRESH_US) return;
    this.#renewedUs = nowUs;
    this.#count();
    const { voltage, current, frequency, powerFactor } = this.mains;
    const milliamps = Math.round(current * 1000);
    const deciwatts = Math.round(this.#power * 10);
    const wattHours = Math.floor(this.#energyWh);
    this.#registers = [
      Math.round(voltage * 10),
      ...lowFirst(milliamps),
      ...lowFirst(deciwatts),
      ...lowFirst(wattHours),
      Math.round(frequency * 10),
      Math.round(powerFactor * 100),
      this.#power > this.alarmThreshold ? 0xffff : 0,
    ];
  }
}

function lowFirst(value: number): [number, number] {
  return [value % 65_536, Math.floor(value / 65_536)];
}

function bytesOf(words: readonly number[]): number[] {
  return words.flatMap((word) => [word >> 8, word & 0xff]);
}

/** CRC-16 of Modbus, from the other side: the polynomial unreflected over reversed bits. */
function check(bytes: readonly number[] | Uint8Array): [number, number] {
  let register = 0xffff;
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const out = ((register >> 15) ^ (byte >> bit)) & 1;
      register = ((register << 1) & 0xffff) ^ (out === 1 ? 0x8005 : 0);
    }
  }
  let reversed = 0;
  for (let bit = 0; bit < 16; bit++) if (register & (1 << bit)) reversed |= 0x8000 >> bit;
  return [reversed & 0xff, reversed >> 8];
}

function withCheck(bytes: readonly number[]): Uint8Array {
  return Uint8Array.from([...bytes, ...check(bytes)]);
}

function checks(frame: Uint8Array): boolean {
  const [low, high] = check(frame.subarray(0, -2));
  return frame.at(-2) === low && frame.at(-1) === high;
}
