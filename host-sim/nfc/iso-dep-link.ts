import { concat, equalBytes } from "../../protocol/encoding/bytes.ts";
import { crcFrame, waitingTimeUs } from "./air-frame.ts";
import { type AirFailure, type AirProcedure, bodyOf, hasFailed } from "./air-procedure.ts";
import { type AtsFormat, readAts } from "./picc-blocks.ts";

const WTXM_MAX = 59;
/** A card that does nothing but ask for more time is given up after this many requests. */
const WTX_LIMIT = 100;

/** The reader's side of ISO/IEC 14443-4 with one card: rules A, B and 1-7 of §7.5.3-4. */
export class IsoDepLink {
  readonly ats: Uint8Array;
  readonly format: AtsFormat;
  readonly #cid: number;
  /** Rule A. */
  #number = 0;

  constructor(ats: Uint8Array, cid: number) {
    this.ats = ats;
    this.format = readAts(ats);
    this.#cid = cid;
  }

  /**
   * One command APDU and its response APDU; chained both ways as the frame sizes demand.
   * @param retries how often a lost or damaged block is asked for again (rules 4 and 5).
   */
  *exchange(command: Uint8Array, retries = 0): AirProcedure<{ response: Uint8Array } | AirFailure> {
    const room = this.format.fsc - 3 - (this.#cid > 0 ? 1 : 0);
    for (let at = 0; ; at += room) {
      const inf = command.subarray(at, at + room);
      const more = at + room < command.length;
      const block = this.#block(0x02 | (more ? 0x10 : 0) | this.#number, inf);
      const answer = yield* this.#blockExchange(block, retries, false);
      if (hasFailed(answer)) return answer;
      if (!more) return yield* this.#collect(answer, retries);
      if ((answer.pcb & 0xf6) !== 0xa2 || (answer.pcb & 1) !== this.#number) {
        return { failed: "protocol", why: "a chained block was not acknowledged" };
      }
      this.#number ^= 1; // rules B and 7
    }
  }

  /** The answer's I-blocks, acknowledged one by one (rule 2). */
  *#collect(first: Block, retries: number): AirProcedure<{ response: Uint8Array } | AirFailure> {
    let response: Uint8Array = new Uint8Array(0);
    let answer = first;
    for (;;) {
      if ((answer.pcb & 0xe6) !== 0x02) return { failed: "protocol", why: "no I-block" };
      if ((answer.pcb & 1) !== this.#number) return { failed: "protocol", why: "block number" };
      this.#number ^= 1; // rule B
      response = concat(response, answer.inf);
      if ((answer.pcb & 0x10) === 0) return { response };
      if (response.length > 4096) return { failed: "protocol", why: "the answer has no end" };
      const next = yield* this.#blockExchange(this.#block(0xa2 | this.#number), retries, true);
      if (hasFailed(next)) return next;
      answer = next;
    }
  }

  /** S(DESELECT): the card goes to HALT. */
  *deselect(): AirProcedure<{ deselected: true } | AirFailure> {
    const reply = yield { frame: crcFrame(this.#block(0xc2)), waitUs: waitingTimeUs(4) };
    const body = bodyOf(reply);
    if (hasFailed(body)) return body;
    const answered = ((body[0] ?? 0) & 0xf7) === 0xc2;
    return answered ? { deselected: true } : { failed: "protocol", why: "not deselected" };
  }

  /**
   * Whether the card still answers, without disturbing it. R(NAK) is met by R(ACK) (rule 12), or
   * by the last I-block once more if the card counts otherwise (rule 11): as Diagnose test 06h of
   * the PN532 has it (UM0701-02), both mean that it is there.
   */
  *isThere(): AirProcedure<boolean> {
    const block = this.#block(0xb2 | this.#number);
    const body = bodyOf(yield { frame: crcFrame(block), waitUs: this.format.fwtUs });
    if (hasFailed(body)) return false;
    const pcb = body[0] ?? 0;
    return (pcb & 0xf6) === 0xa2 || (pcb & 0xe6) === 0x02;
  }

  /** Sends a block until a good one comes back; grants time that the card asks for. */
  *#blockExchange(
    first: Uint8Array,
    retries: number,
    inPiccChain: boolean,
  ): AirProcedure<Block | AirFailure> {
    let block = first;
    let waitUs = this.format.fwtUs;
    let failures = 0;
    for (let waits = 0; waits < WTX_LIMIT; ) {
      const body = bodyOf(yield { frame: crcFrame(block), waitUs });
      waitUs = this.format.fwtUs;
      if (hasFailed(body)) {
        if (failures++ >= retries) return body;
        // Rule 4: R(NAK); rule 5: in the middle of a chained answer R(ACK).
        block = this.#block((inPiccChain ? 0xa2 : 0xb2) | this.#number);
        continue;
      }
      const answer = this.#parse(body);
      if (answer === undefined) return { failed: "protocol", why: "block of an unknown form" };
      if ((answer.pcb & 0xf7) === 0xf2) {
        const wtxm = (answer.inf[0] ?? 0) & 63;
        if (answer.inf.length !== 1 || wtxm < 1 || wtxm > WTXM_MAX) {
          return { failed: "protocol", why: "WTXM out of range" };
        }
        waits++;
        waitUs = this.format.fwtUs * wtxm;
        block = this.#block(0xf2, Uint8Array.of(wtxm));
        continue;
      }
      const lost = (answer.pcb & 0xf6) === 0xa2 && (answer.pcb & 1) !== this.#number;
      if (!lost || failures === 0 || equalBytes(block, first)) return answer;
      block = first; // rule 6: the card never got it
    }
    return { failed: "timeout", why: "the card only asks for more time" };
  }

  #block(pcb: number, inf: Uint8Array = new Uint8Array(0)): Uint8Array {
    return concat(this.#cid > 0 ? Uint8Array.of(pcb | 0x08, this.#cid) : Uint8Array.of(pcb), inf);
  }

  #parse(body: Uint8Array): Block | undefined {
    const pcb = body[0]!;
    const withCid = (pcb & 0x08) !== 0;
    if (withCid && (body.length < 2 || (body[1]! & 15) !== this.#cid)) return undefined;
    return { pcb: pcb & 0xf7, inf: body.slice(withCid ? 2 : 1) };
  }
}

interface Block {
  /** Without the CID bit. */
  readonly pcb: number;
  readonly inf: Uint8Array;
}
