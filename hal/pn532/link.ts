import { LatchkeyError } from "../../protocol/errors.ts";
import type { Log } from "../../protocol/platform.ts";
import { Deadline, delay, type Timing } from "../timing.ts";
import {
  ACK_BYTES,
  ackFrame,
  damaged,
  encodeCommandFrame,
  FRAME_BYTES_MAX,
  type Frame,
  frameBytes,
  frameSize,
  nackFrame,
  parseFrame,
} from "./frame.ts";
import type { I2CPort } from "./i2c-port.ts";
import type { ReadyLine } from "./ready-line.ts";

/** UM0701-02 gives 15 ms for the ACK; twice that forgives a chip that is just waking. */
const ACK_LIMIT_MS = 30;
/** How long the chip may refuse its address before a write. */
const WRITE_LIMIT_MS = 50;
const SENDS_MAX = 3;
/** Reads of one reply: resends after damage, stale frames, one correction of the length. */
const READS_MAX = 6;
/** How often to look at the chip although the IRQ line says that nothing is there. */
const GUARD_MS = 50;
/** So many frames in a row that the IRQ line kept silent about, and it is taken for broken. */
const SILENT_MAX = 3;
/** So many announcements in a row with no frame behind them, likewise (a line stuck low). */
const FALSE_MAX = 10;
const POLL_MAX_MS = 10;
const POLL_MIN_MS = 1;

export interface ExchangeOptions {
  /** Data bytes that the reply is expected to carry; a longer one costs one more transfer. */
  readonly replyBytes: number;
  /** Limit for the reply after the ACK. */
  readonly timeoutMs: number;
  /** Limit for the chip to acknowledge its address; it is longer while it starts. */
  readonly writeLimitMs?: number;
  /** False where a command that may already have run must not be sent again. */
  readonly repeatable?: boolean;
}

/**
 * One command at a time over I²C. Every read begins with a status byte (01 = a frame follows);
 * reading only that byte does not use up the frame, reading on does.
 *
 * ```
 * W command frame
 * R 01 ACK(6)              by IRQ edge, or tried every millisecond
 * R 01 reply(exact size)   by IRQ edge, or status byte alone at growing intervals
 * W NACK, R 01 reply       only if that frame was damaged or longer than expected
 * ```
 * A NACK is never sent because the chip is *not ready*: that wedges it.
 */
export class Pn532Link {
  readonly #port: I2CPort;
  readonly #timing: Timing;
  readonly #log: Log | undefined;
  #irq: ReadyLine | undefined;
  #silent = 0;
  #falseAlarms = 0;
  #cancelled = false;
  #running = false;

  constructor(port: I2CPort, timing: Timing, irq?: ReadyLine, log?: Log) {
    this.#port = port;
    this.#timing = timing;
    this.#irq = irq;
    this.#log = log;
  }

  /** Whether frames are announced by the IRQ line (false once it proved to be broken). */
  get usesIrq(): boolean {
    return this.#irq !== undefined;
  }

  /**
   * Sends a command and gives back the data of its reply.
   * @throws bus-nack, pn532-no-ack, pn532-timeout, pn532-frame, pn532-syntax, cancelled
   */
  async exchange(command: number, data: Uint8Array, options: ExchangeOptions): Promise<Uint8Array> {
    this.#running = true;
    this.#cancelled = false;
    try {
      const frame = encodeCommandFrame(command, data);
      for (let send = 1; send <= SENDS_MAX; send++) {
        await this.#write(frame, options.writeLimitMs ?? WRITE_LIMIT_MS);
        const ack = await this.#readAck();
        if (ack === "nack") continue;
        if (ack === "none") {
          // The chip saw no whole frame. The abort makes it forget what it saw of one.
          await this.abortNow();
          continue;
        }
        const reply = await this.#readReply(command, options);
        if (reply !== undefined) return reply;
        await this.abortNow();
        // A damaged ACK may have been a NACK; only a reply could have told.
        if (ack === "ack" || options.repeatable === false)
          throw new LatchkeyError("pn532-timeout", { detail: { command } });
      }
      throw new LatchkeyError("pn532-no-ack", { detail: { command } });
    } finally {
      this.#running = false;
    }
  }

  /** Makes the exchange under way end with `cancelled`; does nothing when there is none. */
  cancel(): void {
    if (!this.#running) return;
    this.#cancelled = true;
    this.#irq?.wake();
  }

  /** Sends the host's ACK, which aborts what the chip is doing. @throws bus-nack */
  async abortNow(limitMs = WRITE_LIMIT_MS): Promise<void> {
    await this.#write(ackFrame(), limitMs);
  }

  async #write(frame: Uint8Array, limitMs: number): Promise<void> {
    const deadline = new Deadline(this.#timing.clock, limitMs);
    while (!(await this.#port.write(frame))) {
      if (deadline.passed) throw new LatchkeyError("bus-nack");
      await delay(this.#timing.timer, pollPause(deadline));
    }
  }

  async #readAck(): Promise<"ack" | "nack" | "damaged" | "none"> {
    const deadline = new Deadline(this.#timing.clock, ACK_LIMIT_MS);
    const bytes = await this.#readReady(ACK_BYTES, deadline, true);
    if (bytes === undefined) return "none";
    const frame = tryParse(bytes);
    return frame?.kind === "ack" || frame?.kind === "nack" ? frame.kind : "damaged";
  }

  async #readReply(command: number, options: ExchangeOptions): Promise<Uint8Array | undefined> {
    const deadline = new Deadline(this.#timing.clock, options.timeoutMs);
    let length = Math.min(frameBytes(options.replyBytes), FRAME_BYTES_MAX);
    for (let reads = 0; reads < READS_MAX; reads++) {
      const bytes = await this.#readReady(length, deadline, false);
      if (bytes === undefined) return undefined;
      const frame = tryParse(bytes);
      if (frame === undefined) {
        length = Math.max(length, frameSize(bytes) ?? 0);
        await this.#write(nackFrame(), WRITE_LIMIT_MS);
      } else if (frame.kind === "error") {
        throw new LatchkeyError("pn532-syntax", { detail: { command } });
      } else if (frame.kind === "reply" && frame.code === command + 1) {
        return frame.data;
      }
      // Anything else is left over from an earlier command: the next frame is ours.
    }
    await this.abortNow();
    throw damaged("no good reply after several reads");
  }

  /**
   * A frame of up to `length` bytes without its status byte, as soon as the chip has one;
   * `undefined` when `deadline` passes. `direct` reads the frame without asking for the status
   * first, which pays off where the chip is known to be quick.
   */
  async #readReady(
    length: number,
    deadline: Deadline,
    direct: boolean,
  ): Promise<Uint8Array | undefined> {
    for (;;) {
      const announced = await this.#awaitAnnouncement(deadline);
      if (this.#cancelled) await this.#endCancelled();
      if (announced || direct || (await this.#statusIsReady())) {
        const bytes = await this.#port.read(length + 1);
        if (bytes !== undefined && isReady(bytes[0]!)) {
          this.#judgeLine(announced);
          return bytes.subarray(1);
        }
        // The line may still be low from the frame before; give it time to rise.
        if (announced) await this.#falseAlarm();
      }
      if (deadline.passed) return undefined;
    }
  }

  /** True when the IRQ line announces a frame, false when it is time to look without it. */
  async #awaitAnnouncement(deadline: Deadline): Promise<boolean> {
    if (this.#irq !== undefined) return this.#irq.wait(Math.min(GUARD_MS, deadline.leftMs));
    await delay(this.#timing.timer, Math.min(pollPause(deadline), deadline.leftMs));
    return false;
  }

  async #statusIsReady(): Promise<boolean> {
    const status = await this.#port.read(1);
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

  async #endCancelled(): Promise<never> {
    await this.abortNow();
    throw new LatchkeyError("cancelled");
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

function tryParse(bytes: Uint8Array): Frame | undefined {
  try {
    return parseFrame(bytes);
  } catch {
    return undefined;
  }
}
