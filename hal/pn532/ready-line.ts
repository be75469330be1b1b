import type { Digital, DigitalConstructor } from "../ecma419.ts";
import type { Timing } from "../timing.ts";

/**
 * The PN532's IRQ pin: low while a frame waits to be read.
 *
 * ```
 * IRQ ‾‾‾‾‾‾‾‾\____/‾‾‾‾‾‾‾‾‾‾‾\______/‾‾‾
 *      command  ACK read   chip works  reply read
 * ```
 * One input for the driver's life: the Pico's port installs its interrupt only once.
 */
export class ReadyLine {
  readonly #timing: Timing;
  readonly #pin: Digital;
  #wake: ((low: boolean) => void) | undefined;

  constructor(options: { readonly io: DigitalConstructor; readonly pin: number }, timing: Timing) {
    const { io: Io, pin } = options;
    this.#timing = timing;
    this.#pin = new Io({
      pin,
      mode: Io.InputPullUp,
      edge: Io.Falling,
      onReadable: () => this.#settle(true),
    });
  }

  /** Whether a frame waits now. */
  get low(): boolean {
    return this.#pin.read() === 0;
  }

  /**
   * True as soon as a frame waits, at once if one does; false after `limitMs` or {@link wake}. The
   * level is looked at before and after, so that an edge which came too early or got lost costs
   * time, not an answer.
   */
  wait(limitMs: number): true | Promise<boolean> {
    if (this.low) return true;
    return new Promise((resolve) => {
      const handle = this.#timing.timer.set(() => this.#settle(this.low), limitMs);
      this.#wake = (low) => {
        this.#timing.timer.clear(handle);
        resolve(low);
      };
    });
  }

  /** Ends the wait under way. */
  wake(): void {
    this.#settle(false);
  }

  close(): void {
    this.wake();
    this.#pin.close();
  }

  #settle(low: boolean): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.(low);
  }
}
