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

/** A choice of a driver's `configure`. @throws config-invalid with the field's name */
export function oneOf<T>(field: string, value: T, choices: readonly T[]): number {
  const at = choices.indexOf(value);
  if (at >= 0) return at;
  throw new LatchkeyError("config-invalid", {
    message: `${field} is ${String(value)}; it can be ${choices.join(", ")}`,
    detail: { field },
  });
}
