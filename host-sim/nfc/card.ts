/**
 * A contactless card as its application sees the world: power comes and goes with the field, and
 * a command APDU gives a response APDU some time later. Everything below (anticollision, blocks,
 * CRCs) is `Picc`'s; everything above is the card's own.
 */
export interface Card {
  /** What anticollision shows: 4, 7 or 10 bytes. A random UID changes at `fieldOn`. */
  readonly uid: Uint8Array;
  /** ATQA as printed in data sheets, high byte first: NTAG 424 DNA 0x0344. */
  readonly atqa: number;
  /** SAK of the last cascade level; bit 5 (0x20) says ISO 14443-4. */
  readonly sak: number;
  /** Answer to select with its length byte TL; empty when the card does not speak 14443-4. */
  readonly ats: Uint8Array;
  /** The field powers the card: volatile state starts afresh. */
  fieldOn(): void;
  /** Power is gone: sessions, selected files and half-done commands are lost. */
  fieldOff(): void;
  /** Leaves ISO 14443-4 (S(DESELECT) or HLTA): the session is lost, the power stays. */
  deselect(): void;
  /**
   * One command. Any bytes are allowed in; a card never throws.
   * @param chainedBytes how many of its bytes came in frames before the last one
   */
  apdu(command: Uint8Array, chainedBytes?: number): CardAnswer;
  /**
   * The power is about to go in the middle of a command: while its frames come in (`received`
   * is what is there), or while the chip works on it and its answer has not begun.
   */
  torn?(received?: Uint8Array): void;
}

export interface CardAnswer {
  /** Data followed by SW1 SW2. */
  readonly response: Uint8Array;
  /** Time the chip needs between the end of the command and the start of its answer. */
  readonly timeUs: number;
}

/** What goes wrong with one card in the field; set and cleared at any time. */
export interface CardFaults {
  /** Further time for every command; beyond the frame waiting time the card asks with S(WTX). */
  extraTimeUs?: number;
  /** The card takes commands but says nothing. */
  mute?: boolean;
  /** Never asks for more time: a slow answer then simply comes too late. */
  withoutWtx?: boolean;
  /** Replaces the answer to select. */
  ats?: Uint8Array;
  /** Told of every command that the card takes, before its answer is on the air. */
  onApdu?: (command: Uint8Array, response: Uint8Array) => void;
  /** This many further frames of the card arrive with a wrong CRC. */
  garbledFrames?: number;
}

/** A fixed or random 4-byte UID starts with 08 when it is random (ISO/IEC 14443-3 §6.5.4). */
export const RANDOM_UID_TAG = 0x08;
