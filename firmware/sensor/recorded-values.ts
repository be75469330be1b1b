import type { NamedReadings, ReadingFields } from "../../protocol/telemetry/reading.ts";
import type { Measured } from "./sensor-driver.ts";
import type { SensorPlan } from "./sensor-plan.ts";
import { isWireQuantity, roundedTo } from "./stored-reading.ts";

export interface RecordedValues {
  readonly fields: ReadingFields;
  readonly named: NamedReadings;
}

/**
 * A sensor's values under the names of the wire, rounded to what is kept. A quantity that another
 * sensor gives the wire's field for is named after this sensor; there, motion is 1 or 0.
 */
export function asRecorded({ wireNames }: SensorPlan, values: Measured): RecordedValues {
  const fields: Record<string, number | boolean> = {};
  const named: Record<string, number> = {};
  for (const [quantity, value] of Object.entries(values)) {
    const wireName = wireNames.get(quantity) ?? quantity;
    const kept = typeof value === "number" ? roundedTo(quantity, value) : value;
    if (isWireQuantity(wireName)) fields[wireName] = kept;
    else named[wireName] = Number(kept);
  }
  return { fields, named };
}
