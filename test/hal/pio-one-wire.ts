import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chipOneWire } from "../../firmware/platform/moddable/chip-one-wire.ts";
import type { NativeOneWire } from "../../hal/native/natives.ts";
import type { OneWirePortConstructor } from "../../hal/one-wire-port.ts";
import type { Pin } from "../../host-sim/board/pins.ts";
import type { World } from "../../host-sim/world/world.ts";
import { root } from "../support/test-files.ts";
import { PioMachine } from "./pio-machine.ts";

export const ONE_WIRE_PIO = readFileSync(join(root, "hal/native/pico/one-wire.pio"), "utf8");

const FIFO_WORDS = 4;

/** What `one-wire.c` does, with the program on a machine whose cycles are the world's µs. */
function machineOneWire(world: World, pin: Pin, source: string): NativeOneWire {
  let machine: PioMachine | undefined;
  const start = (entry: string, words: readonly number[]): void => {
    pin.drive("mcu", "none");
    const started = new PioMachine(source, words, () => pin.level === 1, entry);
    machine = started;
    const step = (): void => {
      if (machine !== started || started.isAt("end")) return;
      const { cycle } = started;
      started.step();
      const isOutput = started.directions.at(-1)?.output === true;
      pin.drive("mcu", isOutput ? "low" : "none");
      world.after(started.cycle - cycle, step);
    };
    step();
  };
  return {
    open() {
      pin.pull("mcu", "down");
      return 0;
    },
    reset: () => start("reset", []),
    slots(_line, buffer) {
      // As the engine does with a typed array whose elements are not bytes.
      if (!(buffer instanceof ArrayBuffer)) throw new TypeError("invalid buffer");
      const words = new Uint32Array(buffer);
      const [last = 0] = words;
      if (words.length < 2 || words.length > FIFO_WORDS) throw new RangeError("too many slots");
      if (words.length !== (last >> 5) + 2) throw new RangeError("other words than slots");
      start("slots", [...words]);
    },
    levels: () =>
      machine?.isAt("end") === true ? Uint32Array.from(machine.received).buffer : undefined,
    close() {
      machine = undefined;
      pin.drive("mcu", "none");
      pin.pull("mcu", "none");
    },
  };
}

/** The port of the image, down to the program of the state machine; for `pinLineBench`. */
export const pioPort =
  (source = ONE_WIRE_PIO) =>
  ({ world }: { readonly world: World }, pin: Pin): OneWirePortConstructor =>
    chipOneWire(machineOneWire(world, pin, source));
