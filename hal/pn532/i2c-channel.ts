import { LatchkeyError } from "../../protocol/errors.ts";
import type { Log } from "../../protocol/platform.ts";
import { recoverBus } from "../i2c-recovery.ts";
import { Deadline, delay, type Timing } from "../timing.ts";
import type { FrameChannel, ReadRequest, Received } from "./channel.ts";
import { ackFrame, frameSize, tryParseFrame } from "./frame.ts";
import { I2CPort } from "./i2c-port.ts";
import type { I2CHost } from "./options.ts";
import { ReadyLine } from "./ready-line.ts";

/** How long the chip may refuse its address before a write. */
const WRITE_LIMIT_MS = 50;
/** How often to look at the chip although the IRQ line says that nothing is there. */
const GUARD_MS = 50;
/** So many frames in a row that the IRQ line kept silent about, and it is taken for broken. */
const SILENT_MAX = 3;
/** So many announcements in a row with no frame behind them, likewise (a line stuck low). */
const FALSE_MAX = 10;
const POLL_MAX_MS = 10;
const POLL_MIN_MS = 1;

/**
 * Frames over I²C. Every read begins with a status byte (01 = a frame follows); reading only that
 * byte does not use up the frame, reading on does.
 *
 * ```
 * W command frame
 * R 01 ACK(6)              by IRQ edge, or tried every millisecond
 * R 01 reply(exact size)   by IRQ edge, or status byte alone at growing intervals
 * W NACK, R 01 reply       only if that frame was damaged or longer than expected
 * ```
 */
export class I2CChannel implements FrameChannel {
  readonly latencyMs = 0;
  readonly #host: I2CHost;
  readonly #timing: Timing;
  readonly #log: Log | undefined;
  readonly #port: I2CPort;
  #irq: ReadyLine | undefined;
  #silent = 0;
  #falseAlarms = 0;
  #interrupted = false;
  /** What the header of a frame said that was read too short. */
  #atLeastBytes = 0;

  constructor(host: I2CHost, timing: Timing, log?: Log) {
    this.#host = host;
    this.#timing = timing;
    this.#log = log;
    const { i2c, busFreeMs = 0, irq } = host;
    this.#port = new I2CPort({ hz: 100_000, address: 0x24, busFreeMs, ...i2c }, timing);
    try {
      if (irq !== undefined) this.#irq = new ReadyLine(irq, timing);
    } catch (error) {
      this.#port.close();
      throw error;
    }
  }

  /** False too once the line proved to be broken. */
  get usesIrq(): boolean {
    return this.#irq !== undefined;
  }

  write(frame: Uint8Array, limitMs = WRITE_LIMIT_MS): Promise<void> | undefined {
    const free = this.#port.untilFree();
    if (free === undefined && this.#port.write(frame)) return undefined;
    return this.#keepWriting(frame, limitMs, free);
  }

  /** The chip is not there yet, or the bus is not free. */
  async #keepWriting(
    frame: Uint8Array,
    limitMs: number,
    free: Promise<void> | undefined,
  ): Promise<void> {
    const tookMs = free === undefined ? this.#port.tookMs : 0;
    const deadline = new Deadline(this.#timing.clock, limitMs - tookMs);
    if (free !== undefined) {
      await free;
      if (this.#port.write(frame)) return;
    }
    for (;;) {
      if (deadline.passed) throw new LatchkeyError("bus-nack");
      await delay(this.#timing.timer, pollPause(deadline));
      await this.#port.untilFree();
      if (this.#port.write(frame)) return;
    }
  }

  abort(limitMs = WRITE_LIMIT_MS): Promise<void> | undefined {
    this.#atLeastBytes = 0;
    return this.write(ackFrame(), limitMs);
  }

  /**
   * Asks for the frame as soon as the line announces one, or the status byte says so, or at once
   * where `direct` knows the chip to be quick. All in one function: on a device each that waits
   * costs as much as a short transfer.
   */
  async read({ frameBytes, deadline, direct }: ReadRequest): Promise<Received | undefined> {
    this.#interrupted = false;
    const length = Math.max(frameBytes, this.#atLeastBytes);
    for (;;) {
      const { leftMs } = deadline;
      let announced: boolean | Promise<boolean> = false;
      if (this.#irq === undefined)
        await delay(this.#timing.timer, Math.min(pollPause(deadline), leftMs));
      else announced = this.#irq.wait(Math.min(GUARD_MS, leftMs));
      if (typeof announced !== "boolean") announced = await announced;
      if (this.#interrupted) return undefined;
      if (announced || direct || (await this.#statusIsReady())) {
        const free = this.#port.untilFree();
        if (free !== undefined) await free;
        const bytes = this.#port.read(length + 1);
        if (bytes !== undefined && isReady(bytes[0]!)) {
          this.#judgeLine(announced);
          return this.#parsed(bytes.subarray(1));
        }
        // The line may still be low from the frame before; give it time to rise.
        if (announced) await this.#falseAlarm();
      }
      if (deadline.passed) return undefined;
    }
  }

  #parsed(bytes: Uint8Array): Received {
    const frame = tryParseFrame(bytes);
    this.#atLeastBytes = frame === undefined ? (frameSize(bytes) ?? 0) : 0;
    return frame ?? "damaged";
  }

  interrupt(): void {
    this.#interrupted = true;
    this.#irq?.wake();
  }

  recover(holdChip: () => void): void {
    const { recovery, i2c } = this.#host;
    if (recovery === undefined) return;
    holdChip();
    this.#port.close();
    try {
      recoverBus({ io: recovery.io, data: i2c.data, clock: i2c.clock });
    } finally {
      this.#port.open();
    }
  }

  close(): void {
    this.#irq?.close();
    this.#port.close();
  }

  async #statusIsReady(): Promise<boolean> {
    await this.#port.untilFree();
    const status = this.#port.read(1);
    return status !== undefined && isReady(status[0]!);
  }

  #judgeLine(announced: boolean): void {
    this.#falseAlarms = 0;
    this.#silent = announced ? 0 : this.#silent + 1;
    if (this.#silent >= SILENT_MAX) this.#dropLine("silent");
  }

  async #falseAlarm(): Promise<void> {
    if (++this.#falseAlarms >= FALSE_MAX) this.#dropLine("stuck-low");
    await delay(this.#timing.timer, POLL_MIN_MS);
  }

  /** The driver works without the line, only slower: better than trusting a broken wire. */
  #dropLine(reason: string): void {
    if (this.#irq === undefined) return;
    this.#irq.close();
    this.#irq = undefined;
    this.#log?.write("warn", "pn532-irq-unusable", { reason });
  }
}

/** Bit 0 counts; FF is what a bus gives on which nobody speaks. */
function isReady(status: number): boolean {
  return (status & 1) === 1 && status !== 0xff;
}

/** Grows with the time already waited, so that looking costs at most an eighth on top. */
function pollPause(deadline: Deadline): number {
  return Math.min(POLL_MAX_MS, Math.max(POLL_MIN_MS, deadline.elapsedMs / 8));
}
