/**
 * Loops over bytes in another language, for an engine to which every byte is some hundred cycles.
 * The functions of this folder ask it first, and do the work themselves where there is none, or
 * where it says `undefined`: so it need only know what is ordinary, and errors have one place.
 */
export interface ByteWork {
  crc32(bytes: Uint8Array, before: number): number;
  /** In a time that depends on the lengths only: of secret bytes as well. */
  equal(a: Uint8Array, b: Uint8Array): boolean;
  encodeBase64(bytes: Uint8Array, urlSafe: boolean, padded: boolean): string;
  decodeBase64(text: string): ArrayBuffer | undefined;
  encodeHex(bytes: Uint8Array): string;
  decodeHex(text: string): ArrayBuffer | undefined;
  encodeUtf8(text: string): ArrayBuffer | undefined;
  decodeUtf8(bytes: Uint8Array): string | undefined;
  /** Whether all of it is printable ASCII. */
  isPrintable(text: string): boolean;
  /** Whether brackets outside of JSON's strings are nested deeper than that. */
  isNestedDeeper(json: string, depthMax: number): boolean;
  /**
   * The parts one after the other: bytes, text in UTF-8, unsigned numbers in 8 bytes, big-endian;
   * with its length in four bytes before each where `lengths` says so.
   */
  join(parts: readonly (Uint8Array | string | number)[], lengths: boolean): ArrayBuffer | undefined;
  /** Bytes from `start` up to `end` modulo 256. */
  sum(bytes: Uint8Array, start: number, end: number): number;
  /** Exclusive or of bytes of one length. */
  xor(a: Uint8Array, b: Uint8Array): ArrayBuffer | undefined;
  /**
   * Copies bytes from `from[start]` to `to[at]` on, up to a zero, the end of `from`, or that of
   * `to`. Gives how many, and 65,536 more where a zero ended it.
   */
  copyToZero(to: Uint8Array, at: number, from: ArrayBuffer, start: number): number;
  /** A frame of the wired transport, as it is sent; `kind` is its byte. An array has bytes. */
  frameEncode(
    kind: number,
    address: number,
    sequence: number,
    acknowledge: number,
    payload: Uint8Array | undefined,
    link: number,
  ): ArrayBuffer;
  /** Its first four bytes and its payload; `undefined` for what is none: nobody asks further. */
  frameDecode(stuffed: Uint8Array, link: number): ArrayBuffer | undefined;
}

/** None here. An image has `chip-byte-work.ts` in place of this file. */
export const byteWork: ByteWork | undefined = undefined;
