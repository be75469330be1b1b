const BATCHES = 9;
const BATCH_MS = 20;

/** Microseconds of one call: the median of several batches, each long enough to time. */
export function measureUs(work: () => unknown): number {
  let count = 1;
  while (batchMs(work, count) < BATCH_MS) count *= 2; // also warms the compiler up
  const samples = Array.from({ length: BATCHES }, () => (1000 * batchMs(work, count)) / count);
  return samples.sort((a, b) => a - b)[BATCHES >> 1]!;
}

function batchMs(work: () => unknown, count: number): number {
  const start = performance.now();
  for (let i = 0; i < count; i++) work();
  return performance.now() - start;
}
