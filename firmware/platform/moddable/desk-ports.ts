import type {
  Digital,
  DigitalOptions,
  I2C,
  PWM,
  Serial,
  SerialOptions,
} from "../../../hal/ecma419.ts";
import type { ModdableTimer } from "./timer.ts";

/** Serial ports of a node on the desk: pseudo-terminals, by the number of the UART (`ports.c`). */
const ports = Object.freeze({
  open(this: unknown, port: number, onReadable: () => void) {
    return native("xs_latchkey_desk_open").call(this, port, onReadable);
  },
  read(this: unknown, port: number): ArrayBuffer | undefined {
    return native("xs_latchkey_desk_read").call(this, port);
  },
  write(this: unknown, port: number, bytes: ArrayBuffer | Uint8Array) {
    return native("xs_latchkey_desk_write").call(this, port, bytes);
  },
  close(this: unknown, port: number) {
    return native("xs_latchkey_desk_close").call(this, port);
  },
});

/** As much as the driver of the Pico keeps. */
const ROOM = 128;

/** `Serial` over a pseudo-terminal, in the form of the SDK's for the Pico. */
export function deskSerial(timers: ModdableTimer) {
  return class DeskSerial implements Serial {
    readonly #port: number;
    readonly #options: SerialOptions;
    #rest = new Uint8Array(0);
    #notice: object | undefined;

    constructor(options: SerialOptions) {
      this.#options = options;
      this.#port = options.port ?? 0;
      ports.open(this.#port, () => this.#readable());
      this.#writable();
    }

    read(byteLength = this.#rest.length): ArrayBuffer | undefined {
      if (byteLength < 1 || byteLength > this.#rest.length) return undefined;
      const taken = this.#rest.slice(0, byteLength);
      this.#rest = this.#rest.slice(byteLength);
      return taken.buffer;
    }

    write(buffer: ArrayBuffer | Uint8Array): void {
      ports.write(this.#port, buffer);
      this.#writable();
    }

    close(): void {
      if (this.#notice !== undefined) timers.clear(this.#notice);
      ports.close(this.#port);
    }

    #readable(): void {
      const came = ports.read(this.#port);
      if (came === undefined) return;
      const all = new Uint8Array(this.#rest.length + came.byteLength);
      all.set(this.#rest);
      all.set(new Uint8Array(came), this.#rest.length);
      this.#rest = all;
      this.#options.onReadable?.call(this, all.length);
    }

    #writable(): void {
      this.#notice ??= timers.set(() => {
        this.#notice = undefined;
        this.#options.onWritable?.call(this, ROOM);
      }, 1) as object;
    }
  };
}

/** A pin with nothing at it, pulled up. */
export class DeskDigital implements Digital {
  static readonly Input = 0;
  static readonly InputPullUp = 1;
  static readonly InputPullDown = 2;
  static readonly InputPullUpDown = 3;
  static readonly Output = 8;
  static readonly OutputOpenDrain = 9;
  static readonly Rising = 1;
  static readonly Falling = 2;
  #level: number;

  constructor({ initialValue = 1 }: DigitalOptions) {
    this.#level = initialValue;
  }
  read(): number {
    return this.#level;
  }
  write(value: number): void {
    this.#level = value;
  }
  close(): void {}
}

/** A bus with no chip on it: nobody acknowledges. */
export class DeskI2C implements I2C {
  read(): never {
    throw new Error("no device");
  }
  write(): never {
    throw new Error("no device");
  }
  close(): void {}
}

export class DeskPWM implements PWM {
  readonly resolution = 10;
  write(): void {}
  close(): void {}
}
