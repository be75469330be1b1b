import type { Sha3 } from "../protocol/crypto/sha3.ts";

/** The most chains of one run: 64 signatures. */
export const MOST_CHAINS = 64 * 34;
/** Chains that one thread takes at a time: three signatures, some 2 ms. */
const SHARE = 3 * 34;
const MOST_SHARES = Math.ceil(MOST_CHAINS / SHARE);

// Words of the run's memory: which run it is (16 bits) with how many shares it has and which is the
// next that nobody has taken (8 bits each), so that a share is taken of the run it belongs to, or
// not at all; how many chains; how many shares are done; of each whether it is.
const NEXT = 0;
const COUNT = 1;
const DONE = 2;
const SHARES = 3;

const HEAD = 4 * (SHARES + MOST_SHARES);
const STEPS = HEAD + 32 * MOST_CHAINS;
export const RUN_LENGTH = STEPS + MOST_CHAINS;

/**
 * Chains that several threads compute, in memory that all of them see. Whoever has nothing to do
 * takes the next share, so that a thread that comes late, or dies, holds nobody up: the one who
 * asks does the whole if need be.
 */
export class SharedRun {
  readonly #head: Int32Array;
  readonly #values: Uint8Array;
  readonly #steps: Uint8Array;
  readonly #sha3: Sha3;
  /** Of the thread that asks: posted, and not taken back yet. */
  #isPosted = false;

  /** @param memory {@link RUN_LENGTH} bytes from `offset` on */
  constructor(memory: SharedArrayBuffer, offset: number, sha3: Sha3) {
    this.#head = new Int32Array(memory, offset, HEAD / 4);
    this.#values = new Uint8Array(memory, offset + HEAD, 32 * MOST_CHAINS);
    this.#steps = new Uint8Array(memory, offset + STEPS, MOST_CHAINS);
    this.#sha3 = sha3;
  }

  /** Lays chains out. `false` while they would be mixed with those that were there before. */
  post(values: Uint8Array, steps: Uint8Array): boolean {
    const head = this.#head;
    const last = Atomics.load(head, NEXT);
    // One who still has a share of the last run would write into this one.
    if (this.#isPosted || Atomics.load(head, DONE) !== (last & 0xff)) return false;
    this.#values.set(values);
    this.#steps.set(steps);
    head.fill(0, SHARES);
    Atomics.store(head, COUNT, steps.length);
    Atomics.store(head, DONE, 0);
    const shares = Math.ceil(steps.length / SHARE);
    Atomics.store(head, NEXT, (((last >>> 16) + 1) << 16) | (shares << 8));
    this.#isPosted = true;
    return true;
  }

  /** Computes a share, if there is one. On copies, so that what is left half done is intact. */
  work(): boolean {
    const share = this.#take();
    if (share === undefined) return false;
    const head = this.#head;
    const [from, to] = [share * SHARE, Math.min((share + 1) * SHARE, Atomics.load(head, COUNT))];
    const values = this.#values.slice(32 * from, 32 * to);
    this.#sha3.sha3_256Chains!(values, this.#steps.slice(from, to));
    this.#values.set(values, 32 * from);
    Atomics.store(head, SHARES + share, 1);
    Atomics.add(head, DONE, 1);
    Atomics.notify(head, DONE);
    return true;
  }

  #take(): number | undefined {
    for (;;) {
      const next = Atomics.load(this.#head, NEXT);
      const [share, shares] = [next & 0xff, (next >> 8) & 0xff];
      if (share >= shares) return undefined;
      if (Atomics.compareExchange(this.#head, NEXT, next, next + 1) === next) return share;
    }
  }

  /** Waits for the next share that somebody has done. `false` when it takes longer than that. */
  awaits(patienceMs: number): boolean {
    const done = Atomics.load(this.#head, DONE);
    if (done === this.#shares) return true;
    return Atomics.wait(this.#head, DONE, done, patienceMs) !== "timed-out";
  }

  get isDone(): boolean {
    return Atomics.load(this.#head, DONE) === this.#shares;
  }

  get #shares(): number {
    return (Atomics.load(this.#head, NEXT) >> 8) & 0xff;
  }

  /** The ends of all chains; what others have not done until now is computed once more. */
  collect(values: Uint8Array, steps: Uint8Array): void {
    const shares = this.#shares;
    for (let share = 0; share < shares; share++) {
      const [from, to] = [share * SHARE, Math.min((share + 1) * SHARE, steps.length)];
      const part = values.subarray(32 * from, 32 * to);
      if (Atomics.load(this.#head, SHARES + share) === 1)
        part.set(this.#values.subarray(32 * from, 32 * to));
      else this.#sha3.sha3_256Chains!(part, steps.subarray(from, to));
    }
    this.drop();
  }

  /** No more shares of this run are given out. */
  drop(): void {
    for (;;) {
      const next = Atomics.load(this.#head, NEXT);
      const closed = (next & ~0xff00) | ((next & 0xff) << 8);
      if (Atomics.compareExchange(this.#head, NEXT, next, closed) === next) break;
    }
    this.#values.fill(0);
    this.#isPosted = false;
  }
}
