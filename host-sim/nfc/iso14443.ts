import { concat } from "../../protocol/encoding/bytes.ts";
import { bitAt, CARRIER_MHZ, crcFrame, REQUEST_GUARD_US, shortFrame } from "./air-frame.ts";
import { type AirFailure, type AirProcedure, bodyOf, hasFailed } from "./air-procedure.ts";
import { IsoDepLink } from "./iso-dep-link.ts";
import { CASCADE_TAG, SAK_CASCADE, SEL } from "./picc-select.ts";

const REQA = 0x26;
const WUPA = 0x52;
/** A reader's wait for a part 3 answer, which comes after exactly one frame delay time. */
const SELECT_WAIT_US = REQUEST_GUARD_US;
/** FWT of the activation: ATS must start within 65,536 carrier periods (14443-4 §5.6). */
const ACTIVATION_WAIT_US = 65_536 / CARRIER_MHZ;

/** REQA or WUPA: the ATQA, high byte first as printed, or silence as a timeout. */
export function* request(all: boolean): AirProcedure<{ atqa: number } | AirFailure> {
  const reply = yield { frame: shortFrame(all ? WUPA : REQA), waitUs: REQUEST_GUARD_US };
  if (reply.kind === "silence") return { failed: "timeout", why: "no card" };
  if (reply.kind === "garbled") return { failed: "protocol", why: "ATQA cut off" };
  // Cards that differ in ATQA collide in it without harm: only its UID-size bits would matter.
  const { bytes } = reply.frame;
  return { atqa: ((bytes[1] ?? 0) << 8) | (bytes[0] ?? 0) };
}

export interface SelectedCard {
  readonly uid: Uint8Array;
  readonly sak: number;
  /** How often cards collided on the way: more than none means several cards are there. */
  readonly collisions: number;
}

/**
 * Anticollision and SELECT through up to three cascade levels (14443-3 §6.5.3). Where cards
 * differ the branch with bit 1 is taken, as the standard proposes.
 */
export function* select(): AirProcedure<SelectedCard | AirFailure> {
  let uid: Uint8Array = new Uint8Array(0);
  let collisions = 0;
  for (let level = 0; level < 3; level++) {
    const part = yield* anticollision(level);
    if (hasFailed(part)) return part;
    collisions += part.collisions;
    const selected = yield* selectLevel(level, part.five);
    if (hasFailed(selected)) return selected;
    const four = part.five.subarray(0, 4);
    const more = (selected.sak & SAK_CASCADE) !== 0;
    if (more && four[0] !== CASCADE_TAG) return { failed: "protocol", why: "no cascade tag" };
    uid = concat(uid, more ? four.subarray(1) : four);
    if (!more) return { uid, sak: selected.sak, collisions };
  }
  return { failed: "protocol", why: "more than three cascade levels" };
}

/** Selects a card whose UID is known, without anticollision. */
export function* selectKnown(uid: Uint8Array): AirProcedure<SelectedCard | AirFailure> {
  for (let level = 0, at = 0; level < 3; level++) {
    const last = uid.length - at <= 4;
    const four = last
      ? uid.slice(at, at + 4)
      : concat(Uint8Array.of(CASCADE_TAG), uid.subarray(at, at + 3));
    const bcc = four.reduce((sum, byte) => sum ^ byte, 0);
    const selected = yield* selectLevel(level, concat(four, Uint8Array.of(bcc)));
    if (hasFailed(selected)) return selected;
    if (last) return { uid: uid.slice(), sak: selected.sak, collisions: 0 };
    at += 3;
  }
  return { failed: "protocol", why: "a UID has at most ten bytes" };
}

function* anticollision(
  level: number,
): AirProcedure<{ five: Uint8Array; collisions: number } | AirFailure> {
  const five = new Uint8Array(5);
  let known = 0;
  let collisions = 0;
  while (known < 40) {
    const bytes = new Uint8Array(2 + Math.ceil(known / 8));
    bytes[0] = SEL[level]!;
    bytes[1] = ((2 + (known >> 3)) << 4) | (known & 7);
    bytes.set(five.subarray(0, bytes.length - 2), 2);
    const reply = yield { frame: { bytes, bits: 16 + known }, waitUs: SELECT_WAIT_US };
    if (reply.kind === "silence") return { failed: "timeout", why: "anticollision unanswered" };
    if (reply.kind === "garbled") return { failed: "protocol", why: "anticollision cut off" };
    const room = Math.min(reply.frame.bits, 40 - known);
    for (let i = 0; i < room; i++) {
      if (bitAt(reply.frame, i)) five[(known + i) >> 3]! |= 1 << ((known + i) & 7);
    }
    known += room;
    if (reply.kind === "collision") {
      collisions++;
      if (known === 40) return { failed: "collision", why: "in the check byte" };
      five[known >> 3]! |= 1 << (known & 7);
      known++;
    } else if (known < 40) {
      return { failed: "protocol", why: "anticollision too short" };
    }
  }
  const bcc = five[0]! ^ five[1]! ^ five[2]! ^ five[3]!;
  return bcc === five[4] ? { five, collisions } : { failed: "collision", why: "BCC does not fit" };
}

function* selectLevel(level: number, five: Uint8Array): AirProcedure<{ sak: number } | AirFailure> {
  const command = concat(Uint8Array.of(SEL[level]!, 0x70), five);
  const body = bodyOf(yield { frame: crcFrame(command), waitUs: SELECT_WAIT_US });
  if (hasFailed(body)) return body;
  return body.length === 1 ? { sak: body[0]! } : { failed: "protocol", why: "SAK of wrong length" };
}

/** HLTA: the card in ACTIVE goes to HALT. Silence is its acknowledgement. */
export function* halt(): AirProcedure<void> {
  yield { frame: crcFrame(Uint8Array.of(0x50, 0x00)), waitUs: 1000 };
}

/**
 * RATS: takes the selected card into ISO 14443-4.
 * @param fsdi frame size that the reader takes, by code: 5 is 64 bytes, 8 is 256.
 */
export function* activate(fsdi: number, cid = 0): AirProcedure<IsoDepLink | AirFailure> {
  const rats = Uint8Array.of(0xe0, (fsdi << 4) | cid);
  const ats = bodyOf(yield { frame: crcFrame(rats), waitUs: ACTIVATION_WAIT_US });
  if (hasFailed(ats)) return ats;
  if (ats[0] !== ats.length) return { failed: "protocol", why: "ATS does not have its length" };
  const link = new IsoDepLink(ats, cid);
  if (link.format.sfgtUs > 0) yield { pauseUs: link.format.sfgtUs };
  return link;
}
