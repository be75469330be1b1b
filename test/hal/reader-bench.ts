import { type I2CHost, PN532, type PN532Settings } from "../../hal/pn532/pn532.ts";
import {
  CardPresence,
  type PresenceEvent,
  type PresenceOptions,
} from "../../hal/pn532/presence.ts";
import { I2CBus } from "../../host-sim/board/i2c-bus.ts";
import { boardIo } from "../../host-sim/board/io.ts";
import { Pins } from "../../host-sim/board/pins.ts";
import { createBadgeChip } from "../../host-sim/nfc/badge-chip.ts";
import { NfcField } from "../../host-sim/nfc/field.ts";
import type { Ntag424 } from "../../host-sim/nfc/ntag424.ts";
import type { Pn532Behaviour } from "../../host-sim/pn532/behaviour.ts";
import { Pn532 } from "../../host-sim/pn532/pn532.ts";
import type { QueuedEvent } from "../../host-sim/world/event-queue.ts";
import { Trace } from "../../host-sim/world/trace.ts";
import { World } from "../../host-sim/world/world.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { fromHex } from "../../protocol/encoding/hex.ts";

const SDA = 4;
const SCL = 5;
const IRQ = 6;
const RESET = 7;

/** Nobody here compares runs, and hashing each edge is most of the work on XS. */
class NoTrace extends Trace {
  override record(): void {}
}

export interface BenchOptions {
  readonly seed?: string;
  readonly irq?: boolean;
  readonly behaviour?: Partial<Pn532Behaviour>;
  readonly driver?: Partial<PN532Settings & I2CHost>;
  readonly presence?: Partial<PresenceOptions>;
}

/** The driver on a simulated board with a simulated chip: every byte passes the bus. */
export function readerBench(options: BenchOptions = {}) {
  const idle = async () => {
    for (let turn = 0; turn < 40; turn++) await null;
  };
  const world = new World({ seed: options.seed ?? "hal", idle, trace: new NoTrace() });
  const pins = new Pins(world);
  const bus = new I2CBus({ world, pins, data: SDA, clock: SCL });
  const field = new NfcField(world);
  const chip = new Pn532({
    world,
    field,
    pins,
    irqPin: IRQ,
    resetPin: RESET,
    bus: { data: SDA, clock: SCL },
    ...(options.behaviour === undefined ? {} : { behaviour: options.behaviour }),
  });
  bus.attach(chip.i2c);
  chip.powerOn();
  const io = boardIo({ pins, buses: [bus], digital: { initialValue: false } });
  const clock = { monotonicMs: () => world.nowUs() / 1000 };
  const timer = {
    set: (run: () => void, delayMs: number) => world.task(Math.max(0, delayMs) * 1000, run),
    clear: (handle: object | number) => world.cancel(handle as QueuedEvent),
  };
  const pn532 = new PN532({
    i2c: { io: io.I2C, data: SDA, clock: SCL },
    reset: { io: io.Digital, pin: RESET },
    recovery: { io: io.Digital },
    ...(options.irq === false ? {} : { irq: { io: io.Digital, pin: IRQ } }),
    clock,
    timer,
    ...options.driver,
  });
  const presence = new CardPresence(pn532, { clock, timer, ...options.presence });
  return {
    world,
    pins,
    bus,
    field,
    chip,
    pn532,
    presence,
    /** Lets the world run until the promise settles; at most `limitMs`. */
    async run<T>(promise: Promise<T>, limitMs = 20_000): Promise<T> {
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
    badge(uid = "04518dfaa96180"): Ntag424 {
      return createBadgeChip({
        uid: fromHex(uid),
        crypto: nobleCrypto,
        random: world.rng(`badge ${uid}`),
        ndefFile: fromHex("0007d1010355016162"),
      });
    },
  };
}

/** One word for each event, for comparing a whole history. */
export function eventNames(events: readonly PresenceEvent[]): string[] {
  return events.map((event) => event.type);
}
