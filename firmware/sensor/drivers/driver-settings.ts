import type { SensorSerial } from "../../../hal/sensors/serial-port.ts";
import { isLatchkeyError } from "../../../protocol/errors.ts";
import { type ConfigFields, refuse } from "../../config-fields.ts";
import type { I2cPins, Wiring } from "../../wiring.ts";
import { FILTER_FIELDS } from "../sensor-config.ts";

/** Pins, speed and address of a part on I²C. */
export type I2cPlace = I2cPins & { readonly address: number; readonly timeout: number };

export const I2C_SETTINGS = Object.freeze(["data", "clock", "hz", "address"] as const);
export const UART_SETTINGS = Object.freeze(["transmit", "receive"] as const);

/** The longest transfer of the parts here; the rest is for whoever stretches the clock. */
const TRANSFER_BYTES = 40;
const STRETCH_MS = 5;

export function i2cPlace(
  settings: ConfigFields,
  wiring: Wiring,
  range: { readonly min: number; readonly max: number; readonly fallback: number },
): I2cPlace {
  const pins = wiring.i2c(settings, { hz: 100_000 });
  const address = wiring.address(settings, pins, settings.integer("address", range));
  const timeout = Math.ceil((TRANSFER_BYTES * 9 * 1000) / pins.hz) + STRETCH_MS;
  return { ...pins, address, timeout };
}

/** A UART of the part's own. */
export function uartPlace(settings: ConfigFields, wiring: Wiring): Omit<SensorSerial, "io"> {
  return wiring.uart(settings);
}

/** What one quantity is set to, beside its filter: `temperature: { oversampling: 16 }`. */
export function quantitySettings(
  settings: ConfigFields,
  quantity: string,
  names: readonly string[],
): ConfigFields {
  return settings.object(quantity, [...FILTER_FIELDS, ...names]);
}

/** A number, if there is one: the driver knows what it may be. */
export function optionalNumber(settings: ConfigFields, name: string): number | undefined {
  return settings.has(name) ? settings.number(name, { min: -1e9, max: 1e9 }) : undefined;
}

/** What the driver itself finds wrong with its settings, by the field's name. */
export function checked<T>(settings: ConfigFields, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!isLatchkeyError(error)) throw error;
    const field = String(error.detail["field"] ?? "address");
    return refuse(settings.pathOf(field), error.message.replace(`${field}: `, ""));
  }
}
