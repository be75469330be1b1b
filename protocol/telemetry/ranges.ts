import type { NamedReadings, ReadingFields } from "./reading.ts";

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** The quantities that are numbers. */
export type Quantity =
  | "temperature"
  | "humidity"
  | "pressure"
  | "lat"
  | "lon"
  | "altitude"
  | "voltage"
  | "current"
  | "power";

/**
 * What a quantity can be, ends included: the widest that one of the supported parts measures. A
 * number outside of it did not come from a measurement, so it is not taken for one, neither on
 * the node nor on the server.
 */
export const RANGES: Readonly<Record<Quantity, Range>> = Object.freeze({
  // DS18B20 data sheet, "Features": -55 to +125 °C; DHT22 and both Bosch parts are narrower.
  temperature: { min: -55, max: 125 },
  humidity: { min: 0, max: 100 },
  // hPa. BME280 §1.1 from 300 on, BMP390 §1.1 up to 1250.
  pressure: { min: 300, max: 1250 },
  lat: { min: -90, max: 90 },
  lon: { min: -180, max: 180 },
  // m. NEO-6 data sheet §1.3: works up to 50,000 m. The lowest dry land is at -430 m; a fix with
  // little sky wanders by some hundred.
  altitude: { min: -1000, max: 50_000 },
  // V. INA219 §7.5: the shunt may lie a little below ground. PZEM-004T: 80 to 260 V; it goes on
  // reporting above, and an overvoltage is what one wants to hear of.
  voltage: { min: -1, max: 300 },
  // A. PZEM-004T: 0 to 100 A; the INA219 measures both directions.
  current: { min: -100, max: 100 },
  // W. PZEM-004T: 23 kW at 260 V times 100 A, with the overvoltage from above.
  power: { min: -30_000, max: 30_000 },
});

export const QUANTITIES = Object.freeze(Object.keys(RANGES) as Quantity[]);

/** For quantities not known here: a larger number is noise that was read as a float. */
const UNKNOWN_QUANTITY: Range = Object.freeze({ min: -1e9, max: 1e9 });

/** Ends included; neither NaN nor an infinity is inside. */
export function isWithin(value: number, { min, max }: Range): boolean {
  return value >= min && value <= max;
}

/** Of `<name>.<quantity>`: that of the quantity. */
function rangeOf(named: string): Range {
  const quantity = named.slice(named.lastIndexOf(".") + 1);
  return Object.hasOwn(RANGES, quantity) ? RANGES[quantity as Quantity] : UNKNOWN_QUANTITY;
}

/** The wire's name of the first value that cannot have been measured, or `undefined`. */
export function outOfRange(fields: ReadingFields, named: NamedReadings = {}): string | undefined {
  for (const quantity of QUANTITIES) {
    const value = fields[quantity];
    if (value !== undefined && !isWithin(value, RANGES[quantity])) return quantity;
  }
  return Object.keys(named).find((name) => !isWithin(named[name]!, rangeOf(name)));
}
