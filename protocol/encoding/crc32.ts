import { byteWork } from "./byte-work.ts";

/**
 * CRC-32 of zip and Ethernet (reflected 0xEDB88320), by nibbles: a table of 16 numbers instead
 * of 1 kB of flash, fast enough for records of a few hundred bytes.
 */
const TABLE: readonly number[] = Object.freeze([
  0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
  0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
]);

/** The unsigned 32-bit checksum of `bytes`; `before` is that of what stands before them. */
export function crc32(bytes: Uint8Array, before = 0): number {
  if (byteWork !== undefined && bytes.length > 0) return byteWork.crc32(bytes, before);
  let crc = before ^ 0xffffffff;
  const { length } = bytes;
  for (let i = 0; i < length; i++) {
    crc ^= bytes[i]!;
    crc = (crc >>> 4) ^ TABLE[crc & 15]!;
    crc = (crc >>> 4) ^ TABLE[crc & 15]!;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** The same of the four bytes of a 32-bit number, the lowest first. */
export function crc32OfWord(value: number): number {
  let crc = value ^ 0xffffffff;
  for (let i = 0; i < 8; i++) crc = (crc >>> 4) ^ TABLE[crc & 15]!;
  return (crc ^ 0xffffffff) >>> 0;
}
