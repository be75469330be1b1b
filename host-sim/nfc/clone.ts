import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import type { Card, CardAnswer } from "./card.ts";

/**
 * What an attacker builds who has read a badge: a Type 4 tag emulator (a phone, a Chameleon)
 * that answers the reads with fixed bytes. It has no keys, so it can only repeat what it heard.
 */
export class StaticEmulator implements Card {
  readonly uid: Uint8Array;
  readonly atqa: number;
  readonly sak = 0x20;
  readonly ats = fromHex("067777710280");
  readonly #file: () => Uint8Array;
  #selected: "none" | "application" | "cc" | "ndef" = "none";
  #content: Uint8Array = new Uint8Array(0);

  /** `file` gives the NDEF file with NLEN for a read; it is asked at every power-up. */
  constructor(uid: Uint8Array, file: () => Uint8Array) {
    this.uid = uid.slice();
    this.atqa = uid.length === 4 ? 0x0304 : 0x0344;
    this.#file = file;
  }

  fieldOn(): void {
    this.#selected = "none";
    this.#content = this.#file();
  }

  fieldOff(): void {
    this.#selected = "none";
  }

  deselect(): void {
    this.#selected = "none";
  }

  apdu(command: Uint8Array): CardAnswer {
    const timeUs = 1_500; // software on a phone or a microcontroller
    const hex = (text: string): CardAnswer => ({ response: fromHex(text), timeUs });
    if (this.#selected !== "none" && isReadData(command)) {
      return { response: Uint8Array.of(...part(this.#content, command), 0x91, 0x00), timeUs };
    }
    if (command.length < 5 || command[0] !== 0) return hex("6e00");
    const [ins, p1, p2] = [command[1]!, command[2]!, command[3]!];
    if (ins === 0xa4) return hex(this.#select(command.slice(5, 5 + command[4]!), p1));
    if (ins !== 0xb0) return hex("6d00");
    let offset = (p1 << 8) | p2;
    if (p1 & 0x80) {
      if (this.#selected === "none") return hex("6985");
      const short = p1 & 0x1f;
      // An attacker answers to whatever the reader calls the file.
      if (short === 1 || short === 3) this.#selected = "cc";
      else if (short === 2 || short === 4) this.#selected = "ndef";
      else if (short !== 0) return hex("6a82");
      offset = p2;
    }
    const content = this.#selected === "ndef" ? this.#content : fromHex(READ_ONLY_CC);
    if (this.#selected === "none" || this.#selected === "application") return hex("6985");
    const data = content.slice(offset, offset + (command[command.length - 1]! || 256));
    return { response: Uint8Array.of(...data, 0x90, 0x00), timeUs };
  }

  #select(data: Uint8Array, p1: number): string {
    const id = toHex(data);
    if (p1 === 4 && id === "d2760000850101") this.#selected = "application";
    else if (id === "e103" && this.#selected !== "none") this.#selected = "cc";
    else if (id === "e104" && this.#selected !== "none") this.#selected = "ndef";
    else return "6a82";
    return "9000";
  }
}

/** ReadData of file 02, which a good emulation of this chip knows too. */
function isReadData(command: Uint8Array): boolean {
  return command.length === 13 && command[0] === 0x90 && command[1] === 0xad && command[5] === 2;
}

/** Offset and length of ReadData, least significant byte first; length 0 is the rest. */
function part(content: Uint8Array, command: Uint8Array): Uint8Array {
  const offset = command[6]! | (command[7]! << 8);
  const length = command[9]! | (command[10]! << 8);
  return content.slice(offset, length === 0 ? undefined : offset + length);
}

const READ_ONLY_CC = "000f20010000ff0406e104010000ff";

/** Reads a card's NDEF file as a phone in a pocket's reach would: one skim, one counter step. */
export function skim(card: Card): Uint8Array {
  card.fieldOn();
  card.apdu(fromHex("00a4040007d276000085010100"));
  card.apdu(fromHex("00a4000c02e104"));
  const { response } = card.apdu(fromHex("00b0000000"));
  card.fieldOff();
  const sw = ((response.at(-2) ?? 0) << 8) | (response.at(-1) ?? 0);
  if (sw !== 0x9000) throw new Error("the card gave nothing away");
  return response.slice(0, -2);
}

/** A copy of everything that can be read, the UID included: for ever the same message. */
export function cloneOf(victim: Card): StaticEmulator {
  const copy = skim(victim);
  return new StaticEmulator(victim.uid, () => copy);
}

/** The victim's file on a chip of the attacker's with another UID. */
export function cloneWithUid(victim: Card, uid: Uint8Array): StaticEmulator {
  const copy = skim(victim);
  return new StaticEmulator(uid, () => copy);
}

/**
 * An attacker who skimmed the victim `messages` times and plays the messages back one per tap,
 * oldest first: each is genuine, and each is older than what the victim shows meanwhile.
 */
export function replayerOf(victim: Card, messages: number): StaticEmulator {
  const heard = Array.from({ length: messages }, () => skim(victim));
  let next = 0;
  return new StaticEmulator(victim.uid, () => heard[Math.min(next++, heard.length - 1)]!);
}
