import type { Measured } from "./sensor-driver.ts";
import { roundedTo } from "./stored-reading.ts";

const UNITS: Readonly<Record<string, string>> = Object.freeze({
  temperature: "C",
  humidity: "%",
  pressure: "hPa",
  altitude: "m",
  voltage: "V",
  current: "A",
  power: "W",
});

export interface ValueText {
  /** `24.3 C`: seven characters at most for what people look at, so that it can be drawn large. */
  readonly short: string;
  /** `attic humidity 58.1 %` */
  readonly long: string;
}

/** Values for people, in the order of the driver. */
export function valueTexts(sensor: string, values: Measured): ValueText[] {
  return Object.entries(values).map(([quantity, value]) => {
    const unit = UNITS[quantity];
    const number = typeof value === "number" ? shown(quantity, value) : value ? "yes" : "no";
    const text = unit === undefined ? number : `${number} ${unit}`;
    return { short: text, long: `${sensor} ${quantity} ${text}` };
  });
}

/** One decimal is what people read, where the unit is known; elsewhere what is kept. */
function shown(quantity: string, value: number): string {
  return UNITS[quantity] === undefined ? String(roundedTo(quantity, value)) : value.toFixed(1);
}
