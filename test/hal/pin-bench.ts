import { Pins } from "../../host-sim/board/pins.ts";
import type { QueuedEvent } from "../../host-sim/world/event-queue.ts";
import { Trace } from "../../host-sim/world/trace.ts";
import { World } from "../../host-sim/world/world.ts";

/** Nobody here compares runs, and hashing each edge is most of the work on XS. */
class NoTrace extends Trace {
  override record(): void {}
}

/** A world with pins, for sensors that hang on one. */
export function pinBench(seed: string) {
  const idle = () => new Promise<void>((done) => setImmediate(done));
  const world = new World({ seed, idle, trace: new NoTrace() });
  return {
    world,
    pins: new Pins(world),
    clock: { monotonicMs: () => world.nowUs() / 1000 },
    timer: {
      set: (run: () => void, delayMs: number) => world.task(Math.max(0, delayMs) * 1000, run),
      clear: (handle: object | number) => world.cancel(handle as QueuedEvent),
    },
    /** Lets the world run until the promise settles; longer than `limitMs` is a hang: an error. */
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
