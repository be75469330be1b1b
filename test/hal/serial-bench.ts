import { boardIo } from "../../host-sim/board/io.ts";
import { Pins } from "../../host-sim/board/pins.ts";
import { SerialLine } from "../../host-sim/board/serial.ts";
import type { QueuedEvent } from "../../host-sim/world/event-queue.ts";
import { Trace } from "../../host-sim/world/trace.ts";
import { World } from "../../host-sim/world/world.ts";

const TX = 8;
const RX = 9;

/** Nobody here compares runs, and hashing is most of the work on XS. */
class NoTrace extends Trace {
  override record(): void {}
}

/** A board with one serial line, at whose far end a test puts what it likes. */
export function serialBench(seed = "serial") {
  const idle = async () => {
    for (let turn = 0; turn < 40; turn++) await null;
  };
  const world = new World({ seed, idle, trace: new NoTrace() });
  const line = new SerialLine(world);
  const io = boardIo({ pins: new Pins(world), buses: [], serials: new Map([[TX, line]]) });
  const clock = { monotonicMs: () => world.nowUs() / 1000 };
  const timer = {
    set: (run: () => void, delayMs: number) => world.task(Math.max(0, delayMs) * 1000, run),
    clear: (handle: object | number) => world.cancel(handle as QueuedEvent),
  };
  return {
    world,
    line,
    clock,
    timer,
    sensor: { io: io.Serial, receive: RX, transmit: TX },
    /** Lets the world run until the promise settles; at most `limitMs`. */
    async run<T>(promise: Promise<T>, limitMs = 60_000): Promise<T> {
      let settled = false;
      const mark = () => {
        settled = true;
      };
      promise.then(mark, mark);
      if (!(await world.run(() => settled, limitMs * 1000))) {
        throw new Error(`hangs: nothing in ${limitMs} ms`);
      }
      return promise;
    },
    pass: (ms: number) => world.runFor(ms * 1000),
  };
}
