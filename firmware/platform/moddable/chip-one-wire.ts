import type { NativeOneWire } from "../../../hal/native/natives.ts";
import { oneWireLevels, oneWireWords } from "../../../hal/native/one-wire-words.ts";
import type {
  OneWirePort,
  OneWirePortConstructor,
  OneWirePortOptions,
} from "../../../hal/one-wire-port.ts";

const RESET_LEVELS = 3;

/** `OneWirePort` by the state machines of the RP2350. */
export function chipOneWire(natives: NativeOneWire): OneWirePortConstructor {
  return class ChipOneWire implements OneWirePort {
    #line: number | undefined;
    /** How many levels will come of what is played; 0 when nothing is. */
    #looks = 0;

    constructor({ pin }: OneWirePortOptions) {
      this.#line = natives.open(pin);
    }

    reset(): void {
      natives.reset(this.#opened());
      this.#looks = RESET_LEVELS;
    }

    write(bits: Uint8Array): void {
      natives.slots(this.#opened(), oneWireWords(bits).buffer);
      this.#looks = bits.length;
    }

    read(): Uint8Array | undefined {
      const line = this.#opened();
      const words = this.#looks === 0 ? undefined : natives.levels(line);
      if (words === undefined) return undefined;
      const levels = oneWireLevels(new Uint32Array(words), this.#looks);
      this.#looks = 0;
      return levels;
    }

    close(): void {
      if (this.#line !== undefined) natives.close(this.#line);
      this.#line = undefined;
    }

    #opened(): number {
      if (this.#line === undefined) throw new Error("closed");
      return this.#line;
    }
  };
}
