import type { Sensor } from "../../hal/sensors/sensor.ts";
import { I2CBus } from "../../host-sim/board/i2c-bus.ts";
import type { I2CDevice } from "../../host-sim/board/i2c-device.ts";
import { boardIo } from "../../host-sim/board/io.ts";
import { Pins } from "../../host-sim/board/pins.ts";
import type { QueuedEvent } from "../../host-sim/world/event-queue.ts";
import { Trace } from "../../host-sim/world/trace.ts";
import { World } from "../../host-sim/world/world.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";

/** More turns of the job queue than any chain of awaits in the drivers. */
const JOB_TURNS = 20;

/** A bus of the simulated board with sensors on it, in virtual time. */
export function sensorBench({ seed = "sensors", trace = new Trace() } = {}) {
  const idle = async () => {
    for (let turn = 0; turn < JOB_TURNS; turn++) await null;
  };
  const world = new World({ seed, idle, trace });
  const pins = new Pins(world);
  const bus = new I2CBus({ world, pins, data: 6, clock: 7, name: "i2c1" });
  const io = boardIo({ pins, buses: [bus], digital: { initialValue: false } });
  const timer = {
    set: (run: () => void, delayMs: number) => world.task(delayMs * 1000, run),
    clear: (handle: object | number) => world.cancel(handle as QueuedEvent),
  };
  const timing = { timer, clock: { monotonicMs: () => world.nowUs() / 1000 } };
  const sensor = { io: io.I2C, data: 6, clock: 7 };

  /** Runs the world until the promise settles. */
  async function settle<T>(promise: Promise<T>, limitMs = 20_000): Promise<T> {
    let done = false;
    const mark = () => {
      done = true;
    };
    promise.then(mark, mark);
    if (!(await world.run(() => done, limitMs * 1000))) throw new Error("hangs");
    return promise;
  }
  const measure = <S extends object>(driver: Sensor<S>) => settle(driver.measure());
  /** The sample, or the code of the error. */
  const outcome = <S extends object>(driver: Sensor<S>): Promise<S | string> =>
    measure(driver).catch((error: unknown) => {
      if (isLatchkeyError(error)) return error.code;
      throw error;
    });
  return {
    world,
    bus,
    timing,
    sensor,
    settle,
    measure,
    outcome,
    attach: (device: I2CDevice) => bus.attach(device),
    pass: (ms: number) => world.runFor(ms * 1000),
    trace: () => busTrace(world),
  };
}

/**
 * What went over the bus, as the design notes write it: `R 88,26` for a pointer and a read of so
 * many bytes, `W F4 25` for a write.
 */
function busTrace(world: World): string[] {
  const lines: string[] = [];
  const entries = world.trace.entries("i2c1").map(({ text }) => text);
  for (let i = 0; i < entries.length; i++) {
    const [head = "", bytes = ""] = entries[i]!.split(" ");
    const next = entries[i + 1] ?? "";
    if (head.startsWith("W") && bytes.length === 2 && next.startsWith("R")) {
      const read = next.split(" ")[1]!;
      const length = read.includes("-") ? read : read.length / 2;
      lines.push(`R ${bytes.toUpperCase()},${length}`);
      i++;
    } else {
      const spaced = bytes.includes("-")
        ? bytes
        : (bytes.toUpperCase().match(/../g) ?? []).join(" ");
      lines.push(`${head[0]} ${spaced}`);
    }
  }
  return lines;
}
