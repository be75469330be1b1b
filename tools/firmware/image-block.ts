import { LatchkeyError } from "../../protocol/errors.ts";

/**
 * The blocks by which the ROM of the RP2350 knows an image: a loop of them, of which the last one
 * counts. Source: RP2350 datasheet 5.9 (metadata block details).
 */
const BLOCK_START = 0xffffded3;
const BLOCK_END = 0xab123579;
/** The first one begins in the first 4 kB. */
const SEARCHED = 4096;
const ITEM = Object.freeze({ imageType: 0x42, version: 0x48, hash: 0x4b, last: 0xff });
/** Of an image type: an executable, and one that is not started before it was kept. */
const EXECUTABLE = 1;
const TRY_BEFORE_BUY = 0x8000;

export interface ImageBlock {
  /** Where it begins. */
  readonly at: number;
  readonly tryFirst: boolean;
  readonly hasHash: boolean;
  /** Major and minor. */
  readonly version?: readonly [number, number];
}

interface Found extends ImageBlock {
  readonly next: number;
}

const wrong = (why: string): LatchkeyError =>
  new LatchkeyError("malformed", { message: `the image ${why}` });

/** The block that counts. @throws malformed */
export function imageBlock(image: Uint8Array): ImageBlock {
  const view = new DataView(image.buffer, image.byteOffset, image.length);
  let first = 0;
  while (
    first + 4 <= Math.min(SEARCHED, image.length) &&
    view.getUint32(first, true) !== BLOCK_START
  )
    first += 4;
  if (first + 4 > Math.min(SEARCHED, image.length)) throw wrong("has no block for the ROM");
  let counts: Found | undefined;
  const seen = new Set<number>();
  for (let at = first; ; ) {
    const block = readBlock(view, at);
    if (block.isExecutable) counts = block;
    if (seen.has(at)) throw wrong("has blocks that do not come back to the first");
    seen.add(at);
    at = block.next;
    if (at === first) break;
  }
  if (counts === undefined) throw wrong("is not said to be an executable");
  return counts;
}

function readBlock(view: DataView, at: number): Found & { readonly isExecutable: boolean } {
  const word = (place: number) => {
    if (place < 0 || place + 4 > view.byteLength) throw wrong("ends within a block");
    return view.getUint32(place, true);
  };
  if (word(at) !== BLOCK_START) throw wrong("has a block that does not begin like one");
  let facts: Omit<Found, "next"> & { isExecutable: boolean } = {
    ...{ at, tryFirst: false, hasHash: false, isExecutable: false },
  };
  for (let item = at + 4; ; ) {
    const type = word(item) & 0xff;
    // Types with the top bit have a length of two bytes.
    const words = (word(item) >> 8) & (type < 0x80 ? 0xff : 0xffff);
    if (type === ITEM.last) {
      if (word(item + 8) !== BLOCK_END) throw wrong("has a block that does not end like one");
      return { ...facts, next: at + (word(item + 4) | 0) };
    }
    if (words === 0) throw wrong("has an item without a length");
    const upper = word(item) >>> 16;
    if (type === ITEM.imageType && (upper & 0xf) === EXECUTABLE)
      facts = { ...facts, isExecutable: true, tryFirst: (upper & TRY_BEFORE_BUY) !== 0 };
    else if (type === ITEM.hash) facts = { ...facts, hasHash: true };
    else if (type === ITEM.version) {
      const numbers = word(item + 4);
      facts = { ...facts, version: [numbers >>> 16, numbers & 0xffff] };
    }
    item += 4 * words;
  }
}

/**
 * The image, which the ROM then starts only when it is told to, and once, until the image is kept.
 * The bit is in the block that has the hash, and the ROM leaves it out of that.
 * @throws malformed, also for an image without a hash: of one that is damaged it would know nothing
 */
export function triedFirst(image: Uint8Array): Uint8Array {
  const { at, hasHash } = imageBlock(image);
  if (!hasHash) throw wrong("has no hash for the ROM");
  const view = new DataView(image.buffer, image.byteOffset, image.length);
  // What the ROM clears: the type must be the first item (varm_launch_image.c).
  if (view.getUint8(at + 4) !== ITEM.imageType) throw wrong("does not begin with its type");
  const made = image.slice();
  made[at + 7] = made[at + 7]! | (TRY_BEFORE_BUY >> 8);
  return made;
}
