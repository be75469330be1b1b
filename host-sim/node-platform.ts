import type { BootReason, Network, Platform, System, UpdateBoard } from "../firmware/platform.ts";
import type { HttpRequest, HttpResponse, Log, Timer } from "../protocol/platform.ts";
import type { PowerGate } from "./board/power-gate.ts";
import type { QueuedEvent } from "./world/event-queue.ts";
import type { World } from "./world/world.ts";

export interface NodePlatformOptions {
  readonly world: World;
  readonly gate: PowerGate;
  readonly io: Platform["io"];
  readonly flash: Platform["flash"];
  readonly network: Network;
  readonly crypto: Platform["crypto"];
  readonly bootReason: BootReason;
  readonly chipId: string;
  readonly version: string;
  readonly update?: UpdateBoard;
  /** Called when the program asks for a restart, or the watchdog does. */
  readonly onRestart: (reason: BootReason) => void;
  /** Called for every line that the program logs. */
  readonly onLog?: Log["write"];
}

/** One run of the node's program on the simulated board: a `Platform` from boot to power cut. */
export function nodePlatform(options: NodePlatformOptions): Platform {
  const { world, gate, update } = options;
  const bootUs = world.nowUs();
  return {
    clock: nodeClock(world, bootUs),
    timer: gatedTimer(world, gate),
    random: {
      bytes(length) {
        gate.check();
        return world.rng("node-random").bytes(length);
      },
    },
    flash: gate.flash(options.flash),
    network: gatedNetwork(options.network, gate),
    io: gate.io(options.io),
    system: system(options),
    ...(update === undefined ? {} : { update: { ...update, flash: gate.flash(update.flash) } }),
    crypto: options.crypto,
    log: {
      write(level, event, fields) {
        if (!gate.on) return;
        world.record("log", `${level} ${event} ${JSON.stringify(fields ?? {})}`);
        options.onLog?.(level, event, fields);
      },
    },
  };
}

/** More readings of the clock in one instant than any program needs that does not wait by it. */
const READS_AT_ONCE = 500;
const READ_US = 1;

/** Stands still while the program computes, as virtual time does; but who spins on it spends it. */
function nodeClock(world: World, bootUs: number): Platform["clock"] {
  let atUs = -1;
  let reads = 0;
  return {
    monotonicMs() {
      const nowUs = world.nowUs();
      reads = nowUs - atUs <= READ_US ? reads + 1 : 0;
      atUs = nowUs;
      if (reads > READS_AT_ONCE && world.canAdvance) world.advance(READ_US);
      return (world.nowUs() - bootUs) / 1000;
    },
  };
}

function gatedTimer(world: World, gate: PowerGate): Timer {
  return {
    set(callback, delayMs) {
      // A timer of a real board has a resolution of a millisecond or so and is never early.
      return world.task(Math.max(0, delayMs) * 1000, () => {
        if (gate.on) callback();
      });
    },
    clear(handle) {
      world.cancel(handle as QueuedEvent);
    },
  };
}

/** Answers that arrive after the power went reach nobody. */
function gatedNetwork(network: Network, gate: PowerGate): Network {
  const alive = <T>(promise: Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      promise.then(
        (value) => gate.on && resolve(value),
        (error) => gate.on && reject(error),
      );
    });
  return {
    join() {
      gate.check();
      return alive(network.join());
    },
    status: () => network.status(),
    request(request: HttpRequest): Promise<HttpResponse> {
      gate.check();
      return alive(network.request(request));
    },
  };
}

/** The watchdog's longest period on the RP2350 is 16.7 s (RP2350 datasheet §12.9). */
const WATCHDOG_US = 8_300_000;

function system(options: NodePlatformOptions): System {
  const { world, gate, bootReason, chipId, version, onRestart } = options;
  let bite: QueuedEvent | undefined;
  return {
    bootReason,
    chipId,
    version,
    restart() {
      gate.check();
      onRestart("restart");
    },
    feedWatchdog() {
      gate.check();
      if (bite !== undefined) world.cancel(bite);
      bite = world.after(WATCHDOG_US, () => {
        if (!gate.on) return;
        onRestart("watchdog");
      });
    },
    heapFreeBytes: () => undefined,
  };
}
