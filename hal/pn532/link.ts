import { LatchkeyError } from "../../protocol/errors.ts";
import { Deadline, type Timing } from "../timing.ts";
import type { FrameChannel, Received } from "./channel.ts";
import {
  ACK_BYTES,
  damaged,
  encodeCommandFrame,
  FRAME_BYTES_MAX,
  frameBytes,
  nackFrame,
} from "./frame.ts";

/** UM0701-02 gives 15 ms for the ACK; twice that forgives a chip that is just waking. */
const ACK_LIMIT_MS = 30;
const SENDS_MAX = 3;
/** Reads of one reply: resends after damage, stale frames, one correction of the length. */
const READS_MAX = 6;

export interface ExchangeOptions {
  /** Data bytes that the reply is expected to carry; on I²C a longer one costs a transfer more. */
  readonly replyBytes: number;
  /** Limit for the reply after the ACK. */
  readonly timeoutMs: number;
  /** False where a command that may already have run must not be sent again. */
  readonly repeatable?: boolean;
}

/**
 * The dialogue with the chip (UM0701-02 §6.2.2), one command at a time, on whatever channel:
 *
 * ```
 * >  command
 * <  ACK            or NACK, or nothing: the command is sent again
 * <  reply          damaged: NACK, and it comes again
 * ```
 * A NACK is never sent because the chip is *not ready*: that wedges it.
 */
export class Pn532Link {
  readonly #channel: FrameChannel;
  readonly #timing: Timing;
  #cancelled = false;
  #running = false;

  constructor(channel: FrameChannel, timing: Timing) {
    this.#channel = channel;
    this.#timing = timing;
  }

  /**
   * Sends a command and gives back the data of its reply.
   * @throws bus-nack, serial-lost, pn532-no-ack, pn532-timeout, pn532-frame, pn532-syntax,
   *   cancelled
   */
  async exchange(command: number, data: Uint8Array, options: ExchangeOptions): Promise<Uint8Array> {
    this.#running = true;
    this.#cancelled = false;
    try {
      const frame = encodeCommandFrame(command, data);
      for (let send = 1; send <= SENDS_MAX; send++) {
        const sending = this.#channel.write(frame);
        if (sending !== undefined) await sending;
        const received = await this.#receive(ACK_BYTES, this.#limit(ACK_LIMIT_MS), true);
        if (this.#cancelled) await this.#giveUp();
        const ack = ackOf(received);
        if (ack === "nack") continue;
        if (ack === "none") {
          // The chip saw no whole frame. The abort makes it forget what it saw of one.
          await this.#channel.abort();
          continue;
        }
        const reply = await this.#readReply(command, options);
        if (reply !== undefined) return reply;
        await this.#channel.abort();
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
    this.#channel.interrupt();
  }

  async #readReply(command: number, options: ExchangeOptions): Promise<Uint8Array | undefined> {
    const deadline = this.#limit(options.timeoutMs);
    const length = Math.min(frameBytes(options.replyBytes), FRAME_BYTES_MAX);
    for (let reads = 0; reads < READS_MAX; reads++) {
      const received = await this.#receive(length, deadline, false);
      if (this.#cancelled) await this.#giveUp();
      if (received === undefined || received === "noise") return undefined;
      if (received === "damaged") {
        await this.#channel.write(nackFrame());
      } else if (received.kind === "error") {
        throw new LatchkeyError("pn532-syntax", { detail: { command } });
      } else if (received.kind === "reply" && received.code === command + 1) {
        return received.data;
      }
      // Anything else is left over from an earlier command: the next frame is ours.
    }
    await this.#channel.abort();
    throw damaged("no good reply after several reads");
  }

  #receive(frameBytes: number, deadline: Deadline, direct: boolean) {
    return this.#cancelled ? undefined : this.#channel.read({ frameBytes, deadline, direct });
  }

  /** @throws cancelled */
  async #giveUp(): Promise<never> {
    await this.#channel.abort();
    throw new LatchkeyError("cancelled");
  }

  #limit(limitMs: number): Deadline {
    return new Deadline(this.#timing.clock, limitMs + this.#channel.latencyMs);
  }
}

function ackOf(received: Received | undefined): "ack" | "nack" | "damaged" | "none" {
  if (received === undefined) return "none";
  if (typeof received === "string") return "damaged";
  return received.kind === "ack" || received.kind === "nack" ? received.kind : "damaged";
}
