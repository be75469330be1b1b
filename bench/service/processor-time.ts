import { readFileSync } from "node:fs";

/** What a process's main thread has had of the processor, in milliseconds; Linux alone tells. */
export function processorMs(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]) / 1e6;
  } catch {
    return undefined;
  }
}

/**
 * How long each request would take on a core that does nothing else, when they come evenly and are
 * served one after the other; what runs beside the server does not count, nor what a disk takes.
 * @param servicesMs the processor time of each
 */
export function queuedMs(servicesMs: readonly number[], perSecond: number): readonly number[] {
  let freeAtMs = 0;
  return servicesMs.map((serviceMs, n) => {
    const dueMs = (n * 1000) / perSecond;
    freeAtMs = Math.max(freeAtMs, dueMs) + serviceMs;
    return freeAtMs - dueMs;
  });
}

/** Percentiles in a line. */
export function percentiles(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  return [0.5, 0.9, 0.99, 0.999, 1]
    .map((share) => {
      const at = Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1);
      return `p${share * 100} ${sorted[at]!.toFixed(2)}`;
    })
    .join("  ");
}
