import { copyToZero } from "../protocol/encoding/bytes.ts";
import type { Timer, TimerHandle } from "../protocol/platform.ts";
import type {
  Digital,
  DigitalConstructor,
  Serial,
  SerialConstructor,
  SerialOptions,
} from "./ecma419.ts";

export interface SerialFramesOptions {
  readonly io: SerialConstructor;
  readonly receive?: number;
  readonly transmit?: number;
  readonly port?: number;
  readonly baud: number;
  /** DE and /RE of an RS-485 transceiver, tied together: high while this side speaks. */
  readonly direction?: { readonly io: DigitalConstructor; readonly pin: number };
  readonly timer: Timer;
  /** Bytes between two zeros; longer ones are noise. */
  readonly frameBytesMax: number;
  /** What stood between two zeros, at least one byte. */
  readonly onFrame: (frame: Uint8Array) => void;
}

/** 8N1. */
const BITS_PER_BYTE = 10;
/** The transceiver must have let go before the other side answers, and not before the last bit. */
const RELEASE_MARGIN_MS = 1;

/**
 * Zero-terminated frames on a UART, for a cable or an RS-485 pair. The UART does not say when its
 * last bit has left, so the direction is given back after the time that the bytes take.
 */
export class SerialFrames {
  readonly #options: SerialFramesOptions;
  readonly #serial: Serial;
  readonly #direction: Digital | undefined;
  #waiting: Uint8Array | undefined;
  #room = 0;
  /** What the port has when it is empty: more than that it never offers. */
  #roomMax = 0;
  #release: TimerHandle | undefined;
  readonly #received: Uint8Array;
  #count = 0;
  #overlong = false;
  #closed = false;

  constructor(options: SerialFramesOptions) {
    this.#options = options;
    this.#received = new Uint8Array(options.frameBytesMax);
    const { direction, io, baud } = options;
    // Before the UART: until then a pull-down keeps the transceiver quiet.
    this.#direction =
      direction && new direction.io({ pin: direction.pin, mode: direction.io.Output });
    try {
      this.#direction?.write(0);
      this.#serial = new io({
        ...pinsOf(options),
        baud,
        onReadable: () => this.#read(),
        onWritable: (count) => this.#writable(count),
      });
    } catch (error) {
      this.#direction?.close();
      throw error;
    }
  }

  /** Replaces what has not left yet: on this line nobody speaks twice at once. */
  send(bytes: Uint8Array): void {
    if (this.#closed) return;
    if (this.#direction !== undefined) this.#speak(this.#direction, bytes.length);
    this.#waiting = bytes;
    this.#flush();
  }

  #speak(direction: Digital, byteCount: number): void {
    const { timer, baud } = this.#options;
    if (this.#release !== undefined) timer.clear(this.#release);
    direction.write(1);
    const tookMs = (byteCount * BITS_PER_BYTE * 1000) / baud;
    this.#release = timer.set(() => this.#letGo(), tookMs + RELEASE_MARGIN_MS);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#release !== undefined) this.#options.timer.clear(this.#release);
    this.#serial.close();
    this.#direction?.write(0);
    this.#direction?.close();
  }

  #letGo(): void {
    this.#release = undefined;
    this.#direction?.write(0);
  }

  #writable(count: number): void {
    this.#room = count;
    if (count > this.#roomMax) this.#roomMax = count;
    // The port says so many times a second, whether anything waits or not.
    if (this.#waiting !== undefined) this.#flush();
  }

  #flush(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || this.#room === 0 || this.#closed) return;
    const whole = waiting.length <= this.#room;
    // The port offers every few bytes that have left; each piece costs as much as a large one.
    if (!whole && 2 * this.#room < this.#roomMax) return;
    const piece = whole ? waiting : waiting.subarray(0, this.#room);
    this.#waiting = whole ? undefined : waiting.subarray(piece.length);
    this.#room -= piece.length;
    this.#serial.write(piece);
  }

  #read(): void {
    if (this.#closed) return;
    const buffer = this.#serial.read();
    if (buffer === undefined) return;
    const { byteLength } = buffer;
    for (let at = 0; at < byteLength; ) {
      const copied = copyToZero(this.#received, this.#count, buffer, at);
      const count = copied & 0xffff;
      this.#count += count;
      at += count;
      if (copied > count) {
        this.#end();
        at++;
      } else if (at < byteLength) {
        // No room: what follows is left out up to the zero that ends it.
        this.#overlong = true;
        this.#count = 0;
      }
    }
  }

  #end(): void {
    const whole = this.#count > 0 && !this.#overlong;
    const frame = whole ? this.#received.slice(0, this.#count) : undefined;
    this.#count = 0;
    this.#overlong = false;
    if (frame !== undefined && !this.#closed) this.#options.onFrame(frame);
  }
}

function pinsOf({ receive, transmit, port }: SerialFramesOptions): Partial<SerialOptions> {
  return {
    ...(receive !== undefined && { receive }),
    ...(transmit !== undefined && { transmit }),
    ...(port !== undefined && { port }),
  };
}
