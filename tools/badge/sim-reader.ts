import { setImmediate as nextTurn } from "node:timers/promises";
import { PN532 } from "../../hal/pn532/pn532.ts";
import { boardIo } from "../../host-sim/board/io.ts";
import { Pins } from "../../host-sim/board/pins.ts";
import { SerialLine } from "../../host-sim/board/serial.ts";
import type { Card } from "../../host-sim/nfc/card.ts";
import { NfcField } from "../../host-sim/nfc/field.ts";
import { Pn532HsuFace } from "../../host-sim/pn532/hsu-face.ts";
import { Pn532 } from "../../host-sim/pn532/pn532.ts";
import type { QueuedEvent } from "../../host-sim/world/event-queue.ts";
import { World } from "../../host-sim/world/world.ts";
import { LatchkeyError } from "../../protocol/errors.ts";

const TRANSMIT = 0;
const RECEIVE = 1;
/** The line takes each byte's time; the face need not take it again. */
const NO_TIME_BAUD = 1e9;
/** Virtual: far more than a driver waits for anything. */
const PATIENCE_US = 60e6;

/** A simulated PN532 with a card on it, and the driver that a real one would have. */
export interface SimReader {
  readonly pn532: PN532;
  /** Lets virtual time pass until the driver's work is done. @throws timeout; what the work throws */
  run<T>(work: Promise<T>): Promise<T>;
}

/**
 * The chain that a technician's computer has behind its serial port, in this process: driver,
 * HSU frames on a line of 115,200 baud, the chip model, ISO 14443-4 through the field to the card.
 * A minute on it takes as long as its bytes take to compute. Time stands still between two `run`s.
 */
export function simReader(card: Card): SimReader {
  const world = new World({ seed: "technician", idle: () => nextTurn() });
  const pins = new Pins(world);
  const field = new NfcField(world);
  field.enter(card);
  const chip = new Pn532({ world, field, pins });
  chip.powerOn();
  const line = new SerialLine(world);
  const answer = (bytes: Uint8Array): void => line.write(bytes);
  const face = new Pn532HsuFace(world, chip, answer, { baud: NO_TIME_BAUD });
  line.onData((bytes) => face.receive(bytes));
  const io = boardIo({ pins, buses: [], serials: new Map([[TRANSMIT, line]]) });
  const pn532 = new PN532({
    serial: { io: io.Serial, receive: RECEIVE, transmit: TRANSMIT },
    clock: { monotonicMs: () => world.nowUs() / 1000 },
    timer: {
      set: (callback, delayMs) => world.task(Math.max(0, delayMs) * 1000, callback),
      clear: (handle) => world.cancel(handle as QueuedEvent),
    },
  });
  return {
    pn532,
    async run(work) {
      let settled = false;
      const settle = (): void => {
        settled = true;
      };
      work.then(settle, settle);
      if (await world.run(() => settled, PATIENCE_US)) return await work;
      throw new LatchkeyError("internal", { message: "The simulated reader does not answer." });
    },
  };
}
