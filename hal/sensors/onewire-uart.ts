import { LatchkeyError } from "../../protocol/errors.ts";
import type { Serial, SerialConstructor } from "../ecma419.ts";
import { Deadline, delay, type Timing } from "../timing.ts";
import type { OneWireLine } from "./onewire.ts";
import { nobodyAnswers, notCarried, staysLow } from "./onewire-trouble.ts";

export interface OneWireUartOptions extends Timing {
  readonly serial: {
    readonly io: SerialConstructor;
    readonly receive?: number;
    readonly transmit?: number;
    readonly port?: number;
  };
}

/** F0 at 9600 baud: start bit and four zeroes are 521 µs low, then 521 µs high (Maxim AN214). */
const RESET_BAUD = 9_600;
const RESET_BYTE = 0xf0;
/** One byte is one slot of 86.8 µs: FF is low for 8.7 µs, 00 for 78 µs (AN214). */
const SLOT_BAUD = 115_200;
/** 8N1. */
const BITS_PER_BYTE = 10;
/** Echoes that may wait in the port's buffer (128 bytes on the Pico) while the program is busy. */
const BURST_MAX = 96;
/** How much later than by its baud rate an echo may come, when the event loop has other work. */
const LATENCY_MS = 250;
/** After a failure the line is left alone for this long before the next reset. */
const QUIET_MS = 10;
/**
 * What a read slot may give: ones, or zeroes first and then ones, up to six of them. A device
 * lets go 60 µs after the start at the latest (data sheet, "Read Time Slots"), and the seventh
 * bit is sampled after 65 µs. Anything else is noise or a line that somebody holds.
 */
const READ_ZEROES: readonly number[] = Object.freeze([0xfe, 0xfc, 0xf8, 0xf0, 0xe0, 0xc0]);

/**
 * A 1-Wire line behind a UART, as Maxim's AN214 describes it. No timing depends on the program.
 *
 * ```
 *  3V3 ──[4.7 kΩ]──┬───────────── DQ of every device
 *  TX ───|◄────────┤              a Schottky diode (cathode to TX), or an open-drain buffer:
 *  RX ─────────────┘              TX itself would drive the line high against a device
 * ```
 * Every byte that is sent comes back over RX, changed where a device pulled the line. To change
 * the speed the port is closed and opened again; TX may float meanwhile, the diode does not mind.
 *
 * The receiver looks every 104 µs during a reset: a presence pulse that begins after 52 µs *and*
 * ends before 156 µs (late and short at once, still within the data sheet) would be missed. Parts
 * answer after 30 µs for 110 µs.
 */
export class OneWireUart implements OneWireLine {
  readonly #options: OneWireUartOptions;
  #serial: Serial | undefined;
  #baud = 0;
  #room = 0;
  /** The last operation ended well: nothing of it can still come. */
  #settled = false;
  #wake: (() => void) | undefined;
  #closed = false;

  /** @throws serial-lost when there is no such port */
  constructor(options: OneWireUartOptions) {
    this.#options = options;
    this.#open(RESET_BAUD);
  }

  async reset(): Promise<void> {
    const quiet = this.#settled;
    this.#open(RESET_BAUD);
    // What went wrong may have left bytes on their way, and devices in the middle of something.
    if (!quiet) await delay(this.#options.timer, QUIET_MS);
    const [answer = 0] = await this.#exchange(Uint8Array.of(RESET_BYTE));
    if (answer === RESET_BYTE) throw nobodyAnswers();
    // The pulse is over 300 µs after the reset, so the last bit is high; the zeroes are our own.
    if (answer < 0x80) throw staysLow({ echo: answer });
    if ((answer & 0x0f) !== 0) throw notCarried({ echo: answer });
    this.#settled = true;
  }

  async slots(bits: Uint8Array): Promise<Uint8Array> {
    this.#open(SLOT_BAUD);
    const out = new Uint8Array(bits.length);
    for (let at = 0; at < bits.length; at += BURST_MAX) {
      const part = bits.slice(at, at + BURST_MAX);
      const echo = await this.#exchange(part.map((bit) => (bit === 0 ? 0x00 : 0xff)));
      out.set(
        part.map((bit, i) => carried(bit, echo[i]!)),
        at,
      );
    }
    this.#settled = true;
    return out;
  }

  close(): void {
    this.#closed = true;
    this.#serial?.close();
    this.#serial = undefined;
    this.#notify();
  }

  /** Sends bytes and waits for as many. */
  async #exchange(bytes: Uint8Array): Promise<Uint8Array> {
    const byteMs = (BITS_PER_BYTE * 1000) / this.#baud;
    const deadline = new Deadline(this.#options.clock, LATENCY_MS + bytes.length * byteMs);
    // A device that has just got power announces itself: nobody asked for that byte.
    this.#receive();
    this.#settled = false;
    const echo = new Uint8Array(bytes.length);
    let sent = 0;
    for (let got = 0; got < echo.length; ) {
      if (sent < bytes.length && this.#room > 0) {
        const part = bytes.slice(sent, sent + this.#room);
        sent += part.length;
        this.#give(part);
      }
      const arrived = this.#receive();
      if (arrived.length > sent - got) throw notCarried({ echo: arrived[sent - got]! });
      echo.set(arrived, got);
      got += arrived.length;
      if (got === echo.length) break;
      if (deadline.passed) throw silent(sent, got);
      if (arrived.length === 0) await this.#pause(deadline.leftMs);
    }
    return echo;
  }

  #give(bytes: Uint8Array): void {
    this.#room -= bytes.length;
    this.#use((serial) => serial.write(bytes));
  }

  #receive(): Uint8Array {
    const bytes = this.#use((serial) => serial.read());
    return bytes === undefined ? new Uint8Array(0) : new Uint8Array(bytes);
  }

  #use<T>(work: (serial: Serial) => T): T {
    if (this.#serial === undefined) throw new LatchkeyError("cancelled");
    return orLost(() => work(this.#serial!));
  }

  #open(baud: number): void {
    if (this.#closed) throw new LatchkeyError("cancelled");
    if (this.#settled && this.#baud === baud) return;
    const { io: Io, receive, transmit, port } = this.#options.serial;
    this.#settled = false;
    this.#serial?.close();
    this.#serial = undefined;
    this.#room = 0;
    const options = {
      baud,
      format: "buffer",
      ...(receive === undefined ? {} : { receive }),
      ...(transmit === undefined ? {} : { transmit }),
      ...(port === undefined ? {} : { port }),
      onReadable: () => this.#notify(),
      onWritable: (count: number) => {
        this.#room = count;
        this.#notify();
      },
    } as const;
    this.#serial = orLost(() => new Io(options));
    this.#baud = baud;
    this.#settled = true;
  }

  /** Until something happens at the port, or `limitMs`. */
  #pause(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const { timer } = this.#options;
      // Timers may come a little early; asking again at once would be a busy loop.
      const handle = timer.set(() => this.#notify(), Math.max(1, limitMs));
      this.#wake = () => {
        timer.clear(handle);
        resolve();
      };
    });
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

function orLost<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new LatchkeyError("serial-lost", { cause });
  }
}

/** The bit that a slot carried, from its echo. */
function carried(bit: number, echo: number): number {
  if (bit === 0) {
    if (echo !== 0x00) throw notCarried({ echo });
    return 0;
  }
  if (echo === 0xff) return 1;
  if (READ_ZEROES.includes(echo)) return 0;
  throw echo < 0x40 ? staysLow({ echo }) : notCarried({ echo });
}

function silent(sent: number, received: number): LatchkeyError {
  return new LatchkeyError("sensor-bus", {
    message: "What was sent on the 1-Wire line did not come back: is RX connected to it?",
    detail: { sent, received },
  });
}
