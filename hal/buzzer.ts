import type { Timer } from "../protocol/platform.ts";
import type { Digital, DigitalConstructor, PWM, PWMConstructor } from "./ecma419.ts";
import { type Pattern, PatternPlayer } from "./pattern.ts";

export interface BuzzerOptions {
  readonly pin: number;
  readonly timer: Timer;
  /** For an active buzzer, which hums by itself when it has power. */
  readonly digital?: DigitalConstructor;
  /** For a passive one (piezo), which needs the tone. Wins over `digital`. */
  readonly pwm?: PWMConstructor;
}

const HIGH_HZ = 2_700;
const LOW_HZ = 880;

/** Steps carry the tone in Hz; an active buzzer only knows on and off. */
export const BUZZER_PATTERNS = Object.freeze({
  granted: { steps: [{ level: HIGH_HZ, ms: 150 }] },
  denied: {
    steps: [
      { level: LOW_HZ, ms: 200 },
      { level: 0, ms: 80 },
      { level: LOW_HZ, ms: 350 },
    ],
  },
  error: {
    steps: [
      { level: LOW_HZ, ms: 80 },
      { level: 0, ms: 80 },
      { level: LOW_HZ, ms: 80 },
      { level: 0, ms: 80 },
      { level: LOW_HZ, ms: 80 },
    ],
  },
  /** Badge seen: short enough not to annoy. */
  tap: { steps: [{ level: HIGH_HZ, ms: 25 }] },
} as const satisfies Record<string, Pattern>);
export type BuzzerPatternName = keyof typeof BUZZER_PATTERNS;

/** A sounder on one pin. Without an I/O class it is silent, so that callers need not ask. */
export class Buzzer {
  readonly #options: BuzzerOptions;
  readonly #digital: Digital | undefined;
  readonly #player: PatternPlayer;
  #tone: PWM | undefined;

  constructor(options: BuzzerOptions) {
    this.#options = options;
    const { digital: Io, pwm, pin, timer } = options;
    if (pwm === undefined && Io !== undefined)
      this.#digital = new Io({ pin, mode: Io.Output, initialValue: 0 });
    this.#player = new PatternPlayer(timer, (hz) => this.#sound(hz));
    this.#player.stop();
  }

  play(pattern: BuzzerPatternName | Pattern): void {
    this.#player.play(typeof pattern === "string" ? BUZZER_PATTERNS[pattern] : pattern);
  }

  off(): void {
    this.#player.stop();
  }

  close(): void {
    this.#player.stop();
    this.#digital?.close();
  }

  #sound(hz: number): void {
    this.#digital?.write(hz > 0 ? 1 : 0);
    const { pwm: Pwm, pin } = this.#options;
    if (Pwm === undefined) return;
    // ECMA-419 fixes the frequency in the constructor: a tone is an object.
    this.#tone?.close();
    this.#tone = undefined;
    if (hz <= 0) return;
    this.#tone = new Pwm({ pin, hz });
    this.#tone.write(2 ** (this.#tone.resolution - 1));
  }
}
