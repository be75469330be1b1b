import type { Timer } from "../protocol/platform.ts";
import type { Digital, DigitalConstructor } from "./ecma419.ts";
import { type Pattern, PatternPlayer } from "./pattern.ts";

export interface LedOptions {
  readonly io: DigitalConstructor;
  readonly pin: number;
  readonly activeLow?: boolean;
  readonly timer: Timer;
}

const ON = 1;

/** What the light says; long before words, and for those who do not read them. */
export const LED_PATTERNS = Object.freeze({
  granted: { steps: [{ level: ON, ms: 1_500 }] },
  denied: {
    steps: [
      { level: ON, ms: 120 },
      { level: 0, ms: 120 },
      { level: ON, ms: 120 },
      { level: 0, ms: 120 },
      { level: ON, ms: 120 },
    ],
  },
  busy: {
    steps: [
      { level: ON, ms: 60 },
      { level: 0, ms: 60 },
    ],
    repeat: true,
  },
  /** Alive and well: a short flash every three seconds. */
  ready: {
    steps: [
      { level: ON, ms: 30 },
      { level: 0, ms: 2_970 },
    ],
    repeat: true,
  },
  error: {
    steps: [
      { level: ON, ms: 500 },
      { level: 0, ms: 500 },
    ],
    repeat: true,
  },
} as const satisfies Record<string, Pattern>);
export type LedPatternName = keyof typeof LED_PATTERNS;

/** A light on one pin that plays patterns. */
export class Led {
  readonly #pin: Digital;
  readonly #player: PatternPlayer;

  constructor(options: LedOptions) {
    const { io: Io, pin, activeLow = false, timer } = options;
    this.#pin = new Io({ pin, mode: Io.Output, initialValue: activeLow ? 1 : 0 });
    this.#player = new PatternPlayer(timer, (level) => {
      this.#pin.write(level > 0 === activeLow ? 0 : 1);
    });
    this.#player.stop();
  }

  play(pattern: LedPatternName | Pattern): void {
    this.#player.play(typeof pattern === "string" ? LED_PATTERNS[pattern] : pattern);
  }

  off(): void {
    this.#player.stop();
  }

  close(): void {
    this.#player.stop();
    this.#pin.close();
  }
}
