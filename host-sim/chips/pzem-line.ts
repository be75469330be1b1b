import type { SerialLine } from "../board/serial.ts";
import { endUs, type UartSender, uartReads } from "../board/uart-wave.ts";
import type { QueuedEvent } from "../world/event-queue.ts";
import type { World } from "../world/world.ts";

/** What a device says, and how long it thinks before. */
export interface PzemAnswer {
  readonly afterUs: number;
  readonly bytes: Uint8Array;
}

/** A device at the line. */
export interface PzemDevice {
  /** To a frame of whatever kind; `undefined`: it keeps still. */
  answer(frame: Uint8Array): PzemAnswer | undefined;
}

const BAUD = 9600;
/** 3.5 characters of 11 bits (Modbus over Serial Line V1.02 §2.5.1.1). */
const FRAME_GAP_US = (3.5 * 11 * 1e6) / BAUD;
/** The board's port hands on up to eight bytes at once: they were on the line until then. */
const BURST_US = (8 * 10 * 1e6) / BAUD;

/**
 * Meters in parallel on one line. Each drives an open collector through its optocoupler, so that
 * where two speak at once the line carries the AND of their bits.
 */
export class PzemLine {
  readonly #world: World;
  readonly #line: SerialLine;
  readonly #devices: PzemDevice[] = [];
  #frame: number[] = [];
  #gap: QueuedEvent | undefined;
  /** The line gives back what the board sends, as a two-wire adapter does. */
  echoes = false;
  /** Frames of the board, and when each was over. */
  readonly requests: { readonly atUs: number; readonly frame: Uint8Array }[] = [];
  /** What becomes of answers on their way. */
  spoil = (bytes: Uint8Array): Uint8Array => bytes;

  constructor(world: World, line: SerialLine) {
    this.#world = world;
    this.#line = line;
    line.onData((bytes) => this.#receive(bytes));
  }

  attach(...devices: PzemDevice[]): void {
    this.#devices.push(...devices);
  }

  detach(device: PzemDevice): void {
    const at = this.#devices.indexOf(device);
    if (at >= 0) this.#devices.splice(at, 1);
  }

  #receive(bytes: Uint8Array): void {
    if (this.echoes) this.#line.write(bytes);
    const { baud = BAUD } = this.#line;
    const heard = baud === BAUD ? bytes : uartReads([{ startUs: 0, baud, bytes }], BAUD);
    this.#frame.push(...heard);
    if (this.#gap !== undefined) this.#world.cancel(this.#gap);
    this.#gap = this.#world.after(FRAME_GAP_US + BURST_US, () => this.#answer());
  }

  #answer(): void {
    const frame = Uint8Array.from(this.#frame.splice(0));
    const nowUs = this.#world.nowUs();
    this.requests.push({ atUs: nowUs, frame });
    const senders = this.#devices.flatMap((device) => {
      const answer = device.answer(frame);
      if (answer === undefined) return [];
      return [{ startUs: nowUs + answer.afterUs, baud: BAUD, bytes: answer.bytes }];
    });
    senders.sort((a, b) => a.startUs - b.startUs);
    // Whoever begins before the last one has ended speaks into it.
    for (let sender = senders.shift(); sender !== undefined; sender = senders.shift()) {
      const together: UartSender[] = [sender];
      while (senders[0] !== undefined && senders[0].startUs < Math.max(...together.map(endUs))) {
        together.push(senders.shift()!);
      }
      this.#send(together);
    }
  }

  #send(together: readonly UartSender[]): void {
    this.#world.after(together[0]!.startUs - this.#world.nowUs(), () => {
      this.#line.write(this.spoil(uartReads(together, this.#line.baud ?? BAUD)));
    });
  }
}
