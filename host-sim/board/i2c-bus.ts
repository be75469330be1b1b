import { toHex } from "../../protocol/encoding/hex.ts";
import type { World } from "../world/world.ts";
import { type BusEffect, BusFaults } from "./bus-faults.ts";
import type { I2CDevice } from "./i2c-device.ts";
import type { Pins } from "./pins.ts";

export interface I2CBusOptions {
  readonly world: World;
  readonly pins: Pins;
  readonly data: number;
  readonly clock: number;
  /** Name in the trace, `i2c0` when absent. */
  readonly name?: string;
  /** External pull-up resistors, as every module has them; true when absent. */
  readonly pullUps?: boolean;
  /**
   * pico-sdk waits for room in its FIFO without a limit, so SCL stuck low hangs the processor
   * for good and only the watchdog helps. When given, this is called instead of the timeout that
   * a kinder port would report; it must not return.
   */
  readonly onHang?: () => never;
}

export interface DeviceStats {
  transfers: number;
  /** Address and data bytes. */
  bytes: number;
  /** From START to STOP, clock stretching included. */
  busyUs: number;
  /** Transfers whose address was not acknowledged. */
  nacks: number;
}

export interface BusStats extends DeviceStats {
  /** The part of `busyUs` in which SCL was held. */
  stretchUs: number;
}

export type TransferResult =
  | { readonly status: "ok"; readonly bytes: Uint8Array }
  | { readonly status: "address-nack" }
  /** `accepted` bytes were acknowledged. */
  | { readonly status: "data-nack"; readonly accepted: number }
  | { readonly status: "timeout" };

const empty = (): DeviceStats => ({ transfers: 0, bytes: 0, busyUs: 0, nacks: 0 });

/** A transfer that a fault or a stretched clock ended; never leaves this file. */
class Aborted {}

/**
 * One I²C bus carrying real bytes in virtual time: 9 bit times per byte, one each for START and
 * STOP, plus whatever a device stretches. The processor is busy meanwhile (`World.advance`).
 */
export class I2CBus {
  readonly data: number;
  readonly clock: number;
  readonly name: string;
  readonly stats: BusStats = { ...empty(), stretchUs: 0 };
  readonly faults: BusFaults;
  readonly #world: World;
  readonly #pins: Pins;
  readonly #devices: I2CDevice[] = [];
  readonly #perDevice = new Map<number, DeviceStats>();
  readonly #onHang: (() => never) | undefined;
  #stuckClocks = 0;
  #deadlineUs = 0;

  constructor(options: I2CBusOptions) {
    this.#world = options.world;
    this.#pins = options.pins;
    this.data = options.data;
    this.clock = options.clock;
    this.name = options.name ?? "i2c0";
    this.#onHang = options.onHang;
    this.faults = new BusFaults(options.world.rng(`${this.name}-faults`));
    const sda = this.#pins.pin(this.data);
    const scl = this.#pins.pin(this.clock);
    if (options.pullUps !== false) {
      sda.pull(this.name, "up");
      scl.pull(this.name, "up");
    }
    scl.onEdge((level) => {
      if (level === 1 && this.#stuckClocks > 0 && --this.#stuckClocks === 0) this.freeSda();
    });
  }

  /** Puts a chip on the bus; the result takes it off. */
  attach(device: I2CDevice): () => void {
    this.#devices.push(device);
    return () => {
      const at = this.#devices.indexOf(device);
      if (at >= 0) this.#devices.splice(at, 1);
    };
  }

  /** Figures of one address, zeros for one that never was on the wire. */
  statsOf(address: number): DeviceStats {
    let found = this.#perDevice.get(address);
    if (found === undefined) {
      found = empty();
      this.#perDevice.set(address, found);
    }
    return found;
  }

  /** Some chip holds SDA low until it saw `clocks` more SCL pulses. */
  stickSda(clocks: number): void {
    this.#stuckClocks = clocks;
    this.#pins.pin(this.data).drive(`${this.name}-stuck`, "low");
  }

  freeSda(): void {
    this.#stuckClocks = 0;
    this.#pins.pin(this.data).drive(`${this.name}-stuck`, "none");
  }

  stickScl(us: number): void {
    this.#pins.pin(this.clock).drive(`${this.name}-stuck`, "low");
    if (Number.isFinite(us)) this.#world.after(us, () => this.freeScl());
  }

  freeScl(): void {
    this.#pins.pin(this.clock).drive(`${this.name}-stuck`, "none");
  }

  /** START, address, the bytes, STOP. */
  write(address: number, bytes: Uint8Array, hz: number, timeoutUs: number): TransferResult {
    return this.#transfer(address, "write", hz, timeoutUs, (device, effects, bitUs) => {
      const sent = garble(bytes, effects, this.faults);
      const refused = effects.find((effect) => effect.kind === "data-nack");
      for (let i = 0; i < sent.length; i++) {
        this.#stretch(device, stretchOf(effects, i));
        this.#bits(9, bitUs);
        const taken = refused?.byte !== i && device.writeByte(sent[i]!);
        this.#count(address, 1);
        if (!taken) return { status: "data-nack", accepted: i };
      }
      return { status: "ok", bytes };
    });
  }

  /** START, address, `length` bytes, STOP. */
  read(address: number, length: number, hz: number, timeoutUs: number): TransferResult {
    return this.#transfer(address, "read", hz, timeoutUs, (device, effects, bitUs) => {
      const raw = new Uint8Array(length);
      for (let i = 0; i < length; i++) {
        this.#stretch(device, stretchOf(effects, i));
        this.#bits(9, bitUs);
        raw[i] = device.readByte();
        this.#count(address, 1);
      }
      const bytes = garble(raw, effects, this.faults);
      const out = new Uint8Array(length).fill(0xff);
      out.set(bytes.subarray(0, length));
      return { status: "ok", bytes: out };
    });
  }

  #transfer(
    address: number,
    direction: "read" | "write",
    hz: number,
    timeoutUs: number,
    body: (device: I2CDevice, effects: BusEffect[], bitUs: number) => TransferResult,
  ): TransferResult {
    const bitUs = 1e6 / hz;
    const startUs = this.#world.nowUs();
    this.#deadlineUs = startUs + timeoutUs;
    const effects = this.faults.strike(address, direction);
    for (const effect of effects) {
      if (effect.kind === "stuck-sda") this.stickSda(effect.clocks);
      if (effect.kind === "stuck-scl") this.stickScl(effect.us);
    }
    let result: TransferResult;
    const device = this.#devices.find((found) => found.address === address);
    let addressed = false;
    try {
      this.#waitUntilFree();
      this.#bits(10, bitUs);
      this.#count(address, 1);
      if (device !== undefined) this.#stretch(device, 0);
      const refused = effects.some((effect) => effect.kind === "address-nack");
      addressed =
        !refused && (direction === "write" ? device?.startWrite() : device?.startRead()) === true;
      result =
        addressed && device !== undefined
          ? body(device, effects, bitUs)
          : { status: "address-nack" };
      this.#bits(1, bitUs);
    } catch (error) {
      if (!(error instanceof Aborted)) throw error;
      result = { status: "timeout" };
    }
    if (addressed) device?.stop();
    this.#finish(address, direction, startUs, result);
    return result;
  }

  #finish(
    address: number,
    direction: "read" | "write",
    startUs: number,
    result: TransferResult,
  ): void {
    const figures = this.statsOf(address);
    const busyUs = this.#world.nowUs() - startUs;
    for (const stats of [this.stats, figures]) {
      stats.transfers++;
      stats.busyUs += busyUs;
      if (result.status === "address-nack") stats.nacks++;
    }
    const head = `${direction === "read" ? "R" : "W"}${address.toString(16).padStart(2, "0")}`;
    const what = result.status === "ok" ? digest(result.bytes) : result.status;
    this.#world.record(this.name, `${head} ${what}`);
  }

  /** The controller starts only when both wires are high. */
  #waitUntilFree(): void {
    const sda = this.#pins.pin(this.data);
    const scl = this.#pins.pin(this.clock);
    // Looking every 10 µs is finer than any bit time in use.
    while (sda.level === 0 || scl.level === 0) {
      if (scl.level === 0 && this.#world.nowUs() >= this.#deadlineUs) this.#onHang?.();
      this.#pass(10);
    }
  }

  #stretch(device: I2CDevice, faultUs: number): void {
    const startUs = this.#world.nowUs();
    const untilUs = startUs + faultUs;
    for (;;) {
      const now = this.#world.nowUs();
      const hold = Math.max(device.stretchUs?.() ?? 0, untilUs - now);
      if (hold <= 0) break;
      // In steps, since an event of the world may free the clock early.
      this.#pass(Math.min(hold, 100));
    }
    this.stats.stretchUs += this.#world.nowUs() - startUs;
  }

  #bits(count: number, bitUs: number): void {
    this.#pass(count * bitUs);
  }

  #pass(us: number): void {
    const left = this.#deadlineUs - this.#world.nowUs();
    this.#world.advance(Math.max(0, Math.min(us, left)));
    if (us > left) throw new Aborted();
  }

  #count(address: number, bytes: number): void {
    this.stats.bytes += bytes;
    this.statsOf(address).bytes += bytes;
  }
}

function stretchOf(effects: readonly BusEffect[], byte: number): number {
  let us = 0;
  for (const effect of effects) {
    if (effect.kind === "stretch" && (effect.byte ?? 0) === byte) us += effect.us;
  }
  return us;
}

/** The bytes as the receiver sees them. */
function garble(bytes: Uint8Array, effects: readonly BusEffect[], faults: BusFaults): Uint8Array {
  let out = bytes;
  for (const effect of effects) {
    if (effect.kind === "bit-flip" && out.length > 0) {
      const at = effect.byte ?? faults.draw(out.length);
      out = out.slice();
      if (at < out.length) out[at] = out[at]! ^ (1 << (effect.bit ?? faults.draw(8)));
    } else if (effect.kind === "drop-byte" && out.length > 0) {
      const at = effect.byte ?? faults.draw(out.length);
      out = Uint8Array.from([...out.subarray(0, at), ...out.subarray(at + 1)]);
    } else if (effect.kind === "duplicate-byte" && out.length > 0) {
      const at = effect.byte ?? faults.draw(out.length);
      out = Uint8Array.from([...out.subarray(0, at + 1), ...out.subarray(at)]);
    }
  }
  return out;
}

/** Short transfers whole, long ones by their beginning, length and FNV-1a. */
function digest(bytes: Uint8Array): string {
  if (bytes.length <= 40) return toHex(bytes);
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return `${toHex(bytes.subarray(0, 16))}+${bytes.length}#${hash.toString(16)}`;
}
