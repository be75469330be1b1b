import type { I2C, I2CConstructor, I2COptions } from "../../hal/ecma419.ts";
import type { I2CBus } from "./i2c-bus.ts";
import type { Pins } from "./pins.ts";

const DEFAULT_TIMEOUT_MS = 200;

/**
 * `I2C` of one board, with the manners of Moddable's Pico port (modules/io/i2c/pico): an address
 * NACK and a timeout throw, a data NACK does not, a zero-length transfer does nothing, `stop` is
 * ignored, SDA and SCL must belong to one block, and each address is opened once per pair of pins.
 */
export function i2cClass(pins: Pins, buses: readonly I2CBus[]): I2CConstructor {
  const open = new Set<I2COptions>();
  return class implements I2C {
    readonly #options: I2COptions;
    readonly #bus: I2CBus;
    readonly #timeoutUs: number;
    #closed = false;

    constructor(options: I2COptions) {
      const { data, clock, hz, address } = options;
      const timeoutMs = options.timeout ?? DEFAULT_TIMEOUT_MS;
      if (!(address >= 0 && address <= 127)) throw new RangeError("invalid address");
      if (!(hz > 0 && hz <= 20_000_000)) throw new RangeError("invalid hz");
      // RP2040/RP2350: SDA 0, 4, 8 … is i2c0, SDA 2, 6, 10 … is i2c1; SCL follows.
      const port =
        data % 4 === 0 && clock % 4 === 1 ? 0 : data % 4 === 2 && clock % 4 === 3 ? 1 : -1;
      if (port === -1 || (options.port !== undefined && options.port !== port)) {
        throw new Error("invalid configuration");
      }
      const users = [...open].filter((it) => it.data === data && it.clock === clock);
      const shared = users.length > 0 && pins.pin(data).owner === "i2c";
      if (!shared && (pins.pin(data).owner ?? pins.pin(clock).owner) !== undefined) {
        throw new RangeError("inUse");
      }
      if (users.some((it) => it.address === address)) throw new RangeError("duplicate address");
      const bus = buses.find((it) => it.data === data && it.clock === clock);
      // Nothing is wired to these pins: an empty bus, on which nobody answers, would do as well.
      if (bus === undefined) throw new Error(`no bus is wired to pins ${data} and ${clock}`);
      this.#bus = bus;
      this.#options = options;
      this.#timeoutUs = timeoutMs * 1000;
      open.add(options);
      for (const number of [data, clock]) {
        pins.pin(number).owner = "i2c";
        pins.pin(number).pull("mcu", "up");
      }
    }

    read(byteLength: number, stop?: boolean): ArrayBuffer;
    read(buffer: ArrayBuffer | Uint8Array, stop?: boolean): ArrayBuffer | number;
    read(what: number | ArrayBuffer | Uint8Array): ArrayBuffer | number {
      this.#assertOpen();
      const target =
        typeof what === "number"
          ? new Uint8Array(what)
          : what instanceof Uint8Array
            ? what
            : new Uint8Array(what);
      if (target.length > 0) {
        const { address, hz } = this.#options;
        const result = this.#bus.read(address, target.length, hz, this.#timeoutUs);
        if (result.status !== "ok") throw new Error("read failed");
        target.set(result.bytes);
      }
      return typeof what === "number" ? (target.buffer as ArrayBuffer) : target.length;
    }

    write(buffer: ArrayBuffer | Uint8Array): void {
      this.#assertOpen();
      const bytes = buffer instanceof Uint8Array ? buffer.slice() : new Uint8Array(buffer.slice(0));
      if (bytes.length === 0) return;
      const { address, hz } = this.#options;
      const result = this.#bus.write(address, bytes, hz, this.#timeoutUs);
      if (result.status === "address-nack" || result.status === "timeout") {
        throw new Error("write failed");
      }
    }

    close(): void {
      if (this.#closed) return;
      this.#closed = true;
      open.delete(this.#options);
      const { data, clock } = this.#options;
      if ([...open].some((it) => it.data === data && it.clock === clock)) return;
      for (const number of [data, clock]) {
        if (pins.pin(number).owner !== "i2c") continue;
        pins.pin(number).owner = undefined;
        pins.pin(number).pull("mcu", "none");
      }
    }

    #assertOpen(): void {
      if (this.#closed) throw new Error("closed");
    }
  };
}
