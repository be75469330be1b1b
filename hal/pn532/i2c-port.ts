import type { I2C, I2CConstructor } from "../ecma419.ts";
import { delay, type Timing } from "../timing.ts";

export interface I2CPortOptions {
  readonly io: I2CConstructor;
  readonly data: number;
  readonly clock: number;
  /** At most 400 kHz; 100 kHz is what long wires and stretching chips forgive. */
  readonly hz: number;
  readonly address: number;
  readonly port?: number;
  /** Handed to the I/O class as it is. */
  readonly timeout?: number;
  /** Least pause between two transfers, in ms. */
  readonly busFreeMs: number;
}

/** A transfer that took this long found the bus stuck; two of them are too much for one turn. */
const LONG_MS = 28;

/**
 * The bus as the PN532 driver sees it. An address that is not acknowledged is a normal answer
 * here ("not now"), not an error; who waits decides how long that may go on.
 */
export class I2CPort {
  readonly #options: I2CPortOptions;
  readonly #timing: Timing;
  #io: I2C | undefined;
  #lastStopMs = Number.NEGATIVE_INFINITY;
  #lastTookMs = 0;

  constructor(options: I2CPortOptions, timing: Timing) {
    this.#options = options;
    this.#timing = timing;
    this.open();
  }

  open(): void {
    if (this.#io !== undefined) return;
    const { io: Io, data, clock, hz, address, port, timeout } = this.#options;
    this.#io = new Io({
      data,
      clock,
      hz,
      address,
      ...(port === undefined ? {} : { port }),
      ...(timeout === undefined ? {} : { timeout }),
    });
  }

  /** Frees the pins, for instance for bus recovery. */
  close(): void {
    this.#io?.close();
    this.#io = undefined;
  }

  /** What the last transfer took. */
  get tookMs(): number {
    return this.#lastTookMs;
  }

  /** What to wait for before the next transfer; `undefined`, as a rule, when nothing is. */
  untilFree(): Promise<void> | undefined {
    const { busFreeMs } = this.#options;
    const mayBegin = this.#lastTookMs < LONG_MS && busFreeMs <= 0;
    return mayBegin ? undefined : this.#busFree(busFreeMs);
  }

  /**
   * `length` bytes, or `undefined` when the address was not acknowledged. After
   * {@link untilFree} only, as the next.
   */
  read(length: number): Uint8Array | undefined {
    // A fresh buffer is all zero: a read that times out without throwing, as the Pico's port
    // does, then carries the status byte "not ready" instead of the last frame.
    const bytes = new Uint8Array(length);
    return this.#transfer((io) => io.read(bytes)) ? bytes : undefined;
  }

  /**
   * False when the address was not acknowledged. True does not mean that every byte arrived: the
   * Pico's port does not report the NACK of a data byte. Only the chip's ACK frame does.
   */
  write(bytes: Uint8Array): boolean {
    return this.#transfer((io) => io.write(bytes));
  }

  #transfer(run: (io: I2C) => void): boolean {
    const io = this.#io;
    if (io === undefined) return false;
    const startMs = this.#timing.clock.monotonicMs();
    try {
      run(io);
      return true;
    } catch {
      return false;
    } finally {
      this.#lastStopMs = this.#timing.clock.monotonicMs();
      this.#lastTookMs = this.#lastStopMs - startMs;
    }
  }

  async #busFree(busFreeMs: number): Promise<void> {
    if (this.#lastTookMs >= LONG_MS) await delay(this.#timing.timer, 0);
    if (busFreeMs <= 0) return;
    const waitMs = this.#lastStopMs + busFreeMs - this.#timing.clock.monotonicMs();
    if (waitMs > 0) await delay(this.#timing.timer, waitMs);
  }
}
