import { toHex } from "../../protocol/encoding/hex.ts";
import type { World } from "../world/world.ts";
import {
  type AirFrame,
  airTimeUs,
  bitAt,
  FDT_TO_PCD_US,
  frameDelayUs,
  POWER_UP_US,
} from "./air-frame.ts";
import type { Card, CardFaults } from "./card.ts";
import { Picc, type PiccReply } from "./picc.ts";

/** What the reader's antenna hears after a frame. */
export type AirReply =
  | { readonly kind: "frame"; readonly frame: AirFrame }
  /** Several cards differ; `atBit` is the first bit where they do, `frame` is up to there. */
  | { readonly kind: "collision"; readonly frame: AirFrame; readonly atBit: number }
  /** Something that is no frame: cut off in the middle, or two cards out of step. */
  | { readonly kind: "garbled" }
  | { readonly kind: "silence" };

/** Bytes and times on the air since the field was made, for budgets. */
export interface AirStats {
  /** Time in which a frame was on the air. */
  airUs: number;
  /** Time that the protocol makes one side wait (frame delays and guard times). */
  delayUs: number;
  /** Time that chips computed. */
  chipUs: number;
  /** Time spent waiting for an answer that did not come. */
  silenceUs: number;
  pcdBytes: number;
  piccBytes: number;
  frames: number;
}

interface Presence {
  readonly picc: Picc;
  readyUs: number;
  leftUs: number;
  /** Air bytes after which the card vanishes, counted down. */
  leaveAfterBytes: number;
  /** Whether the reader has heard of it since it came. */
  heard: boolean;
}

/**
 * The volume in front of the antenna: who is in it, whether the field is on, and one frame at a
 * time going out and coming back. Cards may come and go at any microsecond; everything runs as
 * events of the world, so that it goes on while the node's CPU is busy.
 */
export class NfcField {
  readonly stats: AirStats = {
    airUs: 0,
    delayUs: 0,
    chipUs: 0,
    silenceUs: 0,
    pcdBytes: 0,
    piccBytes: 0,
    frames: 0,
  };
  readonly #world: World;
  #present: Presence[] = [];
  readonly #listeners: ((cards: readonly Card[]) => void)[] = [];
  readonly #onFirstAnswer: ((card: Card, askedUs: number) => void)[] = [];
  #isOn = false;
  #busy = false;
  #quietSinceUs = Number.NEGATIVE_INFINITY;

  constructor(world: World) {
    this.#world = world;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** The cards in the field, in order of arrival. */
  present(): readonly Card[] {
    return this.#present.map((presence) => presence.picc.card);
  }

  /** Called after every arrival and departure. */
  onChange(listener: (cards: readonly Card[]) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Called when a card answers for the first time since it came; `askedUs` is when the reader
   * began to send the frame that it answers. What came before is waiting, not talking.
   */
  onFirstAnswer(listener: (card: Card, askedUs: number) => void): void {
    this.#onFirstAnswer.push(listener);
  }

  /** Puts a card into the field, now. Returns its faults, to be changed while it is there. */
  enter(card: Card, faults: CardFaults = {}): CardFaults {
    if (this.present().includes(card)) throw new Error("the card is in the field already");
    const presence = {
      picc: new Picc(card, faults),
      readyUs: 0,
      leftUs: Number.POSITIVE_INFINITY,
      leaveAfterBytes: Number.POSITIVE_INFINITY,
      heard: false,
    };
    this.#present.push(presence);
    this.#world.record("nfc", `enter ${toHex(card.uid)}`);
    if (this.#isOn) this.#power(presence);
    this.#changed();
    return faults;
  }

  /** Takes a card out of the field, now, whatever is on the air. Absent cards are ignored. */
  leave(card: Card): void {
    const presence = this.#present.find((other) => other.picc.card === card);
    if (presence === undefined) return;
    this.#present = this.#present.filter((other) => other !== presence);
    presence.leftUs = this.#world.nowUs();
    this.#world.record("nfc", `leave ${toHex(card.uid)}`);
    presence.picc.powerOff();
    this.#changed();
  }

  /** The card vanishes once `bytes` further bytes, of either direction, were on the air. */
  leaveAfterBytes(card: Card, bytes: number): void {
    const presence = this.#present.find((other) => other.picc.card === card);
    if (presence === undefined) throw new Error("the card is not in the field");
    presence.leaveAfterBytes = bytes;
  }

  switchOn(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    for (const presence of this.#present) this.#power(presence);
  }

  switchOff(): void {
    if (!this.#isOn) return;
    this.#isOn = false;
    for (const presence of this.#present) {
      presence.leftUs = this.#world.nowUs(); // a reply that is under way breaks off
      presence.picc.powerOff();
    }
  }

  /**
   * Sends one frame and calls `done` with what comes back, at the time when it has come back or
   * `waitUs` after the end of the frame. One at a time. Returns a function that calls it off:
   * `done` is then never called.
   */
  transmit(frame: AirFrame, waitUs: number, done: (reply: AirReply) => void): () => void {
    if (this.#busy) throw new Error("the reader is still on the air");
    this.#busy = true;
    const job = { cancelled: false };
    const now = this.#world.nowUs();
    const startUs = Math.max(now, this.#quietSinceUs + FDT_TO_PCD_US);
    const frameUs = airTimeUs(frame, "pcd");
    this.stats.delayUs += startUs - now;
    const finish = (reply: AirReply): void => {
      this.#quietSinceUs = this.#world.nowUs();
      if (job.cancelled) return;
      this.#busy = false;
      done(reply);
    };
    this.#world.after(startUs - now, () => {
      if (job.cancelled) return;
      const exposed = this.#isOn ? this.#present.slice() : [];
      this.#count("pcdBytes", frame, frameUs);
      this.#countDown(exposed, frame, frameUs);
      this.#world.after(frameUs, () => {
        if (!job.cancelled) this.#deliver(frame, exposed, startUs, waitUs, finish);
      });
    });
    return () => {
      if (job.cancelled) return;
      job.cancelled = true;
      this.#busy = false;
      this.#quietSinceUs = this.#world.nowUs();
    };
  }

  /** The reader's frame is over: who heard all of it, and what do they say to it? */
  #deliver(
    frame: AirFrame,
    exposed: readonly Presence[],
    startUs: number,
    waitUs: number,
    finish: (reply: AirReply) => void,
  ): void {
    const endUs = this.#world.nowUs();
    const silence = (fromUs: number): void => {
      this.stats.silenceUs += waitUs;
      this.#world.after(Math.max(0, endUs + waitUs - fromUs), () => finish({ kind: "silence" }));
    };
    const replies: { presence: Presence; reply: PiccReply; readyUs: number }[] = [];
    for (const presence of exposed) {
      if (presence.leftUs <= endUs || presence.readyUs > startUs) continue;
      const reply = presence.picc.receive(frame);
      if (reply === undefined) continue;
      if (reply.delayUs > waitUs) {
        // The card finishes its work and speaks to nobody.
        this.#world.after(reply.delayUs, () => presence.picc.onAir());
        continue;
      }
      replies.push({ presence, reply, readyUs: presence.readyUs });
    }
    if (replies.length === 0) {
      silence(endUs);
      return;
    }
    const first = Math.min(...replies.map(({ reply }) => reply.delayUs));
    const replyUs = Math.max(
      ...replies.map(({ reply }) => reply.delayUs - first + airTimeUs(reply.frame, "picc")),
    );
    const heard = superpose(replies.map(({ reply }) => reply));
    const minimumUs = Math.min(first, frameDelayUs(frame));
    this.#world.after(first, () => {
      const spoken = replies.filter((spoken) => !lostPower(spoken));
      if (spoken.length === 0) {
        silence(endUs + first);
        return;
      }
      this.stats.delayUs += minimumUs;
      this.stats.chipUs += first - minimumUs;
      this.#count("piccBytes", spoken[0]!.reply.frame, replyUs);
      const speakers = spoken.map(({ presence }) => presence);
      for (const presence of speakers) {
        presence.picc.onAir();
        this.#hear(presence, startUs);
      }
      this.#countDown(speakers, spoken[0]!.reply.frame, replyUs);
      this.#world.after(replyUs, () => {
        finish(replies.some(lostPower) ? { kind: "garbled" } : heard);
      });
    });
  }

  #hear(presence: Presence, askedUs: number): void {
    if (presence.heard) return;
    presence.heard = true;
    for (const listener of this.#onFirstAnswer) listener(presence.picc.card, askedUs);
  }

  #power(presence: Presence): void {
    presence.leftUs = Number.POSITIVE_INFINITY;
    presence.readyUs = this.#world.nowUs() + POWER_UP_US;
    presence.picc.powerOn();
  }

  #count(side: "pcdBytes" | "piccBytes", frame: AirFrame, airUs: number): void {
    this.stats.frames++;
    this.stats.airUs += airUs;
    this.stats[side] += Math.ceil(frame.bits / 8);
  }

  /** Lets cards leave in the middle of the frame in which their last byte falls. */
  #countDown(presences: readonly Presence[], frame: AirFrame, airUs: number): void {
    const bytes = Math.ceil(frame.bits / 8);
    for (const presence of presences) {
      const left = presence.leaveAfterBytes;
      presence.leaveAfterBytes -= bytes;
      if (left > 0 && left <= bytes) {
        this.#world.after((airUs * left) / bytes, () => this.leave(presence.picc.card));
      }
    }
  }

  #changed(): void {
    const cards = this.present();
    for (const listener of this.#listeners) listener(cards);
  }
}

/** Whether a card went without power since it took up its reply, if only for a moment. */
function lostPower({ presence, readyUs }: { presence: Presence; readyUs: number }): boolean {
  return presence.readyUs !== readyUs || presence.leftUs !== Number.POSITIVE_INFINITY;
}

/** What several cards together sound like: Manchester code shows where they differ. */
function superpose(replies: readonly PiccReply[]): AirReply {
  const first = replies[0]!;
  if (replies.length === 1) return { kind: "frame", frame: first.frame };
  const inStep = replies.every(
    (reply) => reply.delayUs === first.delayUs && reply.frame.bits === first.frame.bits,
  );
  if (!inStep) return { kind: "garbled" };
  for (let bit = 0; bit < first.frame.bits; bit++) {
    if (replies.some((reply) => bitAt(reply.frame, bit) !== bitAt(first.frame, bit))) {
      return { kind: "collision", frame: { bytes: first.frame.bytes, bits: bit }, atBit: bit };
    }
  }
  return { kind: "frame", frame: first.frame };
}
