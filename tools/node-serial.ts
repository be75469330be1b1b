import type { SerialPort } from "serialport";
import type { Serial, SerialConstructor, SerialOptions } from "../hal/ecma419.ts";
import { openPort } from "./serial-port.ts";

/** Bytes that may wait in this program; more are taken once the port has sent some. */
const ROOM_BYTES = 1024;

/**
 * Opens a serial port of this computer and gives back an ECMA-419 `Serial` class for it, so that
 * drivers made for a microcontroller run here. ECMA-419 constructors cannot wait and opening a
 * port does, hence the two steps. The class makes one object, whose `close` closes the port; its
 * pins mean nothing here and are ignored. `onEnd` hears why, when the port goes away by itself.
 * @throws port-unavailable
 * @example
 * const io = await openNodeSerial("/dev/ttyUSB0", 115_200);
 * const pn532 = new PN532({ serial: { io }, clock, timer });
 */
export async function openNodeSerial(
  path: string,
  baud: number,
  onEnd: (reason: string) => void = () => {},
): Promise<SerialConstructor> {
  const port = await openPort(path, baud);
  port.on("close", (error?: Error | null) => {
    if (error) onEnd(error.message);
  });
  let taken = false;
  return class extends NodeSerial {
    constructor(options: SerialOptions) {
      if (taken) throw new Error("in use");
      if (options.baud !== baud) throw new RangeError(`the port was opened at ${baud} baud`);
      taken = true;
      super(port, options);
    }
  };
}

class NodeSerial implements Serial {
  readonly #port: SerialPort;
  readonly #options: SerialOptions;
  #received: Buffer[] = [];
  #failure: Error | undefined;

  constructor(port: SerialPort, options: SerialOptions) {
    this.#port = port;
    this.#options = options;
    port.on("data", (bytes: Buffer) => {
      this.#received.push(bytes);
      options.onReadable?.call(this, this.#waiting);
    });
    port.on("error", (error: Error) => {
      this.#failure = error;
    });
    port.on("close", (error?: Error | null) => {
      this.#failure = error ?? new Error("closed");
    });
    setImmediate(() => this.#tellWritable());
  }

  /** All that waits, or its first `byteLength` bytes. */
  read(byteLength = this.#waiting): ArrayBuffer | undefined {
    if (this.#waiting === 0 || byteLength <= 0) return undefined;
    const all = Buffer.concat(this.#received);
    const bytes = Uint8Array.from(all.subarray(0, byteLength));
    this.#received = all.length > bytes.length ? [all.subarray(bytes.length)] : [];
    return bytes.buffer;
  }

  write(buffer: ArrayBuffer | Uint8Array): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (buffer.byteLength > this.#room) throw new Error("output full");
    // A copy: the caller may use its array again before the port has sent it.
    const bytes = Buffer.from(Uint8Array.from(new Uint8Array(buffer)));
    this.#port.write(bytes, () => this.#tellWritable());
  }

  /** What was written still leaves before the port closes. */
  close(): void {
    this.#failure ??= new Error("closed");
    if (this.#port.isOpen) this.#port.close();
  }

  get #waiting(): number {
    return this.#received.reduce((total, { length }) => total + length, 0);
  }

  get #room(): number {
    return Math.max(0, ROOM_BYTES - this.#port.writableLength);
  }

  #tellWritable(): void {
    if (this.#failure === undefined && this.#room > 0) {
      this.#options.onWritable?.call(this, this.#room);
    }
  }
}
