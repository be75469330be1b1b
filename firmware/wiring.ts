import { type ConfigFields, refuse } from "./config-fields.ts";
import { i2cBlock, PinClaims, uartBlock } from "./pins.ts";

export interface I2cPins {
  readonly data: number;
  readonly clock: number;
  readonly hz: number;
  /** RP2350 I2C block, told by the pins. */
  readonly port: 0 | 1;
}

export interface UartPins {
  readonly transmit: number;
  readonly receive: number;
  /** RP2350 UART, told by the pins. */
  readonly port: 0 | 1;
}

interface I2cBus extends I2cPins {
  /** The configuration's field that claimed it first. */
  readonly field: string;
  /** Who needs the block for itself, in words for people. */
  readonly alone: string | undefined;
  /** The field of the device at each address. */
  readonly devices: Map<number, string>;
}

interface UartLine extends UartPins {
  readonly field: string;
  /** A bus of several devices, such as 1-Wire; absent for a device of its own. */
  readonly bus: string | undefined;
}

/** What one field of pins asks of the wiring. */
export interface I2cWish {
  /** Speed when neither the field nor the bus says one. */
  readonly hz: number;
  /** The device, in words for people, when it bears no other on its block. */
  readonly alone?: string;
}

/**
 * Which pins, I2C blocks and UARTs a configuration has given away. A pin belongs to one field; an
 * I2C bus to several devices, when they agree about its speed and none needs it for itself.
 * Every method throws `config-invalid` and names the field.
 */
export class Wiring {
  readonly #pins = new PinClaims();
  readonly #buses = new Map<0 | 1, I2cBus>();
  readonly #lines = new Map<0 | 1, UartLine>();
  /** Pins on which several devices hang, and which bus they are. */
  readonly #shared = new Map<number, string>();

  pin(fields: ConfigFields, name: string): number {
    return this.#pins.claim(fields.pathOf(name), pinOf(fields, name));
  }

  optionalPin(fields: ConfigFields, name: string): number | undefined {
    return fields.has(name) ? this.pin(fields, name) : undefined;
  }

  /** Reads `pin`. Fields that name the same `bus` may share it. */
  busPin(fields: ConfigFields, bus: string): number {
    const pin = pinOf(fields, "pin");
    if (this.#shared.get(pin) !== bus) this.#shared.set(this.pin(fields, "pin"), bus);
    return pin;
  }

  /** Reads `data`, `clock` and `hz`. */
  i2c(fields: ConfigFields, wish: I2cWish): I2cPins {
    const data = pinOf(fields, "data");
    const clock = pinOf(fields, "clock");
    const shared = [...this.#buses.values()].find(
      (bus) => bus.data === data && bus.clock === clock && bus.alone === undefined,
    );
    if (shared !== undefined && wish.alone === undefined) return this.#join(fields, shared);
    this.pin(fields, "data");
    this.pin(fields, "clock");
    const port = i2cBlock(fields.path, data, clock);
    const taken = this.#buses.get(port);
    if (taken !== undefined) refuse(fields.pathOf("data"), whyTaken(taken, wish.alone));
    const hz = fields.integer("hz", { min: 10_000, max: 400_000, fallback: wish.hz });
    const pins = { data, clock, port, hz };
    const { path: field } = fields;
    this.#buses.set(port, { ...pins, field, alone: wish.alone, devices: new Map() });
    return pins;
  }

  /** Two devices at one address answer at once, and neither can be heard. */
  address(fields: ConfigFields, { port }: I2cPins, address: number): number {
    const devices = this.#buses.get(port)?.devices;
    const owner = devices?.get(address);
    if (owner !== undefined)
      refuse(fields.pathOf("address"), `${hex(address)} is already used by ${owner}`);
    devices?.set(address, fields.path);
    return address;
  }

  /** Reads `transmit` and `receive`. Fields that name the same `bus` may share the pins. */
  uart(fields: ConfigFields, bus?: string): UartPins {
    const transmit = pinOf(fields, "transmit");
    const receive = pinOf(fields, "receive");
    const shared = [...this.#lines.values()].find(
      (line) => line.transmit === transmit && line.receive === receive,
    );
    if (shared !== undefined && bus !== undefined && shared.bus === bus)
      return { transmit, receive, port: shared.port };
    this.pin(fields, "transmit");
    this.pin(fields, "receive");
    const port = uartBlock(fields.path, transmit, receive);
    const taken = this.#lines.get(port);
    if (taken !== undefined)
      refuse(fields.pathOf("transmit"), `UART${port} is already used by ${taken.field}`);
    this.#lines.set(port, { transmit, receive, port, field: fields.path, bus });
    return { transmit, receive, port };
  }

  #join(fields: ConfigFields, bus: I2cBus): I2cPins {
    const { data, clock, port } = bus;
    const hz = fields.integer("hz", { min: 10_000, max: 400_000, fallback: bus.hz });
    // One block has one speed (docs/porting.md).
    if (hz !== bus.hz)
      refuse(fields.pathOf("hz"), `the bus runs at ${bus.hz} Hz already, because of ${bus.field}`);
    return { data, clock, port, hz };
  }
}

function pinOf(fields: ConfigFields, name: string): number {
  return fields.integer(name, { min: 0, max: 47 });
}

function whyTaken(taken: I2cBus, alone: string | undefined): string {
  const needs = taken.alone ?? alone;
  if (needs !== undefined)
    return `${needs} needs I2C${taken.port} for itself: use pins of the other block`;
  return `I2C${taken.port} is on other pins already, because of ${taken.field}`;
}

function hex(address: number): string {
  return `address 0x${address.toString(16)} (${address})`;
}
