import { PN532, type PN532Settings } from "../hal/pn532/pn532.ts";
import { isLatchkeyError, LatchkeyError } from "../protocol/errors.ts";
import type { Clock, Timer } from "../protocol/platform.ts";
import { openNodeSerial } from "./node-serial.ts";

/** What the chip speaks after a reset. */
const BAUD = 115_200;
/** USB adapters hold bytes back for 16 ms (FTDI's latency timer); a busy computer adds to it. */
const LATENCY_MS = 50;

const clock: Clock = { monotonicMs: () => performance.now() };
const timer: Timer = {
  set: (callback, delayMs) => setTimeout(callback, delayMs),
  clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

/**
 * A PN532 at a serial port of this computer (its switches at HSU), configured and ready. Its
 * `close` closes the port as well.
 * @throws port-unavailable, pn532-no-ack (nothing there, or no PN532), pn532-unsupported …
 * @example
 * const pn532 = await openPn532("/dev/ttyUSB0");
 * const [card] = await pn532.inListPassiveTarget();
 * await pn532.close();
 */
export async function openPn532(
  path: string,
  settings: Pick<PN532Settings, "activationRetries" | "log"> = {},
): Promise<PN532> {
  const io = await openNodeSerial(path, BAUD);
  const serial = { io, baud: BAUD, latencyMs: LATENCY_MS };
  const pn532 = new PN532({ serial, clock, timer, ...settings });
  try {
    await pn532.open();
    return pn532;
  } catch (cause) {
    await pn532.close();
    if (!isLatchkeyError(cause, "pn532-no-ack")) throw cause;
    const message = `no PN532 answers at ${path}: are its switches set to HSU, RX and TX crossed?`;
    throw new LatchkeyError("pn532-no-ack", { message, cause });
  }
}
