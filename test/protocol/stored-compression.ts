import { concat, uintBE } from "../../protocol/encoding/bytes.ts";
import type { Compression, Unpacked } from "../../protocol/human/status/compression.ts";

/**
 * ZLIB whose blocks are all stored: the real format without the compression, for tests that run on
 * the interpreter. GZIP is Node's alone to test.
 */
const HEADER = Uint8Array.of(0x78, 0x01);
const BLOCK_MAX = 65_535;

function adler32(bytes: Uint8Array): Uint8Array {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return uintBE(b * 65_536 + a, 4);
}

function deflate(bytes: Uint8Array): Uint8Array {
  const blocks: Uint8Array[] = [HEADER];
  for (let at = 0; at === 0 || at < bytes.length; at += BLOCK_MAX) {
    const part = bytes.subarray(at, at + BLOCK_MAX);
    const last = at + BLOCK_MAX >= bytes.length ? 1 : 0;
    const [low, high] = [part.length & 255, part.length >> 8];
    blocks.push(Uint8Array.of(last, low, high, low ^ 255, high ^ 255), part);
  }
  return concat(...blocks, adler32(bytes));
}

function inflate(bytes: Uint8Array, max: number): Unpacked {
  const parts: Uint8Array[] = [];
  let total = 0;
  for (let at = 2; ; ) {
    const [last = 2, low = 0, high = 0] = bytes.subarray(at, at + 3);
    const end = at + 5 + low + 256 * high;
    if (last > 1 || end > bytes.length) return "damaged";
    parts.push(bytes.subarray(at + 5, end));
    total += end - at - 5;
    if (total > max) return "too-large";
    if (last === 1) return concat(...parts);
    at = end;
  }
}

function unused(): never {
  throw new Error("no gzip here");
}

export const storedCompression: Compression = { deflate, inflate, gzip: unused, gunzip: unused };
