import type { Clock, Timer } from "../../protocol/platform.ts";

interface Pending {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Lets everything run that only waits for promises. */
async function drain(): Promise<void> {
  for (let i = 0; i < 60; i++) await undefined;
}

/** A clock that stands still until it is told to go, and timers that go by it. */
export class FakeTime {
  nowMs = 1000;
  readonly #pending = new Set<Pending>();
  #order = 0;
  readonly clock: Clock = { monotonicMs: () => this.nowMs };
  readonly timer: Timer = {
    set: (callback, delayMs) => {
      const timer = { atMs: this.nowMs + delayMs, order: this.#order++, callback };
      this.#pending.add(timer);
      return timer;
    },
    clear: (handle) => void this.#pending.delete(handle as Pending),
  };

  /** Timers that have not fired and were not cleared. */
  get timers(): number {
    return this.#pending.size;
  }

  /** Milliseconds until each timer fires, soonest first. */
  get delays(): number[] {
    return [...this.#pending].map(({ atMs }) => atMs - this.nowMs).sort((a, b) => a - b);
  }

  /** Resolves after that time; needs somebody to move the clock. */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.timer.set(resolve, delayMs));
  }

  /** Lets that much time pass, with everything that happens in it. */
  async advance(durationMs: number): Promise<void> {
    const endMs = this.nowMs + durationMs;
    await drain();
    while (this.#fireNext(endMs)) await drain();
    this.nowMs = endMs;
  }

  /** Moves the clock from timer to timer until the promise settles; fails if it never can. */
  async settle<P extends Promise<unknown>>(promise: P): Promise<Awaited<P>> {
    let settled = false;
    promise.then(
      () => (settled = true),
      () => (settled = true),
    );
    await drain();
    while (!settled) {
      if (!this.#fireNext(Number.POSITIVE_INFINITY)) throw new Error("a promise hangs");
      await drain();
    }
    return await promise;
  }

  #fireNext(endMs: number): boolean {
    let next: Pending | undefined;
    for (const timer of this.#pending)
      if (
        next === undefined ||
        timer.atMs < next.atMs ||
        (timer.atMs === next.atMs && timer.order < next.order)
      )
        next = timer;
    if (next === undefined || next.atMs > endMs) return false;
    this.#pending.delete(next);
    this.nowMs = Math.max(this.nowMs, next.atMs);
    next.callback();
    return true;
  }
}
