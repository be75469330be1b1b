import { LatchkeyError } from "../../protocol/errors.ts";
import {
  ONE_WIRE_SLOTS_MAX,
  type OneWirePort,
  type OneWirePortConstructor,
} from "../one-wire-port.ts";
import { Deadline, delay, type Timing } from "../timing.ts";
import type { OneWireLine } from "./onewire.ts";
import { nobodyAnswers, notCarried, staysLow } from "./onewire-trouble.ts";

export interface OneWirePinOptions extends Timing {
  readonly port: { readonly io: OneWirePortConstructor; readonly pin: number };
}

/** Between two looks whether the port has played everything. */
const LOOK_MS = 1;
/** The longest takes 8 ms; the port ends by itself, this is for one that is broken. */
const LIMIT_MS = 250;

/**
 * A 1-Wire line on one pin, whose pulses a `OneWirePort` makes.
 *
 * ```
 *  3V3 ──[4.7 kΩ]──┬── DQ of every device
 *  GPIO ───────────┘
 * ```
 */
export class OneWirePin implements OneWireLine {
  readonly #timing: Timing;
  #port: OneWirePort | undefined;

  /** @throws sensor-bus when the pin is taken, or all state machines are */
  constructor({ port: { io: Port, pin }, clock, timer }: OneWirePinOptions) {
    this.#timing = { clock, timer };
    try {
      this.#port = new Port({ pin });
    } catch (cause) {
      throw new LatchkeyError("sensor-bus", {
        message: "The pin cannot be opened for 1-Wire.",
        cause,
        detail: { pin },
      });
    }
  }

  async reset(): Promise<void> {
    const [risen, absent, free] = await this.#play((port) => port.reset());
    if (risen === 0 || free === 0) throw staysLow();
    if (absent === 1) throw nobodyAnswers();
  }

  async slots(bits: Uint8Array): Promise<Uint8Array> {
    const carried = new Uint8Array(bits.length);
    for (let at = 0; at < bits.length; at += ONE_WIRE_SLOTS_MAX) {
      const part = bits.slice(at, at + ONE_WIRE_SLOTS_MAX);
      const levels = await this.#play((port) => port.write(part));
      if (levels.length === 0) throw staysLow();
      // Somebody drives the line high: against a zero only a short to the supply can.
      if (levels.some((level, i) => level > part[i]!)) throw notCarried();
      carried.set(levels, at);
    }
    return carried;
  }

  close(): void {
    this.#port?.close();
    this.#port = undefined;
  }

  async #play(start: (port: OneWirePort) => void): Promise<Uint8Array> {
    const { clock, timer } = this.#timing;
    start(this.#open);
    const deadline = new Deadline(clock, LIMIT_MS);
    for (;;) {
      await delay(timer, LOOK_MS);
      const levels = this.#open.read();
      if (levels !== undefined) return levels;
      if (deadline.passed) throw new LatchkeyError("sensor-timeout");
    }
  }

  get #open(): OneWirePort {
    if (this.#port === undefined) throw new LatchkeyError("cancelled");
    return this.#port;
  }
}
