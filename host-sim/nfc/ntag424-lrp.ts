import { concat } from "../../protocol/encoding/bytes.ts";
import type { ChipAes } from "./ntag424-aes.ts";

/**
 * The Leakage Resilient Primitive as the chip computes it (NXP AN12304). Written a second time on
 * purpose: the driver has its own, and the two must agree only where the document says so.
 */
export interface LrpKey {
  /** P[0] to P[15], one for each value of a nibble. */
  readonly plaintexts: readonly Uint8Array[];
  readonly updatedKey: Uint8Array;
}

const filled = (byte: number): Uint8Array => new Uint8Array(16).fill(byte);

/** Algorithms 1 and 2: the keys of index 0 to `count - 1`; they share their plaintexts. */
export function lrpKeys(aes: ChipAes, key: Uint8Array, count: number): LrpKey[] {
  const [x55, xaa] = [filled(0x55), filled(0xaa)];
  const plaintexts: Uint8Array[] = [];
  for (let i = 0, h = aes.lrpStep(key, x55); i < 16; i++, h = aes.lrpStep(h, x55)) {
    plaintexts.push(aes.lrpStep(h, xaa));
  }
  const keys: LrpKey[] = [];
  for (let i = 0, h = aes.lrpStep(key, xaa); i < count; i++, h = aes.lrpStep(h, x55)) {
    keys.push({ plaintexts, updatedKey: aes.lrpStep(h, xaa) });
  }
  return keys;
}

/** Algorithm 3 over nibbles; `final` applies the closing encryption of zeros. */
export function evalLrp(
  aes: ChipAes,
  key: LrpKey,
  nibbles: readonly number[],
  final: boolean,
): Uint8Array {
  let y = key.updatedKey;
  for (const nibble of nibbles) y = aes.lrpStep(y, key.plaintexts[nibble]!);
  return final ? aes.lrpStep(y, new Uint8Array(16)) : y;
}

function nibblesOf(bytes: Uint8Array): number[] {
  const out: number[] = [];
  for (const byte of bytes) out.push(byte >> 4, byte & 15);
  return out;
}

/** CMAC_LRP: 16 bytes, not truncated. */
export function lrpCmac(aes: ChipAes, key: LrpKey, message: Uint8Array): Uint8Array {
  const once = timesX(evalLrp(aes, key, nibblesOf(new Uint8Array(16)), true));
  const blocks = Math.max(1, Math.ceil(message.length / 16));
  const padded = new Uint8Array(blocks * 16);
  padded.set(message);
  if (message.length < padded.length) padded[message.length] = 0x80;
  const mask = message.length === padded.length ? once : timesX(once);
  let y: Uint8Array = new Uint8Array(16);
  for (let at = 0; at < padded.length; at += 16) {
    const last = at + 16 === padded.length;
    const x = y.map((byte, i) => byte ^ padded[at + i]! ^ (last ? mask[i]! : 0));
    y = evalLrp(aes, key, nibblesOf(x), true);
  }
  return y;
}

/** Multiplication by x in GF(2^128), most significant bit first. */
function timesX(block: Uint8Array): Uint8Array {
  const shifted = block.map((byte, i) => ((byte << 1) & 0xff) | ((block[i + 1] ?? 0) >> 7));
  if (block[0]! & 0x80) shifted[15] = shifted[15]! ^ 0x87;
  return shifted;
}

/** The counter of LRICB: bytes read as one unsigned number, counted up in place. */
function countUp(counter: Uint8Array): void {
  for (let i = counter.length - 1; i >= 0; i--) {
    counter[i] = (counter[i]! + 1) & 0xff;
    if (counter[i] !== 0) return;
  }
}

/** LRICBEnc of whole blocks; `counter` is counted up by one for each of them. */
export function lrpEncrypt(
  aes: ChipAes,
  key: LrpKey,
  counter: Uint8Array,
  plain: Uint8Array,
): Uint8Array {
  return eachBlock(aes, key, counter, plain, (y, block) => aes.lrpStep(y, block));
}

/** LRICBDec of whole blocks. */
export function lrpDecrypt(
  aes: ChipAes,
  key: LrpKey,
  counter: Uint8Array,
  cipher: Uint8Array,
): Uint8Array {
  return eachBlock(aes, key, counter, cipher, (y, block) => aes.lrpStepBack(y, block));
}

function eachBlock(
  aes: ChipAes,
  key: LrpKey,
  counter: Uint8Array,
  text: Uint8Array,
  turn: (y: Uint8Array, block: Uint8Array) => Uint8Array,
): Uint8Array {
  const out: Uint8Array[] = [];
  for (let at = 0; at < text.length; at += 16) {
    const y = evalLrp(aes, key, nibblesOf(counter), true);
    countUp(counter);
    out.push(turn(y, text.slice(at, at + 16)));
  }
  return concat(...out);
}
