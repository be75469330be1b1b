import { Connection } from "./connection.ts";

/** One piece of work over a connection; rejects when the server does not do it. */
export type Work = (connection: Connection, worker: number) => Promise<void>;

export interface Throughput {
  readonly done: number;
  readonly seconds: number;
}

/** Workers, each with a connection, each beginning anew when it has done. */
export async function asFastAsItGoes(
  url: string,
  work: Work,
  { workers, seconds }: { readonly workers: number; readonly seconds: number },
): Promise<Throughput> {
  const until = performance.now() + seconds * 1000;
  const start = performance.now();
  let done = 0;
  const worker = async (_: unknown, n: number): Promise<void> => {
    const connection = await Connection.open(url);
    while (performance.now() < until) {
      await work(connection, n);
      done++;
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: workers }, worker));
  return { done, seconds: (performance.now() - start) / 1000 };
}

/** @param part of all that are not above it: 0.99 for the 99th percentile */
export function percentileOf(numbers: readonly number[], part: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(part * (sorted.length - 1))]!;
}

export interface Latency {
  /** What was done per second. */
  readonly rate: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * So many a second, whatever the server does: times are counted from when a piece of work was due,
 * so that those that had to wait for a worker count in full.
 */
export async function atRate(
  url: string,
  work: Work,
  { rate, seconds, workers }: { rate: number; seconds: number; workers: number },
): Promise<Latency> {
  // The one that has waited longest comes first: the server hangs up on who is silent for long.
  const idle: (readonly [Connection, number])[] = [];
  for (let n = 0; n < workers; n++) idle.push([await Connection.open(url), n]);
  const due: number[] = [];
  const times: number[] = [];
  const running = new Set<Promise<void>>();
  let failure: unknown;
  const next = (): void => {
    while (due.length > 0 && idle.length > 0) {
      const [held, n] = idle.shift()!;
      const at = due.shift()!;
      let connection = held;
      const done = (async () => {
        if (!held.isOpen) connection = await Connection.open(url);
        await work(connection, n);
      })()
        .catch((error: unknown) => {
          failure ??= error;
        })
        .then(() => {
          times.push(performance.now() - at);
          idle.push([connection, n]);
          running.delete(done);
          next();
        });
      running.add(done);
    }
  };
  const start = performance.now();
  let made = 0;
  while (made < rate * seconds && failure === undefined) {
    const now = performance.now();
    for (const end = ((now - start) / 1000) * rate; made < end && made < rate * seconds; made++)
      due.push(start + (made * 1000) / rate);
    next();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  while (running.size > 0) await Promise.all(running);
  if (failure !== undefined) throw failure;
  const took = (performance.now() - start) / 1000;
  for (const [connection] of idle) connection.close();
  const at = (part: number): number => percentileOf(times, part);
  return { rate: times.length / took, p50Ms: at(0.5), p99Ms: at(0.99) };
}
