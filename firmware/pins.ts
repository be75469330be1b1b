import { refuse } from "./config-fields.ts";

/**
 * Which pins a Raspberry Pi Pico 2 W offers, and what each can do. GPIO 23, 24, 25 and 29 belong
 * to the wireless chip (Pico 2 W datasheet §2.1); the function tables are RP2350 datasheet §1.2.3.
 */
const WIRELESS_PINS: readonly number[] = Object.freeze([23, 24, 25, 29]);
const HIGHEST_PIN = 28;

/** Whether `pin` is a GPIO that the board brings out. */
export function isHeaderPin(pin: number): boolean {
  return Number.isInteger(pin) && pin >= 0 && pin <= HIGHEST_PIN && !WIRELESS_PINS.includes(pin);
}

/** The I2C block whose SDA a pin can be: 0, 1, or `undefined` for a pin that can only be SCL. */
export function i2cBlockOfData(pin: number): 0 | 1 | undefined {
  if (pin % 4 === 0) return 0;
  return pin % 4 === 2 ? 1 : undefined;
}

/** The I2C block whose SCL a pin can be. */
export function i2cBlockOfClock(pin: number): 0 | 1 | undefined {
  if (pin % 4 === 1) return 0;
  return pin % 4 === 3 ? 1 : undefined;
}

/** The UART of a pin in the plain UART function; transmit is pin%4==0, receive pin%4==1. */
export function uartOf(pin: number): 0 | 1 {
  return ((pin + 4) >> 3) % 2 === 0 ? 0 : 1;
}

/** Who holds which pin; the second claim of one pin is refused with both names. */
export class PinClaims {
  readonly #owners = new Map<number, string>();

  /** @throws config-invalid naming `field` */
  claim(field: string, pin: number): number {
    if (!isHeaderPin(pin)) refuse(field, `GPIO ${pin} is not free on a Pico 2 W`);
    const owner = this.#owners.get(pin);
    if (owner !== undefined) refuse(field, `GPIO ${pin} is already used by ${owner}`);
    this.#owners.set(pin, field);
    return pin;
  }
}

/** Checks that the two pins belong to one I2C block and says which. @throws config-invalid */
export function i2cBlock(path: string, data: number, clock: number): 0 | 1 {
  const block = i2cBlockOfData(data);
  if (block === undefined)
    return refuse(`${path}.data`, `GPIO ${data} cannot be SDA: use an even-numbered pin`);
  const rule = block === 0 ? "pin % 4 = 1" : "pin % 4 = 3";
  if (i2cBlockOfClock(clock) !== block)
    refuse(`${path}.clock`, `GPIO ${clock} is not SCL of I2C${block}: use one with ${rule}`);
  return block;
}

/** Checks that the two pins belong to one UART and says which. @throws config-invalid */
export function uartBlock(path: string, transmit: number, receive: number): 0 | 1 {
  if (transmit % 4 !== 0)
    refuse(`${path}.transmit`, `GPIO ${transmit} cannot transmit: use one with pin % 4 = 0`);
  const block = uartOf(transmit);
  if (receive % 4 !== 1 || uartOf(receive) !== block)
    refuse(`${path}.receive`, `GPIO ${receive} is not RX of UART${block}`);
  return block;
}
