import type { QueuedEvent } from "../world/event-queue.ts";
import type { World } from "../world/world.ts";
import type { Pn532Behaviour } from "./behaviour.ts";
import { ACK_FRAME, errorFrame, type HostFrame, NACK_FRAME } from "./host-frame.ts";

/** The part of the chip that runs commands. */
export interface CommandRunner {
  /**
   * Starts a command; `done` is called later, never at once, with the whole response frame.
   * The result calls the command off.
   */
  run(command: Uint8Array, done: (frame: Uint8Array) => void): () => void;
  /** Whether the chip answers this command at all in its present power mode. */
  listensTo(command: Uint8Array): boolean;
  /** A NACK came when there was nothing to repeat. */
  spuriousNack(): void;
  readonly bareFrames: boolean;
}

/** Frames that get lost inside the chip, counted down as they do. */
export interface LinkFaults {
  dropAcks: number;
  dropResponses: number;
}

/**
 * The dialogue with the host (UM0701-02 §6.2.2), the same on every face: a command is
 * acknowledged, then answered; NACK repeats the answer; ACK, or another command, calls off what
 * runs. A face offers frames to its wire one at a time and says when one has been taken.
 */
export class HostLink {
  readonly faults: LinkFaults = { dropAcks: 0, dropResponses: 0 };
  readonly #world: World;
  readonly #behaviour: Pn532Behaviour;
  readonly #runner: CommandRunner;
  readonly #onOffer: (offered: boolean) => void;
  readonly #events = new Set<QueuedEvent>();
  #outbox: Uint8Array[] = [];
  #offered: Uint8Array | undefined;
  #offering = false;
  #lastResponse: Uint8Array | undefined;
  #callOff: (() => void) | undefined;

  /** `onOffer` hears when a frame can be taken, and when none can any more: the IRQ line. */
  constructor(
    world: World,
    behaviour: Pn532Behaviour,
    runner: CommandRunner,
    onOffer: (offered: boolean) => void,
  ) {
    this.#world = world;
    this.#behaviour = behaviour;
    this.#runner = runner;
    this.#onOffer = onOffer;
  }

  /** The frame that the host can read now. */
  get offered(): Uint8Array | undefined {
    return this.#offered;
  }

  /** Something is still to come: a command runs, or a frame waits for its turn. */
  get busy(): boolean {
    return this.#callOff !== undefined || this.#offering || this.#outbox.length > 0;
  }

  /** The host has begun to read the offered frame: it is gone, but for a NACK. */
  taken(): void {
    if (this.#offered === undefined) return;
    this.#offered = undefined;
    this.#onOffer(false);
    this.#offerNext(this.#behaviour.turnUs);
  }

  receive(frame: HostFrame): void {
    switch (frame.kind) {
      case "ack":
        this.abort();
        return;
      case "nack":
        this.#resend();
        return;
      case "damaged":
        this.#world.record("pn532", `damaged ${frame.why}`);
        this.#onDamaged();
        return;
      case "command":
        if (this.#runner.listensTo(frame.command)) this.#start(frame.command);
        else this.#world.record("pn532", `ignored ${frame.command[0]!.toString(16)}`);
        return;
    }
  }

  /** Drops the running command and every frame that was not read. */
  abort(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    for (const event of this.#events) this.#world.cancel(event);
    this.#events.clear();
    this.#outbox = [];
    this.#offering = false;
    if (this.#offered !== undefined) {
      this.#offered = undefined;
      this.#onOffer(false);
    }
  }

  /** As after a reset: there is nothing to repeat either. */
  forget(): void {
    this.abort();
    this.#lastResponse = undefined;
  }

  #start(command: Uint8Array): void {
    this.abort();
    this.#lastResponse = undefined;
    if (this.faults.dropAcks > 0) this.faults.dropAcks--;
    else this.#post(Uint8Array.from(ACK_FRAME), this.#behaviour.ackUs);
    this.#callOff = this.#runner.run(command, (frame) => {
      this.#callOff = undefined;
      this.#lastResponse = frame;
      if (this.faults.dropResponses > 0) this.faults.dropResponses--;
      else this.#post(frame, 0);
    });
  }

  #resend(): void {
    if (this.#lastResponse === undefined || this.#callOff !== undefined) {
      this.#runner.spuriousNack();
      return;
    }
    const frame = this.#lastResponse;
    this.abort();
    this.#post(frame, this.#behaviour.ackUs);
  }

  #onDamaged(): void {
    const { badFrame, ackUs } = this.#behaviour;
    if (badFrame === "silence") return;
    const bare = this.#runner.bareFrames;
    this.#post(badFrame === "nack" ? Uint8Array.from(NACK_FRAME) : errorFrame(bare), ackUs);
  }

  #post(frame: Uint8Array, delayUs: number): void {
    this.#outbox.push(frame);
    if (this.#offered === undefined && !this.#offering) this.#offerNext(delayUs);
  }

  #offerNext(delayUs: number): void {
    if (this.#outbox.length === 0) return;
    this.#offering = true;
    const event = this.#world.after(delayUs, () => {
      this.#events.delete(event);
      this.#offering = false;
      this.#offered = this.#outbox.shift();
      if (this.#offered !== undefined) this.#onOffer(true);
    });
    this.#events.add(event);
  }
}
