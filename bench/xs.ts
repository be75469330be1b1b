/**
 * `npm run bench:xs`: what boot, authentication, tap and journal cost in steps of the XS
 * interpreter, beside the run before. Steps are the same on every machine; on an RP2350 one takes
 * some hundred cycles (docs/building.md). The last run lies in `build/`, which is not committed.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, xsOnlyTests } from "../test/support/test-files.ts";
import { XS_MISSING } from "../test/xs/engine.ts";
import { runFileOnXs } from "../test/xs/run-file.ts";
import { findXsWorker } from "../tools/find-xs.ts";

const FOLDER = join(root, "build");
const FILE = join(FOLDER, "bench-xs.json");

type Steps = Readonly<Record<string, number>>;

/** Of the run before; nothing when there was none, or when its file is no use. */
function before(): Steps {
  try {
    return JSON.parse(readFileSync(FILE, "utf8")) as Steps;
  } catch {
    return {};
  }
}

async function measured(): Promise<Steps> {
  const steps: Record<string, number> = {};
  for (const file of xsOnlyTests()) {
    const { readings, records } = await runFileOnXs(join(root, file), { name: file });
    const failed = records.find(({ state }) => state === "failed");
    if (failed !== undefined) throw new Error(`${file} fails: its figures say nothing`);
    for (const { name, compute } of readings) steps[name] = compute;
  }
  return steps;
}

function cells(now: number | undefined, then: number | undefined): string {
  const text = (value: number | undefined) => (value ?? "-").toLocaleString("en-US").padStart(15);
  const change = now === undefined || then === undefined ? "" : (100 * (now - then)) / then;
  const percent = change === "" ? "" : `${change > 0 ? "+" : ""}${change.toFixed(1)} %`;
  return `${text(then)}${text(now)}${percent.padStart(11)}`;
}

if (findXsWorker() === undefined) {
  console.log(XS_MISSING);
  process.exitCode = 1;
} else {
  const then = before();
  const now = await measured();
  console.log(`${"XS steps".padEnd(36)}${"before".padStart(15)}${"now".padStart(15)}`);
  for (const name of new Set([...Object.keys(now), ...Object.keys(then)]))
    console.log(`${name.padEnd(36)}${cells(now[name], then[name])}`);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(FILE, `${JSON.stringify(now, undefined, 2)}\n`);
}
