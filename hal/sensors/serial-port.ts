import { LatchkeyError } from "../../protocol/errors.ts";
import type { Serial, SerialConstructor } from "../ecma419.ts";
import { Deadline, Pause, type Timing } from "../timing.ts";

/** The serial line to a sensor, in the words of ECMA-419. */
export interface SensorSerial {
  readonly io: SerialConstructor;
  readonly receive?: number;
  readonly transmit?: number;
  readonly port?: number;
  readonly baud?: number;
}

/** How long a port may take no bytes, when its buffer is full. */
const WRITE_LIMIT_MS = 200;

/**
 * A serial port as a sensor's driver wants it: what arrives is handed on at once, in pieces of
 * any size, and writing waits until there is room. One write at a time.
 */
export class SerialPort {
  readonly baud: number;
  readonly #timing: Timing;
  readonly #pause: Pause;
  readonly #onBytes: (bytes: Uint8Array) => void;
  readonly #serial: Serial;
  #room = 0;
  #closed = false;

  constructor(serial: SensorSerial, timing: Timing, onBytes: (bytes: Uint8Array) => void) {
    const { io: Io, baud = 9600, receive, transmit, port } = serial;
    this.baud = baud;
    this.#timing = timing;
    this.#pause = new Pause(timing.timer);
    this.#onBytes = onBytes;
    this.#serial = new Io({
      baud,
      format: "buffer",
      ...(receive === undefined ? {} : { receive }),
      ...(transmit === undefined ? {} : { transmit }),
      ...(port === undefined ? {} : { port }),
      onReadable: () => this.poll(),
      onWritable: (count) => {
        this.#room = count;
        this.#pause.end();
      },
    });
  }

  /** Takes in what waits now: a timer may fire before the interrupt's message is delivered. */
  poll(): void {
    const bytes = this.#serial.read();
    if (bytes !== undefined) this.#onBytes(new Uint8Array(bytes));
  }

  /** @throws serial-lost when the port takes no bytes for long, cancelled when it is closed */
  async write(bytes: Uint8Array): Promise<void> {
    const deadline = new Deadline(this.#timing.clock, WRITE_LIMIT_MS);
    for (let at = 0; at < bytes.length; ) {
      if (this.#closed) throw new LatchkeyError("cancelled");
      const part = bytes.slice(at, at + this.#room);
      if (part.length > 0) {
        this.#room -= part.length;
        this.#give(part);
        at += part.length;
      } else if (deadline.passed) {
        throw new LatchkeyError("serial-lost");
      } else {
        await this.#pause.start(deadline.leftMs);
      }
    }
  }

  close(): void {
    this.#closed = true;
    this.#pause.end();
    this.#serial.close();
  }

  #give(part: Uint8Array): void {
    try {
      this.#serial.write(part);
    } catch (cause) {
      throw new LatchkeyError("serial-lost", { cause });
    }
  }
}
