import { basename, join } from "node:path";
import { findXsWorker } from "../../tools/find-xs.ts";
import type { Lane, LaneOptions } from "../support/lanes.ts";
import { portableTests, root, xsOnlyTests } from "../support/test-files.ts";
import { XS_MISSING } from "./engine.ts";
import { runFileOnXs, type XsFileResult } from "./run-file.ts";

interface RoomTotals {
  tests: number;
  compute: number;
}

/**
 * Runs every portable suite, and the suites made for XS alone, on the real XS engine: one
 * machine per file, so that a crash takes nothing else with it.
 */
export const xsLane: Lane = {
  name: "xs",

  missing: () => (findXsWorker() === undefined ? XS_MISSING : undefined),

  async run({ files, grep, workers, onRecord, onFileDone, onNote }: LaneOptions): Promise<void> {
    const queue = [...xsOnlyTests(), ...portableTests()].filter((file) => files(file));
    const rooms = new Map<string, RoomTotals>();
    const readings: string[] = [];
    const work = async (): Promise<void> => {
      for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
        const result = await runFileOnXs(join(root, file), { name: file, grep, onRecord });
        add(rooms, roomOf(file), result);
        readings.push(...result.readings.map(({ name, compute }) => row(name, compute)));
        if (file.endsWith(".xs.test.ts")) onRecord(await repeat(file, grep, result));
        onFileDone(file);
      }
    };
    await Promise.all(Array.from({ length: workers }, work));
    if (rooms.size === 0) return;
    const lines = [...rooms].sort(([a], [b]) => (a < b ? -1 : 1));
    onNote("XS by room (tests; steps of the XS interpreter, `compute`)");
    for (const [room, { tests, compute }] of lines) onNote(row(`${room}: ${tests}`, compute));
    if (readings.length > 0) onNote("XS metering (equal in every run)");
    for (const reading of readings) onNote(reading);
  },
};

/** `test/protocol/node/x.test.ts` belongs to `protocol`. */
function roomOf(file: string): string {
  return file.split("/")[1] ?? file;
}

function add(rooms: Map<string, RoomTotals>, room: string, result: XsFileResult): void {
  const totals = rooms.get(room) ?? { tests: 0, compute: 0 };
  totals.tests += result.records.length;
  totals.compute += result.compute;
  rooms.set(room, totals);
}

function row(name: string, compute: number): string {
  return `  ${name.padEnd(34)} ${compute.toLocaleString("en-US").padStart(15)}`;
}

/** Runs a metered file again: figures that differ would be worthless. */
async function repeat(file: string, grep: string, first: XsFileResult): ReturnType<typeof record> {
  const start = performance.now();
  const second = await runFileOnXs(join(root, file), { name: file, grep });
  const text = ({ readings }: XsFileResult): string =>
    readings.map(({ name, compute }) => `${name} ${compute}`).join("\n");
  const same = text(first) === text(second);
  return record(file, performance.now() - start, same ? undefined : differ(first, second));
}

function differ(first: XsFileResult, second: XsFileResult): string {
  const changed = first.readings.flatMap(({ name, compute }, i) => {
    const again = second.readings[i]?.compute;
    return again === compute ? [] : [`${name}: ${compute}, then ${again}`];
  });
  return `metering is not deterministic: ${changed.join("; ")}`;
}

async function record(file: string, durationMs: number, error: string | undefined) {
  const base = {
    lane: "xs",
    file,
    suite: basename(file),
    title: "is metered with the same figures twice",
    durationMs,
  } as const;
  return error === undefined
    ? ({ ...base, state: "passed" } as const)
    : ({ ...base, state: "failed", error } as const);
}
