import { type AirFrame, crcFrame, frameDelayUs, plainFrame } from "./air-frame.ts";
import type { Card, CardFaults } from "./card.ts";
import { withoutCrcA } from "./crc-a.ts";
import { PiccBlocks } from "./picc-blocks.ts";
import { cascadeLevels, SAK_CASCADE, selectStep } from "./picc-select.ts";

/** A card's frame and when it starts, counted from the end of the reader's frame. */
export interface PiccReply {
  readonly frame: AirFrame;
  readonly delayUs: number;
  /** The part of the delay that is the chip's own computing and not the air protocol's. */
  readonly chipUs: number;
}

type State = "off" | "idle" | "ready" | "active" | "protocol" | "halt";

/**
 * The contactless front of a card: ISO/IEC 14443-3 type A states (§6.3) around the block
 * protocol. A frame it does not understand sends it back to IDLE, or to HALT if it came from
 * there (the starred states of the standard).
 */
export class Picc {
  readonly card: Card;
  readonly faults: CardFaults;
  #state: State = "off";
  #halted = false;
  #level = 0;
  #levels: readonly Uint8Array[] = [];
  #blocks: PiccBlocks | undefined;

  constructor(card: Card, faults: CardFaults = {}) {
    this.card = card;
    this.faults = faults;
  }

  get state(): State {
    return this.#state;
  }

  powerOn(): void {
    this.card.fieldOn();
    this.#levels = cascadeLevels(this.card.uid);
    this.#state = "idle";
    this.#halted = false;
  }

  powerOff(): void {
    if (this.#state === "off") return;
    this.#blocks?.powerOff();
    this.#state = "off";
    this.#blocks = undefined;
    this.card.fieldOff();
  }

  /** The card has begun to send the reply that it was last asked for. */
  onAir(): void {
    this.#blocks?.onAir();
  }

  /** What the card does with a frame: its answer, or silence. */
  receive(frame: AirFrame): PiccReply | undefined {
    const reply = this.#dispatch(frame);
    if (reply === undefined || this.faults.mute) return undefined;
    const garbled = this.faults.garbledFrames ?? 0;
    if (garbled === 0 || reply.frame.bits < 24) return reply;
    this.faults.garbledFrames = garbled - 1;
    const bytes = reply.frame.bytes.slice();
    bytes[0] = bytes[0]! ^ 0x80;
    return { ...reply, frame: { bytes, bits: reply.frame.bits } };
  }

  #dispatch(frame: AirFrame): PiccReply | undefined {
    switch (this.#state) {
      case "off":
        return undefined;
      case "idle":
      case "halt":
        return this.#onRequest(frame);
      case "ready":
        return this.#onSelect(frame);
      case "active":
        return this.#onActive(frame);
      case "protocol":
        return this.#onBlock(frame);
    }
  }

  #onRequest(frame: AirFrame): PiccReply | undefined {
    const wakes = frame.bits === 7 && (frame.bytes[0] === 0x52 || frame.bytes[0] === 0x26);
    if (!wakes || (this.#state === "halt" && frame.bytes[0] === 0x26)) return undefined;
    this.#state = "ready";
    this.#level = 0;
    const { atqa } = this.card;
    return at3(frame, plainFrame(Uint8Array.of(atqa & 0xff, atqa >> 8))); // low byte first
  }

  #onSelect(frame: AirFrame): PiccReply | undefined {
    const step = selectStep(frame, this.#level, this.#levels[this.#level]!);
    if (step.kind === "bits") return at3(frame, step.frame);
    if (step.kind === "silent") {
      this.#fallBack();
      return undefined;
    }
    this.#level++;
    const complete = this.#level === this.#levels.length;
    if (complete) this.#state = "active";
    return at3(frame, crcFrame(Uint8Array.of(complete ? this.card.sak : SAK_CASCADE)));
  }

  #onActive(frame: AirFrame): PiccReply | undefined {
    const body = frame.bits % 8 === 0 ? withoutCrcA(frame.bytes) : undefined;
    if (body?.length === 2 && body[0] === 0x50 && body[1] === 0x00) {
      this.#halt();
      return undefined; // HLTA is acknowledged by silence
    }
    const ats = this.faults.ats ?? this.card.ats;
    if (body?.length === 2 && body[0] === 0xe0 && (body[1]! & 15) !== 15 && ats.length > 0) {
      this.#state = "protocol";
      this.#blocks = new PiccBlocks(this.card, this.faults, ats, body[1]!);
      return at4(frame, ats, 0);
    }
    this.#fallBack();
    return undefined;
  }

  #onBlock(frame: AirFrame): PiccReply | undefined {
    // A card in PROTOCOL answers nothing that is not a good block (§7.5.5.2).
    const body = frame.bits % 8 === 0 ? withoutCrcA(frame.bytes) : undefined;
    if (body === undefined) return undefined;
    // PPS at 106 kbit/s in both directions, the only rate that this reader uses (§5.3).
    if ((body[0]! & 0xf0) === 0xd0 && body.length === 3 && body[1] === 0x11 && body[2] === 0) {
      return at4(frame, body.slice(0, 1), 0);
    }
    const result = this.#blocks!.receive(body);
    if (result === undefined) return undefined;
    if (result.deselect) this.#halt();
    return at4(frame, result.answer.block, result.answer.timeUs);
  }

  #halt(): void {
    this.#state = "halt";
    this.#halted = true;
    this.#blocks = undefined;
    this.card.deselect();
  }

  #fallBack(): void {
    this.#state = this.#halted ? "halt" : "idle";
  }
}

/** Part 3 answers come exactly one frame delay time later, so that all cards speak at once. */
function at3(request: AirFrame, frame: AirFrame): PiccReply {
  return { frame, delayUs: frameDelayUs(request), chipUs: 0 };
}

/** Part 4 answers come when the chip is ready. */
function at4(request: AirFrame, block: Uint8Array, timeUs: number): PiccReply {
  const delayUs = Math.max(frameDelayUs(request), timeUs);
  return { frame: crcFrame(block), delayUs, chipUs: timeUs };
}
