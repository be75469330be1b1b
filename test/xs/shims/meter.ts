import { callHost } from "./prelude.ts";

declare const resetMeter: (limit: number, index: number) => number;

let sum = 0;

/** Steps since the last call; the sum of all goes on. */
export function takeCompute(): number {
  const steps = resetMeter(0, 0) >>> 0;
  sum += steps;
  return steps;
}

/** Steps since the program began. */
export function totalCompute(): number {
  takeCompute();
  return sum;
}

/**
 * Runs `work` once and reports what it cost on XS under `name`. Deterministic: the lane runs the
 * file twice and fails when the figures differ. For `*.xs.test.ts`.
 */
export async function metered<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  const before = totalCompute();
  const result = await work();
  reportMeter(name, totalCompute() - before);
  return result;
}

/** A figure that a test took itself, by {@link totalCompute}. */
export function reportMeter(name: string, compute: number): void {
  callHost({ type: "meter", name, compute });
}
