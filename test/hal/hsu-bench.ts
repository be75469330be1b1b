import { PN532, type PN532Settings } from "../../hal/pn532/pn532.ts";
import { CardPresence } from "../../hal/pn532/presence.ts";
import { boardIo } from "../../host-sim/board/io.ts";
import { Pins } from "../../host-sim/board/pins.ts";
import { SerialLine } from "../../host-sim/board/serial.ts";
import { createBadgeChip } from "../../host-sim/nfc/badge-chip.ts";
import { NfcField } from "../../host-sim/nfc/field.ts";
import type { Ntag424 } from "../../host-sim/nfc/ntag424.ts";
import type { Pn532Behaviour } from "../../host-sim/pn532/behaviour.ts";
import { Pn532HsuFace } from "../../host-sim/pn532/hsu-face.ts";
import { Pn532 } from "../../host-sim/pn532/pn532.ts";
import type { QueuedEvent } from "../../host-sim/world/event-queue.ts";
import { Trace } from "../../host-sim/world/trace.ts";
import { World } from "../../host-sim/world/world.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";

const RX = 1;
const TX = 0;
const RESET = 7;
/** The line has taken its time already; the face need not take it again. */
const NO_TIME_BAUD = 1e9;

/** Nobody here compares runs, and hashing is most of the work on XS. */
class NoTrace extends Trace {
  override record(): void {}
}

export interface HsuBenchOptions {
  readonly seed?: string;
  readonly reset?: boolean;
  readonly behaviour?: Partial<Pn532Behaviour>;
  readonly driver?: Partial<PN532Settings>;
}

/** The driver at a simulated serial line, with a simulated chip at its other end. */
export function hsuBench(options: HsuBenchOptions = {}) {
  const idle = async () => {
    for (let turn = 0; turn < 40; turn++) await null;
  };
  const world = new World({ seed: options.seed ?? "hsu", idle, trace: new NoTrace() });
  const pins = new Pins(world);
  const field = new NfcField(world);
  const { behaviour = {} } = options;
  const chip = new Pn532({ world, field, pins, resetPin: RESET, behaviour });
  chip.powerOn();
  const line = new SerialLine(world);
  const wire = {
    /** All that the driver wrote. */
    host: "",
    /** The chip's frames, one by one. */
    chip: [] as string[],
    /** What becomes of the chip's bytes on their way; the driver's pass as they are. */
    garble: (bytes: Uint8Array): Uint8Array => bytes,
  };
  const face = new Pn532HsuFace(
    world,
    chip,
    (bytes) => {
      wire.chip.push(toHex(bytes));
      line.write(wire.garble(bytes));
    },
    { baud: NO_TIME_BAUD },
  );
  line.onData((bytes) => {
    wire.host += toHex(bytes);
    face.receive(bytes);
  });
  const digital = { initialValue: false };
  const io = boardIo({ pins, buses: [], serials: new Map([[TX, line]]), digital });
  const clock = { monotonicMs: () => world.nowUs() / 1000 };
  const timer = {
    set: (run: () => void, delayMs: number) => world.task(Math.max(0, delayMs) * 1000, run),
    clear: (handle: object | number) => world.cancel(handle as QueuedEvent),
  };
  const pn532 = new PN532({
    serial: { io: io.Serial, receive: RX, transmit: TX },
    ...(options.reset === true ? { reset: { io: io.Digital, pin: RESET } } : {}),
    clock,
    timer,
    ...options.driver,
  });
  return {
    world,
    field,
    chip,
    line,
    face,
    wire,
    pn532,
    presence: new CardPresence(pn532, { clock, timer }),
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
