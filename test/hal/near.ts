import assert from "node:assert/strict";

/** A figure of a measurement, which is never exact. */
export function near(actual: number | undefined, wanted: number, tolerance: number): void {
  assert.ok(Math.abs(actual! - wanted) <= tolerance, `${actual} is not ${wanted} ± ${tolerance}`);
}
