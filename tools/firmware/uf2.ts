import { LatchkeyError } from "../../protocol/errors.ts";

/** Numbers of the UF2 format (github.com/microsoft/uf2) and its registry of families. */
const MAGIC = Object.freeze([0x0a324655, 0x9e5d5157, 0x0ab16f30] as const);
const BLOCK_BYTES = 512;
const PAYLOAD_MAX = 476;
const PAGE_BYTES = 256;
const HAS_FAMILY = 0x2000;

export const UF2_FAMILY = Object.freeze({
  /** Goes to an address, not to a partition: data beside the image. */
  absolute: 0xe48b_ff57,
  rp2040: 0xe48b_ff56,
  rp2350Arm: 0xe48b_ff59,
  rp2350RiscV: 0xe48b_ff5a,
});

export interface Uf2Block {
  readonly address: number;
  readonly family: number;
  readonly data: Uint8Array;
}

/** The blocks of a UF2 file. @throws malformed */
export function parseUf2(file: Uint8Array): readonly Uf2Block[] {
  const wrong = (why: string): LatchkeyError =>
    new LatchkeyError("malformed", { message: `the UF2 file ${why}` });
  if (file.length === 0 || file.length % BLOCK_BYTES !== 0) throw wrong("is not whole blocks");
  const blocks: Uf2Block[] = [];
  for (let at = 0; at < file.length; at += BLOCK_BYTES) {
    const view = new DataView(file.buffer, file.byteOffset + at, BLOCK_BYTES);
    const word = (offset: number): number => view.getUint32(offset, true);
    if (word(0) !== MAGIC[0] || word(4) !== MAGIC[1] || word(508) !== MAGIC[2])
      throw wrong("has a damaged block");
    const size = word(16);
    if (size > PAYLOAD_MAX) throw wrong("has a block that is too long");
    const family = (word(8) & HAS_FAMILY) === 0 ? 0 : word(28);
    blocks.push({ address: word(12), family, data: file.slice(at + 32, at + 32 + size) });
  }
  return blocks;
}

/** Data for an address of the flash as a UF2 file; the last page is filled with 0xFF. */
export function makeUf2(address: number, data: Uint8Array, family: number): Uint8Array {
  const count = Math.ceil(data.length / PAGE_BYTES);
  const out = new Uint8Array(count * BLOCK_BYTES);
  for (let i = 0; i < count; i++) {
    const view = new DataView(out.buffer, i * BLOCK_BYTES, BLOCK_BYTES);
    const fields = [HAS_FAMILY, address + i * PAGE_BYTES, PAGE_BYTES, i, count, family];
    [MAGIC[0], MAGIC[1], ...fields].forEach((value, k) => {
      view.setUint32(4 * k, value, true);
    });
    out.fill(0xff, i * BLOCK_BYTES + 32, i * BLOCK_BYTES + 32 + PAGE_BYTES);
    out.set(data.subarray(i * PAGE_BYTES, (i + 1) * PAGE_BYTES), i * BLOCK_BYTES + 32);
    view.setUint32(508, MAGIC[2], true);
  }
  return out;
}

/** Families in a file, by name where they have one; the absolute block of erratum E10 left out. */
export function familiesOf(blocks: readonly Uf2Block[]): readonly number[] {
  const families = new Set(blocks.map(({ family }) => family));
  if (families.size > 1) families.delete(UF2_FAMILY.absolute);
  return [...families];
}

/**
 * Several files as one, numbered through: the boot ROM restarts the board when it has as many
 * blocks of a family as each of them announces.
 */
export function joinUf2(files: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(files.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const file of files) {
    out.set(file, at);
    at += file.length;
  }
  const counts = new Map<number, number>();
  const families = parseUf2(out).map(({ family }) => family);
  if (families.length * BLOCK_BYTES !== out.length || files.length < 2) return out;
  for (const family of families) counts.set(family, (counts.get(family) ?? 0) + 1);
  const seen = new Map<number, number>();
  families.forEach((family, block) => {
    if (family === UF2_FAMILY.absolute) return; // erratum E10: left as picotool made it
    const view = new DataView(out.buffer, block * BLOCK_BYTES, BLOCK_BYTES);
    const number = seen.get(family) ?? 0;
    view.setUint32(20, number, true);
    view.setUint32(24, counts.get(family)!, true);
    seen.set(family, number + 1);
  });
  return out;
}
