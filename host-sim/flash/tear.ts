import type { Prng } from "../world/prng.ts";

/**
 * What a power cut leaves of a flash operation.
 *
 * - `before`: nothing of it happened;
 * - `prefix`: its first bytes are done, the rest is as it was;
 * - `random`: every bit that was to change did so or did not;
 * - `half-erased`: every bit that was to change is in between: it reads as 0 or 1 afresh each
 *   time, until the sector is erased;
 * - `after`: all of it happened, but nobody was told.
 */
export type Tear = "before" | "prefix" | "random" | "half-erased" | "after";

export const TEARS: readonly Tear[] = Object.freeze([
  "before",
  "prefix",
  "random",
  "half-erased",
  "after",
]);

/** One power cut of an enumeration: the operation that it hits, counted from 1, and how. */
export interface Cut {
  readonly operation: number;
  readonly tear: Tear;
}

/** Every way in which a run of so many flash operations can be cut off. */
export function everyCut(operations: number): Cut[] {
  const cuts: Cut[] = [];
  for (let operation = 1; operation <= operations; operation++) {
    for (const tear of TEARS) cuts.push({ operation, tear });
  }
  return cuts;
}

/** Thrown out of the operation in which the power goes, and out of every later one. */
export class PowerCut extends Error {
  constructor() {
    super("the power is gone");
    this.name = "PowerCut";
  }
}

/** A change of some bytes: what they become, and which of their weak bits stay weak. */
export interface Change {
  readonly target: Uint8Array;
  readonly stayWeak: Uint8Array;
}

/**
 * Applies a change as far as the tear lets it, in place. `weak` marks the bits that are in
 * between; it has one byte for each byte of `bytes`.
 */
export function applyTorn(
  bytes: Uint8Array,
  weak: Uint8Array,
  change: Change,
  tear: Tear,
  rng: Prng,
): void {
  const { target, stayWeak } = change;
  const done = tear === "after" ? bytes.length : tear === "prefix" ? rng.int(0, bytes.length) : 0;
  for (let i = 0; i < bytes.length; i++) {
    const changing = bytes[i]! ^ target[i]!;
    if (i < done) {
      bytes[i] = target[i]!;
      weak[i] = weak[i]! & stayWeak[i]!;
    } else if (tear === "random") bytes[i] = bytes[i]! ^ (changing & rng.int(0, 255));
    else if (tear === "half-erased") weak[i] = weak[i]! | changing;
  }
}
