import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { chipPulses } from "../../firmware/platform/moddable/chip-pulses.ts";
import type { NativePulses } from "../../hal/native/natives.ts";
import type { PulseCaptureConstructor, PulseCaptureOptions } from "../../hal/pulse-capture.ts";
import type { Pin } from "../../host-sim/board/pins.ts";
import { pulseCaptureClass } from "../../host-sim/board/pulse-capture.ts";
import { root } from "../support/test-files.ts";
import { pinBench } from "./pin-bench.ts";
import { PioMachine } from "./pio-machine.ts";

const SOURCE = readFileSync(join(root, "hal/native/pico/pulse-capture.pio"), "utf8");
const PIN = 10;
const START_US = 1_000;
const CYCLES_PER_US = 10;
type Bench = ReturnType<typeof pinBench>;

/** What `pulse-capture.c` does, with the program on a machine that a test can look into. */
function machinePulses({ world }: Bench, pin: Pin): NativePulses & { machine?: PioMachine } {
  let startedUs = 0;
  let edges: { level: number; atUs: number }[] = [];
  pin.onEdge((level, atUs) => void edges.push({ level, atUs }));
  const level = (cycle: number): boolean => {
    const atUs = startedUs + cycle / CYCLES_PER_US;
    return edges.findLast((edge) => edge.atUs <= atUs)?.level === 1;
  };
  const natives: NativePulses & { machine?: PioMachine } = {
    open: () => {
      pin.pull("mcu", "up");
      return 0;
    },
    start(_capture, lowRounds, durations, idleRounds) {
      startedUs = world.nowUs();
      edges = [];
      const words = [lowRounds - 1, durations - 1, idleRounds];
      natives.machine = new PioMachine(SOURCE, words, level);
      pin.drive("mcu", "low");
      natives.machine.runUntilReleased();
      const heldUs = natives.machine.cycle / CYCLES_PER_US;
      world.after(heldUs, () => pin.drive("mcu", "none"));
    },
    words() {
      const { machine } = natives;
      machine!.runUntil((world.nowUs() - startedUs) * CYCLES_PER_US);
      return machine!.flagged ? Uint32Array.from(machine!.received).buffer : undefined;
    },
    close: () => pin.pull("mcu", "none"),
  };
  return natives;
}

/** Durations that an implementation gives for changes after these times; the first pulls low. */
async function capture(
  make: (bench: Bench, pin: Pin) => PulseCaptureConstructor,
  changesUs: readonly number[],
  options: Partial<PulseCaptureOptions> = {},
): Promise<readonly number[]> {
  const bench = pinBench("pio");
  const pin = bench.pins.pin(PIN);
  const PulseCapture = make(bench, pin);
  let count: number | undefined;
  const settings = { pin: PIN, startUs: START_US, idleUs: 500, durationsMax: 90 };
  const onReadable = (given: number): void => {
    count = given;
  };
  const pulses = new PulseCapture({ ...settings, onReadable, ...options });
  // The chip answers the release, which is the first rise.
  let waiting = true;
  pin.onEdge((level) => {
    if (level === 0 || !waiting) return;
    waiting = false;
    let afterUs = 0;
    changesUs.forEach((step, i) => {
      afterUs += step;
      bench.world.after(afterUs, () => pin.drive("chip", i % 2 === 0 ? "low" : "none"));
    });
  });
  pulses.trigger();
  await bench.pass(200);
  const durations = [...new Uint16Array(pulses.read()!)];
  assert.equal(count, durations.length);
  assert.equal(pulses.read(), undefined);
  pulses.close();
  return durations;
}

const twin = ({ pins }: Bench): PulseCaptureConstructor => pulseCaptureClass(pins);
const machine = (bench: Bench, pin: Pin): PulseCaptureConstructor =>
  chipPulses(machinePulses(bench, pin), bench.timer);

describe("the PIO program of PulseCapture", () => {
  it("times a frame of a DHT22 like the simulated one, to the microsecond", async () => {
    const bits = [0x02, 0x8c, 0x01, 0x5f, 0xee].flatMap((byte) =>
      Array.from({ length: 8 }, (_, i) => (byte >> (7 - i)) & 1),
    );
    const frame = [30, 80, 80, ...bits.flatMap((bit) => [50, bit === 1 ? 70 : 26]), 50];
    assert.deepEqual(await capture(machine, frame), frame);
    assert.deepEqual(await capture(twin, frame), frame);
  });

  it("says the same as the simulated one of any line", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 600 }), { maxLength: 40 }),
        fc.integer({ min: 1, max: 40 }),
        async (changes, durationsMax) => {
          // Where both could be right: the very microsecond in which the idle time ends.
          fc.pre(changes.every((us) => Math.abs(us - 500) > 1));
          const options = { durationsMax };
          assert.deepEqual(
            await capture(machine, changes, options),
            await capture(twin, changes, options),
          );
        },
      ),
      { numRuns: 150, seed: 5 },
    ));

  it("gives nothing for a line that is held low, and for nobody there", async () => {
    const held = (bench: Bench, pin: Pin): PulseCaptureConstructor => {
      pin.drive("short", "low");
      return machine(bench, pin);
    };
    assert.deepEqual(await capture(held, []), []);
    assert.deepEqual(await capture(machine, []), []);
  });

  it("caps a level at 65,535 and measures long ones", async () => {
    const idleUs = 65_535;
    assert.deepEqual(
      await capture(machine, [30, 40_000, 7], { idleUs, durationsMax: 3 }),
      [30, 40_000, 7],
    );
  });

  it("drives the line for the start pulse only, and at most as long as it should and a bit", () => {
    const idle = new PioMachine(SOURCE, [START_US * 5 - 1, 3, 100], () => true);
    idle.runUntil(1e6);
    const [low, released, ...more] = idle.directions;
    assert.deepEqual([low?.output, released?.output, more.length], [true, false, 0]);
    const heldUs = (released!.cycle - low!.cycle) / CYCLES_PER_US;
    assert.ok(heldUs >= START_US && heldUs < START_US + 1, `${heldUs}`);
  });

  it("fits the 32 instructions of a PIO block", () => {
    const instructions = SOURCE.match(/^\t\w/gm) ?? [];
    assert.ok(instructions.length > 20 && instructions.length <= 32, `${instructions.length}`);
  });
});

describe("PulseCapture on the chip", () => {
  it("refuses a second trigger, use after the end, and numbers that its registers cannot hold", () => {
    const bench = pinBench("pulses");
    const Pulses = machine(bench, bench.pins.pin(PIN));
    const settings = { pin: PIN, startUs: 1, idleUs: 500, durationsMax: 4, onReadable: () => {} };
    for (const wrong of [{ startUs: 0 }, { idleUs: 65_536 }, { durationsMax: 1025 }])
      assert.throws(() => new Pulses({ ...settings, ...wrong }), RangeError);
    const pulses = new Pulses(settings);
    pulses.trigger();
    assert.throws(() => pulses.trigger(), /busy/);
    pulses.close();
    pulses.close();
    assert.throws(() => pulses.read(), /closed/);
    assert.throws(() => pulses.trigger(), /closed/);
  });
});
