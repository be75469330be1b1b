import { performance } from "node:perf_hooks";
import type { World } from "../world/world.ts";

/**
 * Lets a world keep pace with the wall clock: what is due happens when it is due, not at once.
 * Needed where something real takes part: a serial port, a person at the panel. With a `speed`
 * of 2 the world goes twice as fast.
 * @example
 * const stop = paceByWallClock(world);
 */
export function paceByWallClock(world: World, speed = 1): () => void {
  const originMs = performance.now() - world.nowUs() / 1000 / speed;
  const nowUs = (): number => (performance.now() - originMs) * 1000 * speed;
  let stopped = false;
  let wake: NodeJS.Timeout | undefined;
  const turn = async (): Promise<void> => {
    while (!stopped && (world.nextUs() ?? Number.POSITIVE_INFINITY) <= nowUs()) await world.step();
    if (stopped) return;
    world.catchUp(nowUs());
    // A millisecond is what timers are good for. Input from outside may schedule at any time.
    wake = setTimeout(() => void turn(), 1);
  };
  void turn();
  return () => {
    stopped = true;
    clearTimeout(wake);
  };
}
