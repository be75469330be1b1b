import type { Serial, SerialConstructor, SerialOptions } from "../../hal/ecma419.ts";
import type { World } from "../world/world.ts";

/** Bytes in each direction that Moddable's Pico port holds back. */
const FIFO_BYTES = 128;
/** 8N1. */
const BITS_PER_BYTE = 10;
/** Bytes per event: fine enough for a console, and a tenth of the events. */
const BURST_BYTES = 8;

/** The far end of a serial line: a terminal, a test. */
export interface SerialEnd {
  /** Sends bytes to the board at the line's speed. */
  write(bytes: Uint8Array): void;
  /** Calls back with what the board sent, as it arrives. */
  onData(listener: (bytes: Uint8Array) => void): void;
}

/**
 * The wire between a UART of the board and whatever is plugged in. Bytes that arrive while no
 * program listens, or while its FIFO is full, are lost, as in life; `lostBytes` counts them.
 */
export class SerialLine implements SerialEnd {
  readonly #world: World;
  readonly #listeners: ((bytes: Uint8Array) => void)[] = [];
  readonly #toBoard: number[] = [];
  #port: Port | undefined;
  #sending = false;
  lostBytes = 0;

  constructor(world: World) {
    this.#world = world;
  }

  write(bytes: Uint8Array): void {
    for (const byte of bytes) this.#toBoard.push(byte);
    if (!this.#sending) this.#sendNext();
  }

  onData(listener: (bytes: Uint8Array) => void): void {
    this.#listeners.push(listener);
  }

  /** Bytes that end at the board's pin now: they took their time elsewhere. */
  arrive(bytes: readonly number[]): void {
    if (this.#port === undefined) this.lostBytes += bytes.length;
    else this.lostBytes += this.#port.receive(bytes);
  }

  /** Board side: the port that listens now, `undefined` after a restart. */
  connect(port: Port | undefined): void {
    if (port !== undefined && this.#port !== undefined) throw new RangeError("port in use");
    this.#port = port;
  }

  /** The speed to which the board's port is set; `undefined` while none is open. */
  get baud(): number | undefined {
    return this.#port?.baud;
  }

  /** Board side: bytes that have left the UART. */
  deliver(bytes: Uint8Array): void {
    for (const listener of this.#listeners) listener(bytes);
  }

  #sendNext(): void {
    const burst = this.#toBoard.splice(0, BURST_BYTES);
    this.#sending = burst.length > 0;
    if (!this.#sending) return;
    const baud = this.#port?.baud ?? 115_200;
    this.#world.after((burst.length * BITS_PER_BYTE * 1e6) / baud, () => {
      this.arrive(burst);
      this.#sendNext();
    });
  }
}

/** What a line needs of the UART behind it. */
export interface Port {
  readonly baud: number;
  /** Takes bytes from the wire; returns how many found no room. */
  receive(bytes: readonly number[]): number;
}

/**
 * `Serial` of one board: reads and writes never wait, `onReadable` and `onWritable` say when
 * there is something to do. Writing more than there is room for throws, as on the Pico.
 */
export function serialClass(
  world: World,
  lineOf: (options: SerialOptions) => SerialLine | undefined,
): SerialConstructor {
  return class implements Serial, Port {
    readonly baud: number;
    readonly #options: SerialOptions;
    readonly #line: SerialLine;
    readonly #received: number[] = [];
    readonly #sending: number[] = [];
    #busy = false;
    #readablePending = false;
    #writablePending = false;
    #closed = false;

    constructor(options: SerialOptions) {
      if (!(options.baud > 0 && options.baud <= 20_000_000)) throw new RangeError("invalid baud");
      const line = lineOf(options);
      if (line === undefined) throw new Error("invalid");
      this.#options = options;
      this.baud = options.baud;
      this.#line = line;
      line.connect(this);
      this.#tellWritable();
    }

    read(byteLength = this.#received.length): ArrayBuffer | undefined {
      this.#assertOpen();
      if (this.#received.length === 0 || byteLength <= 0) return undefined;
      return Uint8Array.from(this.#received.splice(0, byteLength)).buffer;
    }

    write(buffer: ArrayBuffer | Uint8Array): void {
      this.#assertOpen();
      const bytes = buffer instanceof Uint8Array ? buffer : new Uint8Array(buffer);
      if (bytes.length > FIFO_BYTES - this.#sending.length) throw new Error("output full");
      for (const byte of bytes) this.#sending.push(byte);
      if (!this.#busy) this.#drain();
    }

    close(): void {
      if (this.#closed) return;
      this.#closed = true;
      this.#line.connect(undefined);
    }

    receive(bytes: readonly number[]): number {
      const room = Math.max(0, FIFO_BYTES - this.#received.length);
      const taken = bytes.slice(0, room);
      this.#received.push(...taken);
      const { onReadable } = this.#options;
      if (onReadable !== undefined && taken.length > 0 && !this.#readablePending) {
        this.#readablePending = true;
        world.task(0, () => {
          this.#readablePending = false;
          if (!this.#closed && this.#received.length > 0) {
            onReadable.call(this, this.#received.length);
          }
        });
      }
      return bytes.length - taken.length;
    }

    #drain(): void {
      const burst = this.#sending.slice(0, BURST_BYTES);
      this.#busy = burst.length > 0;
      if (!this.#busy) return;
      world.after((burst.length * BITS_PER_BYTE * 1e6) / this.baud, () => {
        if (this.#closed) return;
        this.#sending.splice(0, burst.length);
        this.#line.deliver(Uint8Array.from(burst));
        this.#tellWritable();
        this.#drain();
      });
    }

    #tellWritable(): void {
      const { onWritable } = this.#options;
      if (onWritable === undefined || this.#writablePending) return;
      this.#writablePending = true;
      world.task(0, () => {
        this.#writablePending = false;
        const room = FIFO_BYTES - this.#sending.length;
        if (!this.#closed && room > 0) onWritable.call(this, room);
      });
    }

    #assertOpen(): void {
      if (this.#closed) throw new Error("closed");
    }
  };
}
