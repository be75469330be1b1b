import { randomFillSync } from "node:crypto";
import type { Random } from "../protocol/platform.ts";

/** Drawn from the operating system at a time: a draw costs the same for 16 bytes and for 4096. */
const POOL_BYTES = 4096;
const pool = new Uint8Array(POOL_BYTES);
let used = POOL_BYTES;

/** The operating system's random source. What was given out is not kept. */
export const systemRandom: Random = Object.freeze({
  bytes(length: number): Uint8Array {
    if (length > POOL_BYTES) return randomFillSync(new Uint8Array(length));
    if (used + length > POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    const bytes = pool.slice(used, used + length);
    pool.fill(0, used, used + length);
    used += length;
    return bytes;
  },
});
