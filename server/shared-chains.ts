import type { ChainRun, Sha3 } from "../protocol/crypto/sha3.ts";
import { MOST_CHAINS, RUN_LENGTH, SharedRun } from "./shared-run.ts";

/** Runs that are laid out at a time: others go on with the second while the first is collected. */
const RUNS = 2;
/** So long others are waited for who have a share; then it is computed once more. */
const PATIENCE_MS = 6;

// Before the runs, a word that counts what was laid out, for those who wait for more.
const POSTED = 0;
const HEAD = 4;
const OFFSET = (run: number) => HEAD + Math.ceil(RUN_LENGTH / 4) * 4 * run;
export const SHARED_LENGTH: number = OFFSET(RUNS);

/**
 * Chains that several threads compute. What is begun the others work on at once; whoever asks
 * works on it when it needs the ends, and on what was begun after it rather than wait for them.
 */
export class SharedChains {
  readonly #head: Int32Array;
  readonly #runs: readonly SharedRun[];
  readonly #sha3: Sha3;

  constructor(memory: SharedArrayBuffer, sha3: Sha3) {
    this.#head = new Int32Array(memory, 0, HEAD / 4);
    this.#runs = Array.from({ length: RUNS }, (_, n) => new SharedRun(memory, OFFSET(n), sha3));
    this.#sha3 = sha3;
  }

  /** Helps for ever. */
  help(): never {
    for (;;) {
      const seen = Atomics.load(this.#head, POSTED);
      while (this.#workOnAny()) {}
      Atomics.wait(this.#head, POSTED, seen);
    }
  }

  #workOnAny(): boolean {
    return this.#runs.some((run) => run.work());
  }

  /** Begins to compute chains in place, with whoever helps. */
  begin(values: Uint8Array, steps: Uint8Array): ChainRun {
    const parts = Array.from({ length: Math.ceil(steps.length / MOST_CHAINS) }, (_, n) => {
      const [from, to] = [n * MOST_CHAINS, Math.min((n + 1) * MOST_CHAINS, steps.length)];
      return { values: values.subarray(32 * from, 32 * to), steps: steps.subarray(from, to) };
    });
    const posted: (SharedRun | undefined)[] = [];
    const post = () => {
      const part = parts[posted.length];
      if (part !== undefined) posted.push(this.#post(part.values, part.steps));
    };
    post();
    return {
      finish: () => {
        for (const [n, part] of parts.entries()) {
          post();
          this.#finish(posted[n], part.values, part.steps);
        }
      },
      drop: () => {
        for (const run of posted) run?.drop();
      },
    };
  }

  #post(values: Uint8Array, steps: Uint8Array): SharedRun | undefined {
    const run = this.#runs.find((one) => one.post(values, steps));
    if (run === undefined) return undefined;
    Atomics.add(this.#head, POSTED, 1);
    Atomics.notify(this.#head, POSTED);
    return run;
  }

  #finish(run: SharedRun | undefined, values: Uint8Array, steps: Uint8Array): void {
    if (run === undefined) {
      this.#sha3.sha3_256Chains!(values, steps);
      return;
    }
    while (run.work()) {}
    while (!run.isDone && (this.#workOnAny() || run.awaits(PATIENCE_MS))) {}
    run.collect(values, steps);
  }
}
