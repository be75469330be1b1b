import type { Timer, TimerHandle } from "../protocol/platform.ts";

/** One step of a signal: `level` (0 = off) for `ms`. */
export interface PatternStep {
  readonly level: number;
  readonly ms: number;
}

export interface Pattern {
  readonly steps: readonly PatternStep[];
  /** Starts over after the last step until something else is played. */
  readonly repeat?: boolean;
}

/** Plays step patterns by timer, one at a time. The last level is always 0. */
export class PatternPlayer {
  readonly #timer: Timer;
  readonly #set: (level: number) => void;
  #handle: TimerHandle | undefined;

  constructor(timer: Timer, set: (level: number) => void) {
    this.#timer = timer;
    this.#set = set;
  }

  get playing(): boolean {
    return this.#handle !== undefined;
  }

  /** Replaces whatever is playing. A repeating pattern needs one step longer than 0 ms. */
  play(pattern: Pattern): void {
    this.stop();
    const endless = pattern.repeat === true && pattern.steps.some((step) => step.ms > 0);
    this.#step({ steps: pattern.steps, repeat: endless }, 0);
  }

  stop(): void {
    if (this.#handle !== undefined) this.#timer.clear(this.#handle);
    this.#handle = undefined;
    this.#set(0);
  }

  #step(pattern: Pattern, index: number): void {
    this.#handle = undefined;
    const step = pattern.steps[index];
    if (step === undefined) {
      if (pattern.repeat === true) this.#step(pattern, 0);
      else this.#set(0);
      return;
    }
    this.#set(step.level);
    this.#handle = this.#timer.set(() => this.#step(pattern, index + 1), step.ms);
  }
}
