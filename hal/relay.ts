import { malformed } from "../protocol/errors.ts";
import type { Digital, DigitalConstructor } from "./ecma419.ts";
import { Deadline, type Timing } from "./timing.ts";

export interface RelayOptions extends Timing {
  readonly io: DigitalConstructor;
  readonly pin: number;
  /** True for modules that switch on when their input is pulled low. False unless told. */
  readonly activeLow?: boolean;
  /** The longest that one call can keep it energised, in ms. 10,000 unless told. */
  readonly maxMs?: number;
  /** Called after each change of the output. */
  readonly onChange?: (energised: boolean) => void;
}

const MAX_MS = 10_000;

/**
 * A door relay that is energised for a bounded time and at no other time.
 *
 * How it does not glitch at boot, on the Pico (Moddable `digitalbank.c` and pico-sdk `gpio_init`:
 * a new output first clears its latch, then switches its driver on, so it starts *low*;
 * `initialValue` is ignored):
 *
 * ```
 * active high   reset: pull-down   new Output: low = released   write(1)      write(0)
 *               ____________________________________________/‾‾‾‾‾‾‾‾‾‾\______________
 * active low    reset: floating    new Input with pull-up       new Output    new Input
 *               ‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾\__________/‾‾‾‾‾‾‾‾‾‾‾‾‾‾
 * ```
 * So an active-low relay is never driven high: the pin either pulls it in or lets go of it, and
 * its own pull-up (to 3.3 V, or to the 5 V of an opto-coupled module, within the pin's limits)
 * does the rest. From reset to the constructor only that pull-up holds it: fit one.
 *
 * The end of the window belongs to a timer that is set *before* the output changes: an
 * application that forgets, throws or waits cannot leave the door open.
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #maxMs: number;
  #pin: Digital;
  #timer: object | number | undefined;
  #window: Deadline | undefined;
  #closed = false;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#maxMs = options.maxMs ?? MAX_MS;
    this.#pin = options.activeLow === true ? this.#letGo() : this.#driveLow();
  }

  get energised(): boolean {
    return this.#window !== undefined;
  }

  /** How long it will still be energised, in ms. */
  get leftMs(): number {
    return this.#window?.leftMs ?? 0;
  }

  /**
   * Energises for `durationMs`, at most `maxMs`. While it is energised already, the window is
   * moved to whichever end is later: a second good badge never shortens the first one's time.
   * @throws malformed when `durationMs` is not a positive finite number; the output is untouched
   */
  energise(durationMs: number): void {
    if (this.#closed) return;
    if (!(Number.isFinite(durationMs) && durationMs > 0))
      throw malformed("durationMs", "a positive number of milliseconds is needed");
    const lengthMs = Math.min(durationMs, this.#maxMs);
    if (lengthMs <= this.leftMs) return;
    const { clock, timer } = this.#options;
    const before = this.#timer;
    this.#timer = timer.set(() => this.release(), lengthMs);
    if (before !== undefined) timer.clear(before);
    const wasEnergised = this.energised;
    this.#window = new Deadline(clock, lengthMs);
    if (!wasEnergised) this.#drive(true);
  }

  /** De-energises at once. Does nothing when it is not energised. */
  release(): void {
    if (this.#timer !== undefined) this.#options.timer.clear(this.#timer);
    this.#timer = undefined;
    if (this.#window === undefined) return;
    this.#window = undefined;
    this.#drive(false);
  }

  /** Releases and gives the pin back. */
  close(): void {
    if (this.#closed) return;
    this.release();
    this.#closed = true;
    this.#pin.close();
  }

  #drive(energised: boolean): void {
    if (this.#options.activeLow === true) {
      this.#pin.close();
      this.#pin = energised ? this.#driveLow() : this.#letGo();
    } else {
      this.#pin.write(energised ? 1 : 0);
    }
    this.#options.onChange?.(energised);
  }

  #driveLow(): Digital {
    const { io: Io, pin } = this.#options;
    const digital = new Io({ pin, mode: Io.Output, initialValue: 0 });
    digital.write(0);
    return digital;
  }

  #letGo(): Digital {
    const { io: Io, pin } = this.#options;
    return new Io({ pin, mode: Io.InputPullUp });
  }
}
