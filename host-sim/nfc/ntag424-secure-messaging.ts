import { concat, equalBytes } from "../../protocol/encoding/bytes.ts";
import { two } from "./ntag424-channel.ts";
import type { CommMode } from "./ntag424-file.ts";
import type { Authentication } from "./ntag424-session.ts";
import { type ChipAnswer, NATIVE } from "./ntag424-status.ts";

const MAC_LENGTH = 8;
const COUNTER_MAX = 0xffff;

/** A command's data field, taken apart: what is never encrypted, and what may be. */
export interface CommandParts {
  readonly ins: number;
  readonly header: Uint8Array;
  readonly rest: Uint8Array;
}

/**
 * Undoes the protection of a command and counts it (§9.1.8 to §9.1.10): its data, or the status
 * word for a command that is not to be executed.
 */
export function unprotect(
  authentication: Authentication,
  mode: CommMode,
  { ins, header, rest }: CommandParts,
): Uint8Array | number {
  const { channel, ti, commandCounter } = authentication;
  // §9.1.2: a counter that is used up is handled as a wrong MAC.
  if (commandCounter === COUNTER_MAX) return NATIVE.INTEGRITY_ERROR;
  let data = rest;
  if (mode !== "plain") {
    if (rest.length < MAC_LENGTH) return NATIVE.LENGTH_ERROR;
    data = rest.slice(0, -MAC_LENGTH);
    const mac = channel.mac(concat(Uint8Array.of(ins), two(commandCounter), ti, header, data));
    if (!equalBytes(mac, rest.slice(-MAC_LENGTH))) return NATIVE.INTEGRITY_ERROR;
  }
  if (mode === "full" && data.length > 0) {
    if (data.length % 16 !== 0) return NATIVE.LENGTH_ERROR;
    const plain = withoutPadding(channel.decrypt(data, ti, commandCounter));
    if (plain === undefined) return NATIVE.INTEGRITY_ERROR;
    data = plain;
  }
  authentication.commandCounter++;
  return data;
}

/** Protects a successful answer. In full mode an answer without data carries a MAC only. */
export function protect(
  authentication: Authentication,
  mode: CommMode,
  answer: ChipAnswer,
): ChipAnswer {
  if (mode === "plain") return answer;
  const { channel, ti, commandCounter } = authentication;
  let data = answer.data ?? new Uint8Array(0);
  if (mode === "full" && data.length > 0) {
    data = channel.encrypt(withPadding(data), ti, commandCounter);
  }
  return { sw: answer.sw, data: concat(data, answerMac(authentication, answer.sw, data)) };
}

/** The MAC of an answer over its data as sent; the return code is SW2. */
export function answerMac(
  { channel, ti, commandCounter }: Authentication,
  sw: number,
  data: Uint8Array,
): Uint8Array {
  return channel.mac(concat(Uint8Array.of(sw & 0xff), two(commandCounter), ti, data));
}

/** The longest plain data that fits into an answer of 256 bytes (§8.4). */
export function answerRoom(mode: CommMode): number {
  if (mode === "plain") return 256;
  const room = 256 - MAC_LENGTH;
  return mode === "mac" ? room : room - (room % 16) - 1; // padding takes at least a byte
}

/** Padding method 2 of ISO/IEC 9797-1: 80, then zeros up to a block; always something. */
function withPadding(plain: Uint8Array): Uint8Array {
  const out = new Uint8Array(plain.length + 16 - (plain.length % 16));
  out.set(plain);
  out[plain.length] = 0x80;
  return out;
}

/** The data without its padding, or `undefined` where there is none in the last block. */
function withoutPadding(padded: Uint8Array): Uint8Array | undefined {
  let end = padded.length - 1;
  while (end > padded.length - 16 && padded[end] === 0) end--;
  return padded[end] === 0x80 ? padded.slice(0, end) : undefined;
}
