import {
  ONE_WIRE_SLOTS_MAX,
  type OneWirePort,
  type OneWirePortConstructor,
  type OneWirePortOptions,
} from "../../hal/one-wire-port.ts";
import type { Level, Pin, Pins } from "./pins.ts";

const RESET_LOW_US = 500;
/** After the release: before, during and behind presence pulses. */
const RESET_LOOKS_US: readonly number[] = Object.freeze([12, 70, 492]);
/** After a slot began. */
const ONE_LOW_US = 6;
const LOOK_US = 14;
const ZERO_LOW_US = 65;
const RISEN_US = 75;
const SLOT_US = 77;
const OWNER = "one-wire-port";

/**
 * `OneWirePort` of one board: what a PIO state machine plays, as events of the world. It goes on
 * while the node's CPU is busy.
 */
export function oneWirePortClass(pins: Pins): OneWirePortConstructor {
  return class implements OneWirePort {
    readonly #pin: Pin;
    #levels: Level[] = [];
    #result: Uint8Array | undefined;
    /** Counts what was begun: events of anything older are off. */
    #play = 0;
    #closed = false;

    constructor(options: OneWirePortOptions) {
      const pin = pins.pin(options.pin);
      if (pin.owner !== undefined) throw new Error("in use");
      this.#pin = pin;
      pin.owner = OWNER;
      pin.drive("mcu", "none");
      pin.pull("mcu", "down");
    }

    reset(): void {
      this.#begin();
      this.#pin.drive("mcu", "low");
      this.#after(RESET_LOW_US, () => {
        this.#pin.drive("mcu", "none");
        for (const us of RESET_LOOKS_US) this.#after(us, () => this.#look());
        this.#after(RESET_LOOKS_US.at(-1)!, () => this.#end(this.#levels));
      });
    }

    write(bits: Uint8Array): void {
      const { length } = bits;
      if (length < 1 || length > ONE_WIRE_SLOTS_MAX) throw new RangeError("invalid bits");
      this.#begin();
      this.#slot(bits.slice(), 0);
    }

    read(): Uint8Array | undefined {
      if (this.#closed) throw new Error("closed");
      const result = this.#result;
      this.#result = undefined;
      return result;
    }

    close(): void {
      const owned = this.#owns;
      this.#closed = true;
      if (!owned) return;
      this.#pin.drive("mcu", "none");
      this.#pin.pull("mcu", "none");
      this.#pin.owner = undefined;
    }

    /** A board reset may have given the pin to somebody else meanwhile. */
    get #owns(): boolean {
      return !this.#closed && this.#pin.owner === OWNER;
    }

    #begin(): void {
      if (this.#closed) throw new Error("closed");
      this.#play++;
      this.#result = undefined;
      this.#levels = [];
      this.#pin.drive("mcu", "none");
    }

    #slot(bits: Uint8Array, at: number): void {
      if (at === bits.length) {
        this.#end(this.#levels);
        return;
      }
      this.#pin.drive("mcu", "low");
      const lowUs = bits[at] === 0 ? ZERO_LOW_US : ONE_LOW_US;
      this.#after(lowUs, () => this.#pin.drive("mcu", "none"));
      this.#after(LOOK_US, () => this.#look());
      this.#after(RISEN_US, () => {
        if (this.#pin.level === 0) this.#end([]);
        else this.#after(SLOT_US - RISEN_US, () => this.#slot(bits, at + 1));
      });
    }

    #look(): void {
      this.#levels.push(this.#pin.level);
    }

    #end(levels: readonly Level[]): void {
      this.#result = Uint8Array.from(levels);
    }

    #after(us: number, run: () => void): void {
      const play = this.#play;
      pins.world.after(us, () => {
        if (this.#owns && play === this.#play) run();
      });
    }
  };
}
