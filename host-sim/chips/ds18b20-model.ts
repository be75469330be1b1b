import type { QueuedEvent } from "../world/event-queue.ts";
import type { World } from "../world/world.ts";
import { OneWireDevice, type OneWireTimes, typicalTimes } from "./one-wire-device.ts";
import { OneWireRomLayer } from "./one-wire-rom.ts";
import type { OpenDrainWire } from "./one-wire-wire.ts";

export interface Ds18b20Options {
  readonly world: World;
  readonly wire: OpenDrainWire;
  /** The six bytes between family and CRC; by seed and name when absent. */
  readonly serial?: Uint8Array;
  /** Another number makes a relative of it: 10 a DS18S20, 22 a DS1822. */
  readonly family?: number;
  readonly name?: string;
  readonly celsius?: number;
  /** VDD is not connected: the chip lives on the data line. */
  readonly parasite?: boolean;
  /** TH, TL and configuration as they were stored: factory values when absent. */
  readonly eeprom?: readonly [number, number, number];
  readonly times?: Partial<OneWireTimes>;
  /** A clone that always converts with this resolution. */
  readonly fixedResolution?: number;
  /** Part of the longest conversion time that this specimen takes; by seed when absent. */
  readonly speed?: number;
}

/** What goes wrong, until it is set back. */
export interface Ds18b20Faults {
  /** In how many of the next scratchpads that are read one bit arrives flipped. */
  flippedReads: number;
  /** Commands to convert that it does not hear. */
  deafConversions: number;
}

/** t_CONV at 12 bits, the longest (data sheet, "AC Electrical Characteristics"). */
const CONVERT_US_MAX = 750_000;
/** t_WR: from the scratchpad to the EEPROM. */
const COPY_US = 10_000;
/** 85 °C (data sheet, table "Temperature/Data Relationship", note). */
const POWER_ON_RAW = 0x0550;
const FACTORY: readonly [number, number, number] = [0x4b, 0x46, 0x7f];
/** Bytes 5 to 7 of the scratchpad: reserved. */
const RESERVED: readonly number[] = [0xff, 0x0c, 0x10];

/** The DS18B20 thermometer, from its data line to its EEPROM. */
export class Ds18b20Model {
  readonly rom: Uint8Array;
  readonly faults: Ds18b20Faults = { flippedReads: 0, deafConversions: 0 };
  /** The temperature of what it is fixed to. */
  celsius: number;
  /** Conversions that were begun. */
  conversions = 0;
  readonly #world: World;
  readonly #options: Ds18b20Options;
  readonly #device: OneWireDevice;
  readonly #bits: OneWireRomLayer;
  readonly #speed: number;
  #eeprom: readonly [number, number, number];
  #memory: [number, number, number];
  #raw = POWER_ON_RAW;
  #converting: QueuedEvent | undefined;

  constructor(options: Ds18b20Options) {
    const { world, wire, name = "ds18b20", family = 0x28 } = options;
    this.#world = world;
    this.#options = options;
    const rng = world.rng(`1-wire ${name}`);
    this.celsius = options.celsius ?? 20;
    this.#speed = options.speed ?? rng.int(60, 98) / 100;
    this.rom = withCrc([family, ...(options.serial ?? rng.bytes(6))]);
    this.#eeprom = options.eeprom ?? FACTORY;
    this.#memory = [...this.#eeprom];
    this.#bits = new OneWireRomLayer(this.rom, {
      command: (code) => this.#command(code),
      alarm: () => this.#alarm(),
    });
    const times = { ...typicalTimes(rng), ...options.times };
    this.#device = new OneWireDevice(world, wire, { name, times, functions: this.#bits });
  }

  /** What the master did outside of the data sheet's times. */
  get violations(): readonly string[] {
    return this.#device.violations;
  }

  /** As the driver and ESPHome write it. */
  get address(): string {
    return `0x${[...this.rom].reverse().map(digits).join("")}`;
  }

  /** TH, TL and configuration in the EEPROM. */
  get stored(): readonly [number, number, number] {
    return this.#eeprom;
  }

  /** Plugs it in: it starts as after any loss of power. */
  powerOn(): void {
    this.#restart();
    this.#device.attach();
  }

  /** Pulls it off the bus. */
  powerOff(): void {
    this.#stopConverting();
    this.#device.detach();
  }

  /** A supply that fails for a moment: nothing is left but the EEPROM. */
  losePower(): void {
    this.powerOff();
    this.powerOn();
  }

  #restart(): void {
    this.#stopConverting();
    this.#memory = [...this.#eeprom];
    this.#raw = POWER_ON_RAW;
    this.#bits.idle();
  }

  #command(code: number): void {
    const bits = this.#bits;
    if (code === 0x44) this.#convert();
    else if (code === 0xbe) bits.send(this.#scratchpad());
    else if (code === 0x4e) this.#receive();
    else if (code === 0x48) this.#copy();
    else if (code === 0xb8) this.#recall();
    else if (code === 0xb4) bits.sendBits(() => (this.#options.parasite === true ? 0 : 1));
    else bits.idle();
  }

  #convert(): void {
    if (this.faults.deafConversions > 0) {
      this.faults.deafConversions--;
      this.#bits.idle();
      return;
    }
    this.#stopConverting();
    this.conversions++;
    if (this.#options.parasite === true) {
      // Without a strong pull-up the conversion draws the line, and the chip, down.
      this.#restart();
      return;
    }
    const shift = 12 - this.#resolution;
    const tookUs = (CONVERT_US_MAX / (1 << shift)) * this.#speed;
    this.#converting = this.#world.after(tookUs, () => {
      this.#converting = undefined;
      const steps = Math.floor(Math.max(-55, Math.min(125, this.celsius)) * 16);
      this.#raw = (steps >> shift) << shift;
    });
    this.#bits.sendBits(() => (this.#converting === undefined ? 1 : 0));
  }

  #stopConverting(): void {
    if (this.#converting !== undefined) this.#world.cancel(this.#converting);
    this.#converting = undefined;
  }

  /** Three bytes; each counts as soon as it is there. */
  #receive(at = 0): void {
    this.#bits.listen(1, ([byte]) => {
      this.#memory[at] = at === 2 ? (byte! & 0x60) | 0x1f : byte!;
      if (at < 2) this.#receive(at + 1);
    });
  }

  #copy(): void {
    const endUs = this.#world.nowUs() + COPY_US;
    this.#eeprom = [...this.#memory];
    this.#bits.sendBits(() => (this.#world.nowUs() < endUs ? 0 : 1));
  }

  #recall(): void {
    this.#memory = [...this.#eeprom];
    this.#bits.sendBits(() => 1);
  }

  #scratchpad(): Uint8Array {
    const [high, low] = this.#memory;
    const configuration = ((this.#resolution - 9) << 5) | 0x1f;
    const temperature = [this.#raw & 0xff, (this.#raw >> 8) & 0xff];
    const bytes = withCrc([...temperature, high, low, configuration, ...RESERVED]);
    if (this.faults.flippedReads > 0) {
      this.faults.flippedReads--;
      const rng = this.#world.rng("1-wire faults");
      bytes[rng.int(0, 8)]! ^= 1 << rng.int(0, 7);
    }
    return bytes;
  }

  get #resolution(): number {
    return this.#options.fixedResolution ?? 9 + (this.#memory[2] >> 5);
  }

  /** Whether the last conversion reached a limit (data sheet, "Alarm Signaling"). */
  #alarm(): boolean {
    const degrees = this.#raw >> 4;
    const [high, low] = this.#memory;
    return degrees >= (high << 24) >> 24 || degrees <= (low << 24) >> 24;
  }
}

/** x^8 + x^5 + x^4 + 1, bit by bit as the chip's shift register does it. */
function withCrc(bytes: readonly number[]): Uint8Array {
  let register = 0;
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const feedback = ((byte >> bit) ^ register) & 1;
      register >>= 1;
      if (feedback === 1) register ^= 0b1000_1100;
    }
  }
  return Uint8Array.from([...bytes, register]);
}

function digits(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
