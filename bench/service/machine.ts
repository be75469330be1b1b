import { closeSync, fsync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { percentileOf } from "./load.ts";

/** As much as a commit of one row appends. */
const COMMIT_BYTES = 8192;
/** Of the file that is written round and round, as SQLite does with its log. */
const COMMITS = 512;

/** By how many milliseconds timers of one millisecond are late in a process that does nothing. */
async function timersLateMs(seconds: number): Promise<readonly number[]> {
  const late: number[] = [];
  const until = performance.now() + seconds * 1000;
  for (let dueMs = 0; dueMs < until; ) {
    dueMs = performance.now() + 1;
    await new Promise((resolve) => setTimeout(resolve, 1));
    late.push(Math.max(0, performance.now() - dueMs));
  }
  return late;
}

/** How many milliseconds the disk takes for as much as a commit, one after the other. */
async function syncsMs(seconds: number): Promise<readonly number[]> {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-bench-"));
  const file = openSync(join(folder, "log"), "w");
  const bytes = new Uint8Array(COMMIT_BYTES).fill(1);
  for (let n = 0; n < COMMITS; n++) writeSync(file, bytes);
  const took: number[] = [];
  const until = performance.now() + seconds * 1000;
  for (let n = 0, start = 0; start < until; n++) {
    start = performance.now();
    writeSync(file, bytes, 0, COMMIT_BYTES, (n % COMMITS) * COMMIT_BYTES);
    await new Promise((resolve) => fsync(file, resolve));
    took.push(performance.now() - start);
  }
  closeSync(file);
  rmSync(folder, { recursive: true });
  return took;
}

function told(ms: readonly number[]): string {
  const [half, most, all] = [0.5, 0.99, 1].map((part) => percentileOf(ms, part).toFixed(1));
  return `${half} ms, ${most} at the 99th percentile, ${all} at most`;
}

/** What this machine makes of a process that waits for a moment, or for its disk, and no more. */
export async function machineLines(seconds: number): Promise<readonly string[]> {
  return [
    `This machine by itself: a timer of 1 ms is late by ${told(await timersLateMs(seconds))}`,
    `  its disk takes for a commit ${told(await syncsMs(seconds))}`,
  ];
}
