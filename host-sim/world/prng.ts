import { sha256 } from "@noble/hashes/sha2.js";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import type { Random } from "../../protocol/platform.ts";

const rotl = (x: number, k: number): number => ((x << k) | (x >>> (32 - k))) >>> 0;

/**
 * xoshiro128** (Blackman and Vigna, 2018), seeded by SHA-256 of `seed` and a stream name: streams
 * are independent, so that drawing more for the network does not change what the flash does.
 * For simulation only.
 */
export class Prng implements Random {
  readonly #state: Uint32Array;

  constructor(seed: string, stream: string) {
    const digest = sha256(toUtf8(`latchkey/sim/${seed}/${stream}`));
    this.#state = new Uint32Array(4);
    for (let i = 0; i < 16; i++) this.#state[i >> 2] = (this.#state[i >> 2]! << 8) | digest[i]!;
  }

  /** An integer from 0 to 2^32 - 1. */
  uint32(): number {
    const s = this.#state;
    const result = Math.imul(rotl(Math.imul(s[1]!, 5) >>> 0, 7), 9) >>> 0;
    const t = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = rotl(s[3]!, 11);
    return result;
  }

  /** A number from 0 (inclusive) to 1 (exclusive). */
  unit(): number {
    return this.uint32() / 4294967296;
  }

  /** An integer from `low` to `high`, both inclusive. */
  int(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  /** True with probability `p`. */
  chance(p: number): boolean {
    return this.unit() < p;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(0, items.length - 1)]!;
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i++) out[i] = this.uint32() >>> 24;
    return out;
  }
}
