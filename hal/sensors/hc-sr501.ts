import { LatchkeyError, malformed } from "../../protocol/errors.ts";
import type { TimerHandle } from "../../protocol/platform.ts";
import type { Digital, DigitalConstructor } from "../ecma419.ts";
import type { Timing } from "../timing.ts";
import type { Sensor, SensorCallbacks } from "./sensor.ts";

/** `delayedOnMs` and `delayedOffMs` are ESPHome's filters `delayed_on` and `delayed_off`. */
export interface HCSR501Settings {
  /** Debounce: the output must be high for this long to count. 50 ms unless told. */
  readonly delayedOnMs?: number;
  /**
   * Hold-off: motion ends when the output has been low for this long. 5 s unless told, because
   * the part is blind for about 3 s after each pulse: someone who keeps moving is one motion.
   */
  readonly delayedOffMs?: number;
  /** The part triggers by itself while it settles: 60 s after power-up unless told. */
  readonly warmUpMs?: number;
  /** High for this long without a pause is a fault. 30 minutes unless told. */
  readonly stuckMs?: number;
}

export interface HCSR501Options extends Timing, HCSR501Settings, SensorCallbacks<HCSR501Sample> {
  readonly sensor: { readonly io: DigitalConstructor; readonly pin: number };
}

export interface HCSR501Sample {
  readonly motion: boolean;
}

/**
 * The HC-SR501 passive infrared motion sensor: one output, high (3.3 V) while it sees motion and
 * for the hold time after (3 to 300 s, by its trimmer).
 *
 * `onSample` is called when motion begins and when it ends; `measure` and `sample` give the state
 * at any time. A wire that is off reads as no motion: the input is pulled down, and nothing can
 * tell the two apart.
 */
export class HCSR501 implements Sensor<HCSR501Sample> {
  readonly #timing: Timing;
  readonly #callbacks: SensorCallbacks<HCSR501Sample>;
  readonly #io: Digital;
  readonly #startMs: number;
  readonly #settings = {
    delayedOnMs: 50,
    delayedOffMs: 5_000,
    warmUpMs: 60_000,
    stuckMs: 30 * 60_000,
  };
  #motion = false;
  #level = 0;
  /** Since when the output has that level. */
  #sinceMs: number;
  #timer: TimerHandle | undefined;
  #stuckTold = false;
  #closed = false;

  /** @throws malformed */
  constructor(options: HCSR501Options) {
    const { sensor, clock, timer } = options;
    this.#timing = { clock, timer };
    this.#callbacks = options;
    this.#startMs = clock.monotonicMs();
    this.#sinceMs = this.#startMs;
    this.configure(options);
    const { io: Io, pin } = sensor;
    this.#io = new Io({
      pin,
      mode: Io.InputPullDown,
      edge: Io.Rising | Io.Falling,
      onReadable: () => this.#look(),
    });
    this.#look();
  }

  /** @throws malformed */
  configure(settings: HCSR501Settings): void {
    for (const name of ["delayedOnMs", "delayedOffMs", "warmUpMs", "stuckMs"] as const) {
      const value = settings[name] ?? this.#settings[name];
      if (!(value >= 0 && value <= 0x7fffffff)) throw malformed(name, "milliseconds, at least 0");
      this.#settings[name] = value;
    }
  }

  /** The state now. @throws sensor-warming-up, sensor-stuck */
  sample(): HCSR501Sample {
    this.#look();
    const leftMs = this.#warmUpLeftMs;
    if (leftMs > 0) throw new LatchkeyError("sensor-warming-up", { detail: { leftMs } });
    if (this.#isStuck) throw stuck();
    return { motion: this.#motion };
  }

  /** The state now. @throws sensor-warming-up, sensor-stuck */
  async measure(): Promise<HCSR501Sample> {
    return this.sample();
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
    this.#io.close();
  }

  get #nowMs(): number {
    return this.#timing.clock.monotonicMs();
  }

  get #warmUpLeftMs(): number {
    return Math.max(0, this.#startMs + this.#settings.warmUpMs - this.#nowMs);
  }

  get #isStuck(): boolean {
    return this.#level === 1 && this.#nowMs - this.#sinceMs >= this.#settings.stuckMs;
  }

  /**
   * Reads the pin and decides what comes next; harmless at any time. Edges only say when to look:
   * several may have become one callback, and the level is what counts.
   */
  #look(): void {
    if (this.#closed) return;
    const level = this.#io.read();
    if (level !== this.#level) {
      this.#level = level;
      this.#sinceMs = this.#nowMs;
      this.#stuckTold = false;
    }
    this.#settle();
  }

  /** Acts on what is due by now and sets the timer for what is due next. */
  #settle(): void {
    this.#cancel();
    const { delayedOnMs, delayedOffMs, stuckMs } = this.#settings;
    const heldMs = this.#nowMs - this.#sinceMs;
    const isHigh = this.#level === 1;
    const delayMs = isHigh ? delayedOnMs : delayedOffMs;
    if (this.#warmUpLeftMs > 0) {
      this.#lookIn(this.#warmUpLeftMs);
    } else if (this.#isStuck) {
      if (!this.#stuckTold) this.#callbacks.onError?.(stuck());
      this.#stuckTold = true;
    } else if (isHigh === this.#motion) {
      if (isHigh) this.#lookIn(stuckMs - heldMs);
    } else if (heldMs < delayMs) {
      this.#lookIn(delayMs - heldMs);
    } else {
      this.#motion = isHigh;
      if (isHigh) this.#lookIn(stuckMs - heldMs);
      this.#callbacks.onSample?.({ motion: isHigh });
    }
  }

  #lookIn(ms: number): void {
    this.#timer = this.#timing.timer.set(() => this.#look(), Math.max(1, ms));
  }

  #cancel(): void {
    if (this.#timer !== undefined) this.#timing.timer.clear(this.#timer);
    this.#timer = undefined;
  }
}

function stuck(): LatchkeyError {
  return new LatchkeyError("sensor-stuck", {
    message: "The motion sensor's output has been high for too long without a pause.",
  });
}
