import type { Clock, Timer } from "../protocol/platform.ts";

/** What a driver needs to wait without holding up the event loop. */
export interface Timing {
  readonly clock: Clock;
  readonly timer: Timer;
}

/** Resolves from the event loop after `ms` or a little later. */
export function delay(timer: Timer, ms: number): Promise<void> {
  return new Promise((resolve) => {
    timer.set(() => resolve(), ms);
  });
}

/** A wait that something else may end: one at a time. */
export class Pause {
  readonly #timer: Timer;
  #wake: (() => void) | undefined;

  constructor(timer: Timer) {
    this.#timer = timer;
  }

  /** Resolves at the next {@link end}, or after `limitMs` or a little later. */
  start(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      // Timers may come a little early; asking again at once would be a busy loop.
      const handle = this.#timer.set(() => this.end(), Math.max(1, limitMs));
      this.#wake = () => {
        this.#timer.clear(handle);
        resolve();
      };
    });
  }

  end(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

/** A limit that several waits of one operation share. */
export class Deadline {
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly limitMs: number;

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#startMs = clock.monotonicMs();
    this.limitMs = limitMs;
  }

  get elapsedMs(): number {
    return this.#clock.monotonicMs() - this.#startMs;
  }

  /** Never negative. */
  get leftMs(): number {
    return Math.max(0, this.limitMs - this.elapsedMs);
  }

  get passed(): boolean {
    return this.leftMs <= 0;
  }
}
