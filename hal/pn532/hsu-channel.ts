import { concat } from "../../protocol/encoding/bytes.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { Serial } from "../ecma419.ts";
import { Deadline, Pause, type Timing } from "../timing.ts";
import type { FrameChannel, ReadRequest, Received } from "./channel.ts";
import { ackFrame, FRAME_BYTES_MAX } from "./frame.ts";
import { FrameStream } from "./frame-stream.ts";
import type { SerialHost } from "./options.ts";

/** 8N1. */
const BITS_PER_BYTE = 10;
/** How long the port may take no bytes, when its buffer is full. */
const WRITE_LIMIT_MS = 50;
/** A pause in the middle of a frame that the chip never makes. */
const QUIET_MS = 5;
/** Wakes a chip asleep, which loses what comes meanwhile (UM0701-02 §7.2.11; libnfc likewise). */
const WAKE_BYTES = 16;

/**
 * Frames over a serial line (High Speed UART, UM0701-02 §6.2.3): no status byte, the chip sends
 * when it has something, and bytes arrive in pieces of any size.
 */
export class HsuChannel implements FrameChannel {
  readonly usesIrq = false;
  readonly latencyMs: number;
  readonly #quietMs: number;
  readonly #timing: Timing;
  readonly #pause: Pause;
  readonly #serial: Serial;
  readonly #stream = new FrameStream();
  #room = 0;
  #lastByteMs = 0;
  #interrupted = false;

  constructor({ serial }: SerialHost, timing: Timing) {
    const { io: Io, baud = 115_200, receive, transmit, port, latencyMs = 0 } = serial;
    this.#timing = timing;
    this.#pause = new Pause(timing.timer);
    // The longest frame is still on its way when the chip has long answered.
    this.latencyMs = latencyMs + (FRAME_BYTES_MAX * BITS_PER_BYTE * 1000) / baud;
    this.#quietMs = latencyMs + QUIET_MS + (2 * BITS_PER_BYTE * 1000) / baud;
    this.#serial = new Io({
      baud,
      format: "buffer",
      ...(receive === undefined ? {} : { receive }),
      ...(transmit === undefined ? {} : { transmit }),
      ...(port === undefined ? {} : { port }),
      onReadable: (count) => this.#readable(count),
      onWritable: (count) => {
        this.#room = count;
        this.#pause.end();
      },
    });
  }

  async write(frame: Uint8Array, limitMs = WRITE_LIMIT_MS): Promise<void> {
    // Whatever waits here answers something earlier.
    this.#stream.clear();
    const deadline = new Deadline(this.#timing.clock, limitMs + this.latencyMs);
    for (let at = 0; at < frame.length; ) {
      const part = frame.slice(at, at + this.#room);
      if (part.length > 0) {
        this.#give(part);
        at += part.length;
      } else if (deadline.passed) {
        throw lost(new Error("it takes no bytes"));
      } else {
        await this.#pause.start(deadline.leftMs);
      }
    }
  }

  async abort(limitMs?: number): Promise<void> {
    const wake = new Uint8Array(WAKE_BYTES);
    wake.fill(0x55, 0, 2);
    await this.write(concat(wake, ackFrame()), limitMs);
    // A frame that is half through the line must not become the answer to the next command.
    const deadline = new Deadline(this.#timing.clock, this.#quietMs + 2 * this.latencyMs);
    this.#lastByteMs = this.#nowMs;
    while (!this.#isQuiet && !deadline.passed) await this.#pause.start(this.#quietLeftMs);
    this.#stream.clear();
  }

  async read({ deadline }: ReadRequest): Promise<Received | undefined> {
    this.#interrupted = false;
    for (;;) {
      const received = this.#next();
      if (received !== undefined || this.#interrupted) return received;
      if (deadline.passed) return this.#stream.noisy ? "noise" : undefined;
      const { leftMs } = deadline;
      await this.#pause.start(
        this.#stream.unfinished ? Math.min(leftMs, this.#quietLeftMs) : leftMs,
      );
    }
  }

  interrupt(): void {
    this.#interrupted = true;
    this.#pause.end();
  }

  /** Nobody can hold a line that has one sender. */
  recover(): void {
    this.#stream.clear();
  }

  close(): void {
    this.#pause.end();
    this.#serial.close();
  }

  #next(): Received | undefined {
    const received = this.#stream.next();
    if (received !== undefined || !this.#stream.unfinished || !this.#isQuiet) return received;
    return this.#stream.giveUp();
  }

  #give(bytes: Uint8Array): void {
    this.#room -= bytes.length;
    try {
      this.#serial.write(bytes);
    } catch (error) {
      throw lost(error);
    }
  }

  #readable(count: number): void {
    const bytes = this.#serial.read(count);
    if (bytes === undefined) return;
    this.#lastByteMs = this.#nowMs;
    this.#stream.push(new Uint8Array(bytes));
    this.#pause.end();
  }

  get #nowMs(): number {
    return this.#timing.clock.monotonicMs();
  }

  get #quietLeftMs(): number {
    return this.#lastByteMs + this.#quietMs - this.#nowMs;
  }

  get #isQuiet(): boolean {
    return this.#quietLeftMs <= 0;
  }
}

function lost(cause: unknown): LatchkeyError {
  return new LatchkeyError("serial-lost", { cause });
}
