import type { PWM, PWMConstructor, PWMOptions } from "../../hal/ecma419.ts";
import type { Pins } from "./pins.ts";

export interface PwmState {
  readonly timeUs: number;
  readonly hz: number;
  /** 0 to 1. */
  readonly duty: number;
}

/** What each PWM pin did: tones of a buzzer, brightness of a lamp. */
export class PwmRecorder {
  readonly #history = new Map<number, PwmState[]>();

  /** All settings of a pin, oldest first. */
  of(pin: number): readonly PwmState[] {
    return this.#history.get(pin) ?? [];
  }

  add(pin: number, state: PwmState): void {
    const list = this.#history.get(pin);
    if (list === undefined) this.#history.set(pin, [state]);
    else list.push(state);
  }
}

const RESOLUTION_BITS = 10;

/** `PWM` of one board. It starts silent: duty 0. */
export function pwmClass(pins: Pins, recorder: PwmRecorder): PWMConstructor {
  return class implements PWM {
    readonly resolution = RESOLUTION_BITS;
    readonly #options: PWMOptions;
    #closed = false;

    constructor(options: PWMOptions) {
      const pin = pins.pin(options.pin);
      if (pin.owner !== undefined) throw new Error("in use");
      if (!(options.hz > 0)) throw new RangeError("invalid hz");
      this.#options = options;
      pin.owner = "pwm";
      pin.drive("mcu", "low");
      this.#set(0);
    }

    write(duty: number): void {
      if (this.#closed) throw new Error("closed");
      const max = 2 ** RESOLUTION_BITS - 1;
      if (!(duty >= 0 && duty <= max)) throw new RangeError("invalid value");
      this.#set(duty / max);
    }

    close(): void {
      if (this.#closed) return;
      this.#closed = true;
      const pin = pins.pin(this.#options.pin);
      if (pin.owner !== "pwm") return;
      this.#set(0);
      pin.owner = undefined;
      pin.drive("mcu", "none");
    }

    #set(duty: number): void {
      const { pin, hz } = this.#options;
      recorder.add(pin, { timeUs: pins.world.nowUs(), hz, duty });
      pins.world.record("pwm", `${pin} ${hz} ${duty.toFixed(3)}`);
    }
  };
}
