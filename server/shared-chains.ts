import type { Sha3 } from "../protocol/crypto/sha3.ts";

/** The most chains of one run: 128 signatures. */
const MOST_CHAINS = 128 * 34;
/** Chains that one thread takes at a time: three signatures, some 3 ms. */
const SHARE = 3 * 34;
const MOST_SHARES = Math.ceil(MOST_CHAINS / SHARE);
/** So long others are waited for who have a share; then it is computed once more. */
const PATIENCE_MS = 6;

// Words of the memory's head: which run it is; that once more (16 bits) with how many shares it
// has and which is the next that nobody has taken (8 bits each), so that a share is taken of the
// run it belongs to, or not at all; how many chains; how many shares are done; of each whether it
// is.
const RUN = 0;
const NEXT = 1;
const COUNT = 2;
const DONE = 3;
const SHARES = 4;

const HEAD = 4 * (SHARES + MOST_SHARES);
const STEPS = HEAD + 32 * MOST_CHAINS;
export const SHARED_LENGTH = STEPS + MOST_CHAINS;

/**
 * Chains that several threads compute, in memory that all of them see. Whoever has nothing to do
 * takes the next share, so that a thread that comes late, or dies, holds nobody up: the one who
 * asks does the whole if need be.
 */
export class SharedChains {
  readonly #head: Int32Array;
  readonly #values: Uint8Array;
  readonly #steps: Uint8Array;
  readonly #sha3: Sha3;
  /** Of the last run. */
  #shares = 0;

  constructor(memory: SharedArrayBuffer, sha3: Sha3) {
    this.#head = new Int32Array(memory, 0, HEAD / 4);
    this.#values = new Uint8Array(memory, HEAD, 32 * MOST_CHAINS);
    this.#steps = new Uint8Array(memory, STEPS, MOST_CHAINS);
    this.#sha3 = sha3;
  }

  /** Helps in this run and those after it, for ever. */
  help(): never {
    for (;;) {
      const seen = Atomics.load(this.#head, RUN);
      this.#work();
      Atomics.wait(this.#head, RUN, seen);
    }
  }

  /** Computes chains in place, with whoever helps. */
  run(values: Uint8Array, steps: Uint8Array): void {
    for (let from = 0; from < steps.length; from += MOST_CHAINS) {
      const to = Math.min(from + MOST_CHAINS, steps.length);
      const part = [values.subarray(32 * from, 32 * to), steps.subarray(from, to)] as const;
      // One who still has a share of the last run would write into this one.
      if (Atomics.load(this.#head, DONE) < this.#shares) this.#sha3.sha3_256Chains!(...part);
      else this.#part(...part);
    }
  }

  #part(values: Uint8Array, steps: Uint8Array): void {
    const head = this.#head;
    this.#values.set(values);
    this.#steps.set(steps);
    head.fill(0, SHARES);
    const shares = Math.ceil(steps.length / SHARE);
    this.#shares = shares;
    Atomics.store(head, COUNT, steps.length);
    Atomics.store(head, DONE, 0);
    Atomics.store(head, NEXT, ((Atomics.add(head, RUN, 1) & 0xffff) << 16) | (shares << 8));
    Atomics.notify(head, RUN);
    this.#work();
    this.#await();
    for (let share = 0; share < shares; share++) {
      const [from, to] = [share * SHARE, Math.min((share + 1) * SHARE, steps.length)];
      const part = values.subarray(32 * from, 32 * to);
      if (Atomics.load(head, SHARES + share) === 1)
        part.set(this.#values.subarray(32 * from, 32 * to));
      else this.#sha3.sha3_256Chains!(part, steps.subarray(from, to));
    }
    this.#values.fill(0);
  }

  #await(): void {
    for (;;) {
      const done = Atomics.load(this.#head, DONE);
      if (done === this.#shares) return;
      if (Atomics.wait(this.#head, DONE, done, PATIENCE_MS) === "timed-out") return;
    }
  }

  /** Computes shares until there is none. On copies, so that what is left half done is intact. */
  #work(): void {
    const head = this.#head;
    for (let share = this.#take(); share !== undefined; share = this.#take()) {
      const [from, to] = [share * SHARE, Math.min((share + 1) * SHARE, Atomics.load(head, COUNT))];
      const values = this.#values.slice(32 * from, 32 * to);
      this.#sha3.sha3_256Chains!(values, this.#steps.slice(from, to));
      this.#values.set(values, 32 * from);
      Atomics.store(head, SHARES + share, 1);
      Atomics.add(head, DONE, 1);
      Atomics.notify(head, DONE);
    }
  }

  #take(): number | undefined {
    for (;;) {
      const next = Atomics.load(this.#head, NEXT);
      const [share, shares] = [next & 0xff, (next >> 8) & 0xff];
      if (share >= shares) return undefined;
      if (Atomics.compareExchange(this.#head, NEXT, next, next + 1) === next) return share;
    }
  }
}
