/**
 * `npm test`: runs the lanes side by side and ends with `N passed, N failed, N skipped`.
 *
 *   node test/run.ts [--lane node|xs] [--grep TEXT] [part of a file name …]
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import type { Lane } from "./support/lanes.ts";
import { nodeLane } from "./support/node-lane.ts";
import { Report } from "./support/report.ts";
import { xsLane } from "./xs/lane.ts";

const LANES: readonly Lane[] = [nodeLane, xsLane];

const ci = process.env["CI"] === "true";
const xsRequired = ci || process.env["LATCHKEY_REQUIRE_XS"] === "1";

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { lane: { type: "string" }, grep: { type: "string", default: "" } },
  });
  const lanes = LANES.filter(({ name }) => values.lane === undefined || values.lane === name);
  if (lanes.length === 0) throw new Error(`there is no lane "${values.lane}": node, xs`);
  return { lanes, grep: values.grep, parts: positionals };
}

async function runLane(
  lane: Lane,
  { grep, parts }: { grep: string; parts: readonly string[] },
  report: Report,
): Promise<string[]> {
  const notes: string[] = [];
  const missing = lane.missing();
  if (missing !== undefined) {
    const banner = `SKIPPED: the whole ${lane.name} lane: ${missing}`;
    report.line(`\n${"!".repeat(72)}\n${banner}\n${"!".repeat(72)}\n`);
    notes.push(banner);
    if (xsRequired) report.fail(lane.name, "can run", missing);
    else report.skipLane();
    return notes;
  }
  try {
    await lane.run({
      files: (file) => parts.length === 0 || parts.some((part) => file.includes(part)),
      grep,
      // The Node lane keeps two processes busy; on two cores one of XS beside them is enough.
      workers: Math.max(1, availableParallelism() - 1),
      onRecord: (record) => report.add(record),
      onFileDone: (file) => report.fileDone(lane.name, file),
      onNote: (line) => notes.push(line),
    });
  } catch (error) {
    report.fail(lane.name, "runs to its end", (error as Error).message);
  }
  const everything = grep === "" && parts.length === 0;
  if (everything && report.ran(lane.name) === 0) {
    report.fail(lane.name, "has tests", "not one test ran: a lane that checks nothing is broken");
  }
  return notes;
}

async function main(): Promise<number> {
  const { lanes, grep, parts } = readArguments();
  const report = new Report(process.stdout);
  const start = performance.now();
  const notes = await Promise.all(lanes.map((lane) => runLane(lane, { grep, parts }, report)));
  const seconds = Math.round((performance.now() - start) / 1000);
  report.finish([...notes.flat(), `Took ${seconds} s`]);
  return report.failed === 0 ? 0 : 1;
}

process.exitCode = await main();
