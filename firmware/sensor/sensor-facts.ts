import { ERROR_CODES } from "../../protocol/error-codes.ts";
import type { Facts } from "../console/snapshot.ts";
import { roundedTo } from "./stored-reading.ts";
import type { WatchedSensor } from "./watched-sensor.ts";

/** What the console tells of one sensor: last value, age, error, and what to do about it. */
export function sensorFacts({ plan, last, faults, dueAtMs }: WatchedSensor, nowMs: number): Facts {
  const fault = faults.current;
  const values = Object.entries(last?.values ?? {}).map(([quantity, value]) => [
    plan.wireNames.get(quantity) ?? quantity,
    typeof value === "number" ? roundedTo(quantity, value) : value,
  ]);
  return {
    sensor: plan.name,
    platform: plan.platform,
    ...Object.fromEntries(values),
    age_ms: last === undefined ? null : Math.round(nowMs - last.atMs),
    error: fault?.code ?? null,
    error_count: fault?.count ?? null,
    error_next: fault === undefined ? null : ERROR_CODES[fault.code].next,
    due_in_ms: Math.max(0, Math.round(dueAtMs - nowMs)),
  };
}
