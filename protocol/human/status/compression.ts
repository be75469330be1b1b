import { LatchkeyError } from "../../errors.ts";

/** What came out of a decoder. */
export type Unpacked = Uint8Array | "damaged" | "too-large";

/**
 * Compression comes from outside: Node has it built in, the device's SDK has its own. A decoder
 * must stop at `max` bytes instead of filling the memory with what a small text promises.
 */
export interface Compression {
  /** ZLIB (RFC 1950). */
  deflate(bytes: Uint8Array): Uint8Array;
  inflate(bytes: Uint8Array, max: number): Unpacked;
  /** GZIP (RFC 1952). */
  gzip(bytes: Uint8Array): Uint8Array;
  gunzip(bytes: Uint8Array, max: number): Unpacked;
}

/** Largest list that is unpacked: a million entries of 8 bits. */
export const LIST_BYTES_MAX = 1024 * 1024;
/** Longest list in its packed form, in characters. */
export const LIST_TEXT_MAX = 512 * 1024;

/** The bytes of a list. @throws status-list-invalid, status-list-too-large */
export function unpackedList(result: Unpacked): Uint8Array {
  if (result === "damaged") throw new LatchkeyError("status-list-invalid");
  if (result === "too-large") throw new LatchkeyError("status-list-too-large");
  return result;
}
