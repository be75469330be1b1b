import type { SerialLine } from "../board/serial.ts";
import { uartReads } from "../board/uart-wave.ts";
import type { World } from "../world/world.ts";

/** 8N1. */
const BITS_PER_BYTE = 10;

/**
 * The UART of a chip at the far end of a line: it has a speed of its own, and an output buffer
 * that is too small when more is said than the line can carry.
 */
export class ReceiverUart {
  readonly baud: number;
  readonly #world: World;
  readonly #line: SerialLine;
  readonly #bufferBytes: number;
  #freeUs = 0;
  /** Pieces that found no room in the output buffer. */
  droppedPieces = 0;
  /** All that was sent, as text: for tests. */
  sent = "";

  constructor(
    world: World,
    line: SerialLine,
    options: {
      readonly baud: number;
      readonly bufferBytes: number;
      readonly onBytes: (bytes: Uint8Array) => void;
    },
  ) {
    this.baud = options.baud;
    this.#world = world;
    this.#line = line;
    this.#bufferBytes = options.bufferBytes;
    line.onData((bytes) => options.onBytes(this.#across(bytes, line.baud ?? this.baud, this.baud)));
  }

  /** A whole message, or nothing of it when the buffer is full. */
  send(bytes: Uint8Array): void {
    const nowUs = this.#world.nowUs();
    const byteUs = (BITS_PER_BYTE * 1e6) / this.baud;
    const waiting = Math.max(0, this.#freeUs - nowUs) / byteUs;
    if (waiting + bytes.length > this.#bufferBytes) {
      this.droppedPieces++;
      return;
    }
    this.#freeUs = Math.max(this.#freeUs, nowUs) + bytes.length * byteUs;
    this.sent += String.fromCharCode(...bytes);
    // With no port open at the other end nobody hears it, at whatever speed.
    const { baud } = this.#line;
    if (baud !== undefined) this.#line.write(this.#across(bytes, this.baud, baud));
  }

  #across(bytes: Uint8Array, from: number, to: number): Uint8Array {
    return from === to ? bytes : uartReads([{ startUs: 0, baud: from, bytes }], to);
  }
}
