import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chipOneWire } from "../../firmware/platform/moddable/chip-one-wire.ts";
import type { NativeOneWire } from "../../hal/native/natives.ts";
import type { OneWirePortConstructor } from "../../hal/one-wire-port.ts";
import type { Pins } from "../../host-sim/board/pins.ts";
import type { World } from "../../host-sim/world/world.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { AskedProgram } from "../support/asked-program.ts";
import { compileSanitized } from "../support/native-builds.ts";
import { ONE_WIRE_PIO, PinMachine } from "./pio-one-wire.ts";
import { assemble } from "./pio-source.ts";

/** What the SDK's assembler makes of the program, but for the instructions: nobody runs them. */
function header(): string {
  const { instructions, labels } = assemble(ONE_WIRE_PIO);
  const offsets = [...labels].map(([name, at]) => `#define one_wire_offset_${name} ${at}u`);
  return `${offsets.join("\n")}
#include "hardware/pio.h"
static const pio_program_t one_wire_program = { .length = ${instructions.length} };
static inline pio_sm_config one_wire_program_get_default_config(uint offset)
{
	(void)offset;
	return (pio_sm_config){ .in = 99, .out = 99, .set = 99, .jump = 99 };
}
`;
}

/** `one-wire-line.c` under the sanitizers, on a model of the PIO's registers. */
export function compileOneWire(): AskedProgram {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-one-wire-"));
  writeFileSync(join(folder, "one-wire.pio.h"), header());
  const files = ["test/hal/native/pio-model.c", "hal/native/pico/one-wire-line.c"];
  compileSanitized(files, join(folder, "one-wire"), folder);
  return new AskedProgram(folder, "one-wire");
}

/** Whatever is open on the model is not any more. */
export function restart(c: AskedProgram): void {
  for (const line of [0, 1, 2, 3]) c.ask(`close ${line}`);
}

/** The natives of the image: their C, and the program that it starts on simulated pins. */
function cOneWire(c: AskedProgram, world: World, pins: Pins): NativeOneWire {
  const { labels } = assemble(ONE_WIRE_PIO);
  const lines = new Map<number, { readonly pin: number; readonly machine: PinMachine }>();
  const start = (line: number, answer: string): void => {
    if (!/^\d/.test(answer)) throw new RangeError(answer);
    const [address, pin, ...words] = answer.split(" ").map(Number);
    const [entry] = [...labels].find(([, at]) => at === address)!;
    const opened = lines.get(line)!;
    if (opened.pin !== pin) throw new Error(`line ${line} starts on pin ${pin}`);
    opened.machine.start(entry, words);
  };
  return {
    open(pin) {
      const line = Number(c.ask(`open ${pin}`));
      if (line < 0) throw new Error("no state machine is free");
      lines.set(line, { pin, machine: new PinMachine(world, pins.pin(pin)) });
      return line;
    },
    reset: (line) => start(line, c.ask(`reset ${line}`)),
    slots: (line, words) => start(line, c.ask(`slots ${line} ${toHex(new Uint8Array(words))}`)),
    levels(line) {
      const { pin, machine } = lines.get(line)!;
      const state = [line, pin, machine.address, ...machine.received].join(" ");
      const answer = c.ask(`levels ${state}`);
      if (answer === "busy") return undefined;
      return Uint32Array.from(answer === "" ? [] : answer.split(" ").map(Number)).buffer;
    },
    close(line) {
      lines.get(line)!.machine.stop();
      lines.delete(line);
      c.ask(`close ${line}`);
    },
  };
}

/** Of a board that has just started; for `pinLineBench`. */
export const cPort =
  (c: AskedProgram) =>
  ({ world, pins }: { readonly world: World; readonly pins: Pins }): OneWirePortConstructor => {
    restart(c);
    return chipOneWire(cOneWire(c, world, pins));
  };
