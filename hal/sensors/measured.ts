import { LatchkeyError } from "../../protocol/errors.ts";

/**
 * `value` if the part can have measured it; NaN is not in any range.
 * @throws sensor-out-of-range
 */
export function inRange(quantity: string, value: number, min: number, max: number): number {
  if (value >= min && value <= max) return value;
  throw new LatchkeyError("sensor-out-of-range", {
    message: `${quantity} is outside of ${min} to ${max}, which is what the sensor can measure`,
    detail: { quantity, value },
  });
}

/**
 * The converter's figure, unless it is the chip's mark for none.
 * @throws sensor-power-on-value
 */
export function measured(quantity: string, adc: number, marker: number): number {
  if (adc !== marker) return adc;
  throw new LatchkeyError("sensor-power-on-value", {
    message: `the sensor says that it did not measure the ${quantity}`,
    detail: { quantity },
  });
}

/** The chip has its power-on registers where it was configured before. */
export function resetMeanwhile(): LatchkeyError {
  return new LatchkeyError("sensor-power-on-value", {
    message: "the sensor was reset since it was configured: a load may pull its supply down",
  });
}
