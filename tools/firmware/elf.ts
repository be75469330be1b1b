import { LatchkeyError } from "../../protocol/errors.ts";

export interface ElfSection {
  readonly name: string;
  /** Where it is at run time. */
  readonly address: number;
  readonly bytes: number;
  /** Takes room in the file, and so in flash. */
  readonly stored: boolean;
}

const ALLOCATED = 2;
const NO_BITS = 8;
const HEADER_BYTES = 52;

/**
 * The sections of a 32-bit little-endian ELF file that end up in the chip's memory (System V ABI,
 * chapter 4). @throws malformed
 */
export function elfSections(file: Uint8Array): readonly ElfSection[] {
  const data = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const wrong = (why: string): LatchkeyError =>
    new LatchkeyError("malformed", { message: `the ELF file ${why}` });
  if (file.length < HEADER_BYTES || data.getUint32(0) !== 0x7f454c46) throw wrong("is none");
  if (file[4] !== 1 || file[5] !== 1) throw wrong("is not 32-bit little-endian");
  const table = data.getUint32(32, true);
  const size = data.getUint16(46, true);
  const count = data.getUint16(48, true);
  if (size < 40 || table + size * count > file.length) throw wrong("is cut off");
  const word = (section: number, at: number): number =>
    data.getUint32(table + section * size + at, true);
  const names = word(data.getUint16(50, true), 16);
  const nameAt = (offset: number): string => {
    let end = names + offset;
    while (end < file.length && file[end] !== 0) end++;
    return new TextDecoder().decode(file.subarray(names + offset, end));
  };
  return Array.from({ length: count }, (_, i) => i)
    .filter((i) => (word(i, 8) & ALLOCATED) !== 0 && word(i, 20) > 0)
    .map((i) => ({
      name: nameAt(word(i, 0)),
      address: word(i, 12),
      bytes: word(i, 20),
      stored: word(i, 4) !== NO_BITS,
    }));
}
