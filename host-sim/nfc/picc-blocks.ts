import { concat } from "../../protocol/encoding/bytes.ts";
import { frameSize, waitingTimeUs } from "./air-frame.ts";
import type { Card, CardFaults } from "./card.ts";

/** A block of the card without its CRC, and when it starts after the reader's block. */
export interface CardBlock {
  readonly block: Uint8Array;
  readonly timeUs: number;
}

/**
 * A card handles a block that needs no computation within about this time: an assumption, above
 * the frame delay time of 91 µs that the hardware needs anyway.
 */
const TURNAROUND_US = 120;
/** A card asks for more time when this part of what it was given is used up. */
const WTX_AT = 0.8;
const WTXM_MAX = 59;
/** No card takes a longer command; one that is chained further is not answered. */
const COMMAND_MAX_BYTES = 1024;

/**
 * The card's side of ISO/IEC 14443-4: blocks in, blocks out, by the rules of §7.5.3.2-3 and
 * §7.5.4.3. Rule letters and numbers in the comments are the standard's.
 */
export class PiccBlocks {
  readonly #card: Card;
  readonly #faults: CardFaults;
  readonly #cid: number;
  readonly #fsd: number;
  readonly #fsc: number;
  readonly #fwtUs: number;
  /** Rule C: the card starts at 1. */
  #number = 1;
  #command: Uint8Array = new Uint8Array(0);
  /** What is still to be sent of a chained answer. */
  #rest: Uint8Array = new Uint8Array(0);
  #last: CardBlock | undefined;
  /** A command has been executed and its answer is not on the air yet. */
  #unanswered = false;
  #waiting: { response: Uint8Array; remainingUs: number; multiplier: number } | undefined;

  /** `rats` is the parameter byte of RATS: FSDI and CID. */
  constructor(card: Card, faults: CardFaults, ats: Uint8Array, rats: number) {
    this.#card = card;
    this.#faults = faults;
    this.#cid = rats & 15;
    this.#fsd = frameSize(rats >> 4);
    const format = readAts(ats);
    this.#fsc = format.fsc;
    this.#fwtUs = format.fwtUs;
  }

  /** The answer to one block, `"deselect"` with it when the card goes to HALT, or silence. */
  receive(block: Uint8Array): { answer: CardBlock; deselect: boolean } | undefined {
    const pcb = block[0]!;
    const withCid = (pcb & 0x08) !== 0;
    if (withCid ? block.length < 2 || (block[1]! & 15) !== this.#cid : this.#cid !== 0) {
      return undefined;
    }
    const inf = block.slice(withCid ? 2 : 1);
    if (block.length + 2 > this.#fsc) return undefined;
    let answer: CardBlock | undefined;
    if ((pcb & 0xe6) === 0x02) answer = this.#onI((pcb & 0x10) !== 0, inf, withCid);
    else if ((pcb & 0xe6) === 0xa2 && inf.length === 0) answer = this.#onR(pcb, withCid);
    else if ((pcb & 0xf7) === 0xf2) answer = this.#onWtx(inf, withCid);
    else if ((pcb & 0xf7) === 0xc2 && inf.length === 0) {
      return {
        answer: { block: this.#head(0xc2, withCid), timeUs: TURNAROUND_US },
        deselect: true,
      };
    }
    if (answer === undefined) return undefined;
    this.#last = answer;
    return { answer, deselect: false };
  }

  /** The last block that was handed out is on the air now. */
  onAir(): void {
    if (this.#waiting === undefined) this.#unanswered = false;
  }

  /** The power is about to go. */
  powerOff(): void {
    if (this.#command.length > 0) this.#card.torn?.(this.#command);
    else if (this.#unanswered) this.#card.torn?.();
  }

  #onI(chaining: boolean, inf: Uint8Array, withCid: boolean): CardBlock | undefined {
    if (this.#command.length + inf.length > COMMAND_MAX_BYTES) return undefined;
    this.#number ^= 1; // rule D
    this.#rest = new Uint8Array(0);
    this.#waiting = undefined;
    this.#command = concat(this.#command, inf);
    if (chaining) {
      return { block: this.#head(0xa2 | this.#number, withCid), timeUs: TURNAROUND_US }; // rule 2
    }
    const command = this.#command;
    this.#command = new Uint8Array(0);
    const { response, timeUs } = this.#card.apdu(command, command.length - inf.length);
    this.#unanswered = true;
    this.#faults.onApdu?.(command, response);
    const neededUs = timeUs + (this.#faults.extraTimeUs ?? 0);
    return this.#answerOrWait(response, neededUs, 1, withCid);
  }

  /** Rule 9: instead of an answer that would come too late, ask for time. */
  #answerOrWait(response: Uint8Array, neededUs: number, granted: number, cid: boolean): CardBlock {
    const limitUs = this.#fwtUs * granted * WTX_AT;
    if (neededUs <= limitUs || this.#faults.withoutWtx) {
      this.#waiting = undefined;
      this.#rest = response;
      return { block: this.#nextChunk(cid), timeUs: Math.max(neededUs, TURNAROUND_US) };
    }
    const remainingUs = neededUs - limitUs;
    const multiplier = Math.min(WTXM_MAX, Math.ceil(remainingUs / (this.#fwtUs * WTX_AT)));
    this.#waiting = { response, remainingUs, multiplier };
    const block = concat(this.#head(0xf2, cid), Uint8Array.of(multiplier));
    return { block, timeUs: limitUs };
  }

  #onWtx(inf: Uint8Array, withCid: boolean): CardBlock | undefined {
    const waiting = this.#waiting;
    if (waiting === undefined || inf.length !== 1 || (inf[0]! & 63) !== waiting.multiplier) {
      return undefined;
    }
    const { response, remainingUs, multiplier } = waiting;
    return this.#answerOrWait(response, remainingUs, multiplier, withCid);
  }

  #onR(pcb: number, withCid: boolean): CardBlock | undefined {
    if ((pcb & 1) === this.#number) {
      // Rule 11. A card that is not in mid-answer repeats at once what it has ready.
      return this.#last && { block: this.#last.block, timeUs: TURNAROUND_US };
    }
    if ((pcb & 0x10) !== 0) {
      return { block: this.#head(0xa2 | this.#number, withCid), timeUs: TURNAROUND_US }; // rule 12
    }
    if (this.#rest.length === 0) return undefined;
    this.#number ^= 1; // rule E
    return { block: this.#nextChunk(withCid), timeUs: TURNAROUND_US }; // rule 13
  }

  #nextChunk(withCid: boolean): Uint8Array {
    const room = this.#fsd - 3 - (withCid ? 1 : 0);
    const chunk = this.#rest.subarray(0, room);
    this.#rest = this.#rest.slice(room);
    const chaining = this.#rest.length > 0 ? 0x10 : 0;
    return concat(this.#head(0x02 | chaining | this.#number, withCid), chunk);
  }

  #head(pcb: number, withCid: boolean): Uint8Array {
    return withCid ? Uint8Array.of(pcb | 0x08, this.#cid) : Uint8Array.of(pcb);
  }
}

/** What the interface bytes of an ATS say; defaults of §5.2 where one is absent. */
export interface AtsFormat {
  /** Largest frame that the card takes, with PCB and CRC. */
  readonly fsc: number;
  readonly fwtUs: number;
  /** Start-up frame guard time. */
  readonly sfgtUs: number;
  readonly supportsCid: boolean;
  readonly historical: Uint8Array;
}

/** Reads an ATS (TL first). A damaged one gives the defaults for what it lacks. */
export function readAts(ats: Uint8Array): AtsFormat {
  const t0 = ats.length > 1 ? ats[1]! : 0x02; // FSCI 2 when T0 is absent
  let at = 2;
  if (t0 & 0x10) at++;
  const tb = t0 & 0x20 ? (ats[at++] ?? 0x40) : 0x40; // FWI 4, SFGI 0
  const tc = t0 & 0x40 ? (ats[at++] ?? 0x02) : 0x02; // CID supported, NAD not
  const sfgi = tb & 15;
  return {
    fsc: frameSize(t0 & 15),
    fwtUs: waitingTimeUs(tb >> 4),
    sfgtUs: sfgi === 0 || sfgi === 15 ? 0 : waitingTimeUs(sfgi),
    supportsCid: (tc & 2) !== 0,
    historical: ats.slice(at),
  };
}
