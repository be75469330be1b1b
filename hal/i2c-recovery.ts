import { LatchkeyError } from "../protocol/errors.ts";
import type { Digital, DigitalConstructor } from "./ecma419.ts";

export interface BusPins {
  readonly io: DigitalConstructor;
  readonly data: number;
  readonly clock: number;
}

/** A byte and its acknowledge: after so many clocks every device has let go of SDA. */
const CLOCKS_MAX = 9;
/** Looks at a stretched clock before giving up; each costs some microseconds on the Pico. */
const STRETCH_LOOKS_MAX = 200;

/**
 * Frees an I²C bus on which a device still holds SDA, because its controller was reset in the
 * middle of a read (I²C specification UM10204 §3.1.16):
 *
 * ```
 * SDA ____________________________/‾‾‾\___/‾‾‾
 * SCL ‾‾\_/‾\_/‾\_/‾ … up to nine ‾\____/‾‾‾‾‾   STOP
 * ```
 * The I²C object that owns the pins must be closed before and opened again afterwards.
 * Gives back the number of clocks that were needed.
 * @throws bus-stuck when SCL or SDA stays low
 */
export function recoverBus(pins: BusPins): number {
  const data = new OpenDrain(pins.io, pins.data);
  const clock = new OpenDrain(pins.io, pins.clock);
  try {
    if (!clock.waitHigh()) throw stuck("clock");
    let clocks = 0;
    while (!data.high && clocks < CLOCKS_MAX) {
      clock.pull();
      clock.release();
      if (!clock.waitHigh()) throw stuck("clock");
      clocks++;
    }
    if (!data.high) throw stuck("data");
    clock.pull();
    data.pull();
    clock.release();
    if (!clock.waitHigh()) throw stuck("clock");
    data.release();
    if (!data.high) throw stuck("data");
    return clocks;
  } finally {
    data.close();
    clock.close();
  }
}

/**
 * An open-drain pin made of inputs and outputs. `OutputOpenDrain` is not one on the Pico: its
 * port drives it high too (Moddable `modules/io/digital/pico/digitalbank.c`), against a device
 * that pulls low. A new `Output` there starts low, so it *is* the pull.
 */
class OpenDrain {
  readonly #io: DigitalConstructor;
  readonly #pin: number;
  #digital: Digital;
  #pulling = false;

  constructor(io: DigitalConstructor, pin: number) {
    this.#io = io;
    this.#pin = pin;
    this.#digital = new io({ pin, mode: io.InputPullUp });
  }

  get high(): boolean {
    return !this.#pulling && this.#digital.read() !== 0;
  }

  pull(): void {
    this.#digital.close();
    this.#digital = new this.#io({ pin: this.#pin, mode: this.#io.Output, initialValue: 0 });
    this.#digital.write(0);
    this.#pulling = true;
  }

  release(): void {
    this.#digital.close();
    this.#digital = new this.#io({ pin: this.#pin, mode: this.#io.InputPullUp });
    this.#pulling = false;
  }

  waitHigh(): boolean {
    for (let looks = 0; looks < STRETCH_LOOKS_MAX; looks++) if (this.high) return true;
    return false;
  }

  close(): void {
    this.#digital.close();
  }
}

function stuck(line: "clock" | "data"): LatchkeyError {
  return new LatchkeyError("bus-stuck", {
    message: `the I2C bus is held low at its ${line} line and could not be freed`,
    detail: { line },
  });
}
