import type { Flash } from "../../firmware/platform.ts";

/** Thrown when the planned power cut happens, and by everything after it. */
export class PowerCut extends Error {}

/** What an interrupted operation leaves: nothing, everything, a part, or a mixture of bits. */
export const TEARS = Object.freeze(["before", "after", "prefix", "suffix", "random"] as const);
export type Tear = (typeof TEARS)[number];

export interface CutPlan {
  /** The operation (program or erase, counted from 0) in which power fails. */
  readonly operation: number;
  readonly tear: Tear;
  readonly seed: number;
}

/** A deterministic stream of 32-bit numbers (Numerical Recipes LCG), enough to mix bits. */
export function lcg(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 8;
  };
}

/**
 * NOR flash that enforces what real flash only punishes later: erase before write, whole pages,
 * one program per page between erasures. A power cut can hit any operation.
 */
export class StrictFlash implements Flash {
  readonly sectorBytes = 4096;
  readonly pageBytes = 256;
  readonly sizeBytes: number;
  readonly bytes: Uint8Array;
  readonly #programmed: Set<number>;
  /** Bits that read 0 whatever is done: byte offset → mask. */
  readonly stuckLow = new Map<number, number>();
  cut: CutPlan | undefined;
  operations = 0;
  readonly erasures: number[];
  #dead = false;

  constructor(sectors: number, from?: StrictFlash) {
    this.sizeBytes = sectors * this.sectorBytes;
    this.bytes = from ? from.bytes.slice() : new Uint8Array(this.sizeBytes).fill(0xff);
    this.#programmed = new Set(from ? from.#programmed : []);
    this.erasures = from ? [...from.erasures] : new Array<number>(sectors).fill(0);
  }

  /** The same chip after power came back. */
  restarted(): StrictFlash {
    return new StrictFlash(this.sizeBytes / this.sectorBytes, this);
  }

  read(offset: number, length: number): Uint8Array {
    if (this.#dead) throw new PowerCut();
    if (offset < 0 || length < 0 || offset + length > this.sizeBytes) throw new RangeError("read");
    const out = this.bytes.slice(offset, offset + length);
    for (const [at, mask] of this.stuckLow)
      if (at >= offset && at < offset + length) out[at - offset]! &= ~mask;
    return out;
  }

  erase(offset: number): void {
    if (offset % this.sectorBytes !== 0) throw new RangeError("erase of a part of a sector");
    const target = new Uint8Array(this.sectorBytes).fill(0xff);
    this.#apply(offset, target, () => {
      this.erasures[offset / this.sectorBytes]!++;
      const first = offset / this.pageBytes;
      const pages = this.sectorBytes / this.pageBytes;
      for (let page = first; page < first + pages; page++) this.#programmed.delete(page);
    });
  }

  program(offset: number, data: Uint8Array): void {
    if (offset % this.pageBytes !== 0 || data.length % this.pageBytes !== 0)
      throw new RangeError("program of a part of a page");
    for (let at = 0; at < data.length; at += this.pageBytes) {
      const page = (offset + at) / this.pageBytes;
      if (this.#programmed.has(page)) throw new Error(`page ${page} programmed twice`);
      this.#programmed.add(page);
      for (let i = 0; i < this.pageBytes; i++)
        if (this.bytes[offset + at + i] !== 0xff) throw new Error(`page ${page} is not erased`);
    }
    this.#apply(offset, data, () => undefined);
  }

  #apply(offset: number, target: Uint8Array, done: () => void): void {
    if (this.#dead) throw new PowerCut();
    const plan = this.cut;
    const hit = plan !== undefined && this.operations === plan.operation;
    this.operations++;
    if (!hit) {
      this.bytes.set(target, offset);
      done();
      return;
    }
    this.#dead = true;
    this.#tear(offset, target, plan);
    // A chip that lost power does not remember what was programmed: pages that still look
    // erased may be used again, all others may not until they are erased.
    if (plan.tear === "after") done();
    for (const page of [...this.#programmed]) {
      const from = page * this.pageBytes;
      const content = this.bytes.subarray(from, from + this.pageBytes);
      if (content.every((byte) => byte === 0xff)) this.#programmed.delete(page);
    }
    throw new PowerCut();
  }

  #tear(offset: number, target: Uint8Array, plan: CutPlan): void {
    const next = lcg(plan.seed);
    const at = next() % target.length;
    for (let i = 0; i < target.length; i++) {
      const old = this.bytes[offset + i]!;
      const mask = next() & 0xff;
      let value = old;
      if (plan.tear === "after") value = target[i]!;
      else if (plan.tear === "prefix") value = i < at ? target[i]! : old;
      else if (plan.tear === "suffix") value = i >= at ? target[i]! : old;
      else if (plan.tear === "random") value = (old & mask) | (target[i]! & ~mask & 0xff);
      this.bytes[offset + i] = value;
    }
  }
}
