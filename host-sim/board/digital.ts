import type { Digital, DigitalConstructor, DigitalOptions } from "../../hal/ecma419.ts";
import type { Pin, Pins } from "./pins.ts";

export interface DigitalBehaviour {
  /**
   * Whether `initialValue` is obeyed. Moddable's Pico port (modules/io/digital) does not know
   * it: an output comes up low. False is that port as it is.
   */
  readonly initialValue: boolean;
}

const MODES = {
  Input: 0,
  InputPullUp: 1,
  InputPullDown: 2,
  Output: 8,
  OutputOpenDrain: 9,
  Rising: 1,
  Falling: 2,
} as const;

/**
 * `Digital` of one board, with the manners of Moddable's Pico port: a pin in use cannot be opened
 * again, an output cannot be read, an input not written, and **open drain is none**: it drives
 * high as well as low (`gpio_set_dir(pin, true)` is all that the port does), so against a chip
 * that pulls low it is a short. Interrupts reach the program as one task, however many there were.
 */
export function digitalClass(pins: Pins, behaviour: DigitalBehaviour): DigitalConstructor {
  return class implements Digital {
    static readonly Input = MODES.Input;
    static readonly InputPullUp = MODES.InputPullUp;
    static readonly InputPullDown = MODES.InputPullDown;
    static readonly Output = MODES.Output;
    static readonly OutputOpenDrain = MODES.OutputOpenDrain;
    static readonly Rising = MODES.Rising;
    static readonly Falling = MODES.Falling;

    readonly #pin: Pin;
    readonly #isOutput: boolean;
    #stopWatching: (() => void) | undefined;
    #triggered = false;
    #closed = false;

    constructor(options: DigitalOptions) {
      const { mode, onReadable, edge = 0 } = options;
      const pin = pins.pin(options.pin);
      if (pin.owner !== undefined) throw new Error("in use");
      if (![0, 1, 2, 8, 9].includes(mode)) throw new RangeError("invalid mode");
      this.#isOutput = mode >= MODES.Output;
      if (onReadable !== undefined) {
        if (this.#isOutput) throw new RangeError("invalid mode");
        if ((edge & 3) === 0) throw new RangeError("invalid edges");
      }
      this.#pin = pin;
      pin.owner = "digital";
      if (this.#isOutput) {
        const value = behaviour.initialValue ? (options.initialValue ?? 0) : 0;
        pin.drive("mcu", value === 0 ? "low" : "high");
      } else {
        pin.drive("mcu", "none");
        pin.pull("mcu", mode === 1 ? "up" : mode === 2 ? "down" : "none");
      }
      if (onReadable !== undefined) this.#watch(edge, onReadable);
    }

    read(): number {
      this.#assertOpen();
      if (this.#isOutput) throw new Error("unimplemented");
      return this.#pin.level;
    }

    write(value: number): void {
      this.#assertOpen();
      if (!this.#isOutput) throw new Error("unimplemented");
      this.#pin.drive("mcu", value === 0 ? "low" : "high");
    }

    close(): void {
      if (this.#closed) return;
      this.#closed = true;
      this.#stopWatching?.();
      // A board reset may have given the pin to somebody else meanwhile.
      if (this.#pin.owner !== "digital") return;
      this.#pin.drive("mcu", "none");
      this.#pin.pull("mcu", "none");
      this.#pin.owner = undefined;
    }

    #watch(edge: number, onReadable: (this: Digital) => void): void {
      this.#stopWatching = this.#pin.onEdge((level) => {
        const wanted = level === 1 ? MODES.Rising : MODES.Falling;
        if ((edge & wanted) === 0 || this.#triggered) return;
        this.#triggered = true;
        pins.world.task(0, () => {
          this.#triggered = false;
          if (!this.#closed) onReadable.call(this);
        });
      });
    }

    #assertOpen(): void {
      if (this.#closed) throw new Error("closed");
    }
  };
}
