import { crc8 } from "../../protocol/encoding/crc8.ts";
import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";

/**
 * What makes reset pulses and time slots: a pin (onewire-pin.ts) or a UART (onewire-uart.ts).
 * Everything may also throw serial-lost or sensor-timeout, and cancelled once it is closed.
 */
export interface OneWireLine {
  /**
   * A reset pulse. Resolves when a device answered it with a presence pulse.
   * @throws sensor-absent when none did, sensor-bus when the line is stuck or does not obey
   */
  reset(): Promise<void>;
  /**
   * Plays time slots one after the other: 0 writes a zero; 1 writes a one, or reads. Resolves to
   * what the line carried: a 1 that a device pulled down comes back as 0.
   * @throws sensor-bus when the line is stuck, or a zero did not come back as one
   */
  slots(bits: Uint8Array): Promise<Uint8Array>;
  close(): void;
}

/** ROM commands (DS18B20 data sheet, "ROM Commands"). */
const MATCH_ROM = 0x55;
const SKIP_ROM = 0xcc;
const SEARCH_ROM = 0xf0;

const ROM_BITS = 64;
/** More probes than a 4.7 kΩ pull-up can serve are a search that goes in circles. */
const DEVICES_MAX = 64;

/** The 64-bit serial number of a device: family, six bytes, CRC, as they pass over the line. */
export type OneWireRom = Uint8Array;

/**
 * The master of a 1-Wire bus. Several drivers may share one: what belongs together (reset, ROM
 * command, function) runs inside `exclusive`.
 * @example
 * const bus = new OneWire(new OneWirePin({ port: { io: io.OneWirePort, pin: 22 }, clock, timer }));
 * const roms = await bus.search();
 */
export class OneWire {
  readonly #line: OneWireLine;
  #last: Promise<unknown> = Promise.resolve();

  constructor(line: OneWireLine) {
    this.#line = line;
  }

  /** Runs `work` when all that was asked for before it has ended, well or not. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work, work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /**
   * Resets the bus and speaks to one device, or to all of them when `rom` is absent. Inside
   * `exclusive`. @throws sensor-absent, sensor-bus
   */
  async select(rom?: OneWireRom): Promise<void> {
    await this.#line.reset();
    await this.write(rom === undefined ? [SKIP_ROM] : [MATCH_ROM, ...rom]);
  }

  /** Writes bytes, least significant bit first. @throws sensor-bus */
  async write(bytes: ArrayLike<number>): Promise<void> {
    const bits = bitsOf(bytes);
    assertWritten(bits, await this.#line.slots(bits));
  }

  /**
   * Writes a function command and reads one bit right behind it, with no pause in which the
   * program could be late. @throws sensor-bus
   */
  async ask(command: number): Promise<number> {
    const bits = bitsOf([command]);
    const seen = await this.#line.slots(Uint8Array.of(...bits, 1));
    assertWritten(bits, seen);
    return seen[bits.length]!;
  }

  /** Reads bytes; where no device speaks they are FF. @throws sensor-bus */
  async read(length: number): Promise<Uint8Array> {
    return bytesOf(await this.#line.slots(new Uint8Array(length * 8).fill(1)));
  }

  /** One read slot. @throws sensor-bus */
  async readBit(): Promise<number> {
    return (await this.#line.slots(Uint8Array.of(1)))[0]!;
  }

  /**
   * Every device on the bus, in the order of the search (Maxim AN187). Empty when there is none.
   * About a tenth of a second per device.
   * @throws sensor-bus, sensor-checksum when a serial number does not come through whole
   */
  search(): Promise<OneWireRom[]> {
    return this.exclusive(async () => {
      const found: OneWireRom[] = [];
      let fork = -1;
      do {
        if (found.length >= DEVICES_MAX) throw circles();
        const branch = await this.#branch(found[found.length - 1], fork);
        if (branch === undefined) return found;
        found.push(branch.rom);
        fork = branch.fork;
      } while (fork >= 0);
      return found;
    });
  }

  close(): void {
    this.#line.close();
  }

  /**
   * Walks down to one device: as far as `fork` on the way to `previous`, there to the other side,
   * below it always to zero. The new fork is the deepest place where a one was left for later.
   */
  async #branch(previous: OneWireRom | undefined, fork: number) {
    try {
      await this.#line.reset();
    } catch (error) {
      // An empty bus is an answer to the first question; later it is a loose wire.
      if (previous === undefined && isLatchkeyError(error, "sensor-absent")) return undefined;
      throw error;
    }
    await this.write([SEARCH_ROM]);
    const rom = new Uint8Array(ROM_BITS / 8);
    let open = -1;
    let pair = await this.#line.slots(Uint8Array.of(1, 1));
    for (let at = 0; at < ROM_BITS; at++) {
      const [zero, one] = pair;
      let way = zero!;
      if (at < fork) way = bitAt(previous!, at);
      else if (at === fork) way = 1;
      // Somebody has answered on this way before. Without this look, a device that is gone would
      // show as a copy of another.
      if ((way === 0 ? zero : one) === 1) throw fellSilent(at);
      if (way === 0 && one === 0) open = at;
      if (way === 1) rom[at >> 3]! |= 1 << (at & 7);
      // One trip over the line for the direction and the next question.
      const last = at === ROM_BITS - 1;
      const seen = await this.#line.slots(last ? Uint8Array.of(way) : Uint8Array.of(way, 1, 1));
      if (seen[0] !== way) throw fellSilent(at);
      pair = seen.subarray(1);
    }
    assertRom(rom);
    return { rom, fork: open };
  }
}

/** @throws sensor-checksum, sensor-bus for the zeroes of a line held low, which pass the CRC */
export function assertRom(rom: OneWireRom): void {
  if (rom.length !== ROM_BITS / 8 || crc8(rom) !== 0) {
    throw new LatchkeyError("sensor-checksum", {
      message: "The CRC of a 1-Wire serial number is wrong.",
    });
  }
  if (rom[0] === 0) {
    throw new LatchkeyError("sensor-bus", { message: "The 1-Wire bus gives nothing but zeroes." });
  }
}

function assertWritten(bits: Uint8Array, seen: Uint8Array): void {
  if (bits.every((bit, i) => bit === seen[i])) return;
  throw new LatchkeyError("sensor-bus", {
    message: "A bit that was written to the 1-Wire bus came back changed.",
  });
}

function bitAt(bytes: Uint8Array, at: number): number {
  return (bytes[at >> 3]! >> (at & 7)) & 1;
}

function bitsOf(bytes: ArrayLike<number>): Uint8Array {
  const bits = new Uint8Array(bytes.length * 8);
  for (let i = 0; i < bits.length; i++) bits[i] = (bytes[i >> 3]! >> (i & 7)) & 1;
  return bits;
}

function bytesOf(bits: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(bits.length / 8);
  for (let i = 0; i < bits.length; i++) bytes[i >> 3]! |= bits[i]! << (i & 7);
  return bytes;
}

function fellSilent(bit: number): LatchkeyError {
  return new LatchkeyError("sensor-bus", {
    message: "The devices on the 1-Wire bus fell silent in the middle of a search.",
    detail: { bit },
  });
}

function circles(): LatchkeyError {
  return new LatchkeyError("sensor-bus", {
    message: `A search of the 1-Wire bus found more than ${DEVICES_MAX} devices.`,
  });
}
