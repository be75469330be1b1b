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
  #receiving = false;
  /** What becomes of each received byte: nothing, one, several. For noise and loose wires. */
  garble: (byte: number) => readonly number[] = (byte) => [byte];

  constructor(world: World, line: SerialLine, wire: OpenDrainWire) {
    this.#world = world;
    this.#line = line;
    this.#wire = wire;
    line.onData((bytes) => this.#transmit(bytes));
    wire.onEdge((level) => this.#onEdge(level));
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

  #onEdge(level: Level): void {
    const baud = this.#line.baud;
    if (level === 1 || this.#receiving || baud === undefined) return;
    this.#receiving = true;
    const bitUs = 1e6 / baud;
    let byte = 0;
    for (let bit = 0; bit < DATA_BITS; bit++) {
      this.#world.after((bit + 1.5) * bitUs, () => {
        byte |= this.#wire.level << bit;
      });
    }
    // In the middle of the stop bit the receiver is done. A byte whose stop bit is low has a
    // framing error, of which Moddable's port takes no notice; a line that stays low makes no edge.
    this.#world.after((DATA_BITS + 1.5) * bitUs, () => {
      this.#receiving = false;
      this.#line.write(Uint8Array.from(this.garble(byte)));
    });
  }
}
