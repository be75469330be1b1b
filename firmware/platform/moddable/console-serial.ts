import type { Serial, SerialConstructor, SerialOptions } from "../../../hal/ecma419.ts";
import type { NativeUsb } from "../../../hal/native/natives.ts";
import type { Timer, TimerHandle } from "../../../protocol/platform.ts";

/** The USB stack does not call JavaScript; a person does not notice this. */
const USB_LOOK_MS = 20;
/** The same while no terminal is open there. */
const USB_ABSENT_LOOK_MS = 200;

/**
 * `Serial` whose port at pin `transmit` is the console: that UART and the USB port are one line.
 * What is typed on either is heard; answers go to both. The UART sets the pace. What USB has no
 * room for is lost there, so that a terminal that stopped reading never holds up the UART. Other
 * ports (a sensor, a cable to a gateway) are the UART alone.
 */
export function consoleSerial(
  Uart: SerialConstructor,
  usb: NativeUsb,
  timer: Timer,
  transmit: number | undefined,
): SerialConstructor {
  class ConsoleSerial implements Serial {
    readonly #uart: Serial;
    readonly #onReadable: SerialOptions["onReadable"];
    #look: TimerHandle | undefined;
    #typed: ArrayBuffer | undefined;

    constructor(options: SerialOptions) {
      this.#onReadable = options.onReadable;
      this.#uart = new Uart({
        ...options,
        onReadable: (count) => options.onReadable?.call(this, count),
        onWritable: (count) => options.onWritable?.call(this, count),
      });
      this.#turn();
    }

    read(byteLength?: number): ArrayBuffer | undefined {
      const typed = this.#typed;
      if (typed === undefined) return this.#uart.read(byteLength);
      this.#typed = undefined;
      return typed;
    }

    write(buffer: ArrayBuffer | Uint8Array): void {
      this.#uart.write(buffer);
      usb.write(new Uint8Array(buffer));
    }

    close(): void {
      if (this.#look !== undefined) timer.clear(this.#look);
      this.#look = undefined;
      this.#uart.close();
    }

    /** Handed over within one call: the console reads all that it is told of. */
    #turn(): void {
      const lookMs = usb.room() > 0 ? USB_LOOK_MS : USB_ABSENT_LOOK_MS;
      this.#look = timer.set(() => this.#turn(), lookMs);
      const typed = usb.read();
      if (typed === undefined) return;
      this.#typed = typed;
      this.#onReadable?.call(this, typed.byteLength);
      this.#typed = undefined;
    }
  }
  // A constructor that gives back an object makes just that.
  return function open(options: SerialOptions): Serial {
    return options.transmit === transmit ? new ConsoleSerial(options) : new Uart(options);
  } as unknown as SerialConstructor;
}
