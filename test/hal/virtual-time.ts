import type { Clock, Timer } from "../../protocol/platform.ts";

interface Due {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** Enough turns of the job queue for the longest chain of awaits in the drivers. */
const JOB_TURNS = 60;

/** A clock that stands still until a test lets it run, and its timers. No engine API needed. */
export class VirtualTime {
  nowMs = 0;
  #order = 0;
  #due: Due[] = [];

  readonly clock: Clock = { monotonicMs: () => this.nowMs };
  readonly timer: Timer = {
    set: (run, delayMs) => {
      const due = { atMs: this.nowMs + Math.max(0, delayMs), order: this.#order++, run };
      this.#due.push(due);
      return due;
    },
    clear: (handle) => {
      this.#due = this.#due.filter((due) => due !== handle);
    },
  };

  get timersSet(): number {
    return this.#due.length;
  }

  /** Lets promise jobs run, without time passing. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < JOB_TURNS; turn++) await null;
  }

  /** Lets `ms` pass with all that happens in it. */
  async pass(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    await this.settle();
    while (await this.#step(endMs));
    this.nowMs = endMs;
  }

  /** Lets time pass until `promise` settles; a test that needs over `limitMs` hangs: an error. */
  async until<T>(promise: Promise<T>, limitMs = 60_000): Promise<T> {
    let done = false;
    const mark = () => {
      done = true;
    };
    promise.then(mark, mark);
    const endMs = this.nowMs + limitMs;
    await this.settle();
    while (!done) {
      if (!(await this.#step(endMs))) throw new Error(`hangs: nothing happens in ${limitMs} ms`);
    }
    return promise;
  }

  async #step(endMs: number): Promise<boolean> {
    let next: Due | undefined;
    for (const due of this.#due) {
      if (next === undefined || due.atMs < next.atMs) next = due;
      else if (due.atMs === next.atMs && due.order < next.order) next = due;
    }
    if (next === undefined || next.atMs > endMs) return false;
    this.#due = this.#due.filter((due) => due !== next);
    this.nowMs = Math.max(this.nowMs, next.atMs);
    next.run();
    await this.settle();
    return true;
  }
}
