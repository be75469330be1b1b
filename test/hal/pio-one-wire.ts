import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chipOneWire } from "../../firmware/platform/moddable/chip-one-wire.ts";
import type { NativeOneWire } from "../../hal/native/natives.ts";
import type { OneWirePortConstructor } from "../../hal/one-wire-port.ts";
import type { Pin, Pins } from "../../host-sim/board/pins.ts";
import type { World } from "../../host-sim/world/world.ts";
import { root } from "../support/test-files.ts";
import { PioMachine } from "./pio-machine.ts";

export const ONE_WIRE_PIO = readFileSync(join(root, "hal/native/pico/one-wire.pio"), "utf8");
const FIFO_WORDS = 4;

/** A state machine whose cycles are the world's µs, on the pin that it drives low. */
export class PinMachine {
  readonly #world: World;
  readonly #pin: Pin;
  #machine: PioMachine | undefined;

  constructor(world: World, pin: Pin) {
    this.#world = world;
    this.#pin = pin;
  }

  /** Starts anew, with the line let go. */
  start(entry: string, words: readonly number[]): void {
    this.#pin.drive("mcu", "none");
    const machine = new PioMachine(ONE_WIRE_PIO, words, () => this.#pin.level === 1, entry);
    this.#machine = machine;
    const step = (): void => {
      if (this.#machine !== machine || machine.isAt("end")) return;
      const { cycle } = machine;
      machine.step();
      const isOutput = machine.directions.at(-1)?.output === true;
      this.#pin.drive("mcu", isOutput ? "low" : "none");
      this.#world.after(machine.cycle - cycle, step);
    };
    step();
  }

  /** Behind the program's first instruction. */
  get address(): number {
    return this.#machine?.address ?? 0;
  }

  /** What was pushed, once it is at its end. */
  get pushed(): readonly number[] | undefined {
    return this.#machine?.isAt("end") === true ? this.#machine.received : undefined;
  }

  /** All that it has pushed so far. */
  get received(): readonly number[] {
    return this.#machine?.received ?? [];
  }

  stop(): void {
    this.#machine = undefined;
    this.#pin.drive("mcu", "none");
  }
}

/** What `one-wire.c` does, for one line, where there is no compiler. */
function machineOneWire(world: World, pin: Pin): NativeOneWire {
  const machine = new PinMachine(world, pin);
  return {
    open() {
      pin.pull("mcu", "down");
      return 0;
    },
    reset: () => machine.start("reset", []),
    slots(_line, buffer) {
      // As the engine does with a typed array whose elements are not bytes.
      if (!(buffer instanceof ArrayBuffer)) throw new TypeError("invalid buffer");
      const words = new Uint32Array(buffer);
      const [last = 0] = words;
      if (words.length < 2 || words.length > FIFO_WORDS) throw new RangeError("too many slots");
      if (words.length !== (last >> 5) + 2) throw new RangeError("other words than slots");
      machine.start("slots", [...words]);
    },
    levels: () => {
      const { pushed } = machine;
      return pushed === undefined ? undefined : Uint32Array.from(pushed).buffer;
    },
    close() {
      machine.stop();
      pin.pull("mcu", "none");
    },
  };
}

interface Board {
  readonly world: World;
  readonly pins: Pins;
}

/** The port of the image, down to the program of the state machine; for `pinLineBench`. */
export const pioPort = ({ world }: Board, pin: Pin): OneWirePortConstructor =>
  chipOneWire(machineOneWire(world, pin));
