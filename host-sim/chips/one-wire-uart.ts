import type { Level } from "../board/pins.ts";
import type { SerialLine } from "../board/serial.ts";
import type { World } from "../world/world.ts";
import type { OpenDrainWire } from "./one-wire-wire.ts";

const DATA_BITS = 8;
/** Start bit, data, stop bit: 8N1. */
const FRAME_BITS = 10;
const DRIVER = "uart";

/**
 * The wires between a UART and a 1-Wire bus: TX through a diode, RX straight. Bytes become levels
 * in time at the baud rate of the port, and what RX sees becomes bytes by the rules of a UART
 * receiver: it starts at a falling edge and looks at the middle of each bit. Nothing here knows
 * what a slot is.
 */
export class OneWireUartBridge {
  readonly #world: World;
  readonly #line: SerialLine;
  readonly #wire: OpenDrainWire;
  /** When the transmitter has sent all that it was given. */
  #freeUs = 0;
  /** When the line changed since the start bit that is being received. */
  #changes: number[] | undefined;
  /** What becomes of each received byte: nothing, one, several. For noise and loose wires. */
  garble: (byte: number) => readonly number[] = (byte) => [byte];

  constructor(world: World, line: SerialLine, wire: OpenDrainWire) {
    this.#world = world;
    this.#line = line;
    this.#wire = wire;
    line.onData((bytes) => this.#transmit(bytes));
    wire.onEdge((level, timeUs) => this.#onEdge(level, timeUs));
  }

  #transmit(bytes: Uint8Array): void {
    const baud = this.#line.baud;
    if (baud === undefined) return;
    const bitUs = 1e6 / baud;
    for (const byte of bytes) {
      const startUs = Math.max(this.#freeUs, this.#world.nowUs());
      this.#freeUs = startUs + FRAME_BITS * bitUs;
      // Start bit, eight data bits from the lowest, stop bit: only changes need an event.
      const levels = (byte << 1) | (1 << (FRAME_BITS - 1));
      for (let bit = 0, level = 1; bit < FRAME_BITS; bit++) {
        const next = (levels >> bit) & 1;
        if (next === level) continue;
        level = next;
        const inUs = startUs + bit * bitUs - this.#world.nowUs();
        const drive = next === 0 ? "low" : "none";
        this.#world.after(inUs, () => this.#wire.drive(DRIVER, drive));
      }
    }
  }

  #onEdge(level: Level, timeUs: number): void {
    if (this.#changes !== undefined) {
      this.#changes.push(timeUs);
      return;
    }
    const baud = this.#line.baud;
    if (level === 1 || baud === undefined) return;
    this.#changes = [];
    // In the middle of the stop bit the receiver is done. A byte whose stop bit is low has a
    // framing error, of which Moddable's port takes no notice; a line that stays low makes no edge.
    const bitUs = 1e6 / baud;
    this.#world.after((DATA_BITS + 1.5) * bitUs, () => {
      const byte = sampled(this.#changes!, timeUs, bitUs);
      this.#changes = undefined;
      this.#line.write(Uint8Array.from(this.garble(byte)));
    });
  }
}

/** The levels in the middle of each data bit, of a line that fell at `startUs`. */
function sampled(changes: readonly number[], startUs: number, bitUs: number): number {
  let byte = 0;
  let passed = 0;
  for (let bit = 0; bit < DATA_BITS; bit++) {
    const atUs = startUs + (bit + 1.5) * bitUs;
    while (passed < changes.length && changes[passed]! <= atUs) passed++;
    // Low at first, and the other level after every change.
    byte |= (passed & 1) << bit;
  }
  return byte;
}
