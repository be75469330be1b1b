/**
 * `npm run bench [-- part …]`: figures side by side, for people. Nothing here passes or fails: times belong
 * to a machine. What must not grow is held by tests that count bytes, APDUs and virtual time.
 */
import { join } from "node:path";
import { root } from "../test/support/test-files.ts";
import { XS_MISSING } from "../test/xs/engine.ts";
import { runFileOnXs } from "../test/xs/run-file.ts";
import { findXsWorker } from "../tools/find-xs.ts";
import { benchClaims } from "./claims.ts";
import { OPERATIONS, PROVIDERS } from "./crypto.ts";
import { benchDecisions } from "./decisions.ts";
import { benchHuman } from "./human.ts";
import { benchJournal } from "./journal.ts";
import { measureUs } from "./measure.ts";
import { BADGE_OPERATIONS } from "./ntag424.ts";
import { benchService } from "./service.ts";
import { benchSimulator } from "./simulator.ts";

const XS_METERING = ["test/xs/crypto.xs.test.ts", "test/xs/ntag424.xs.test.ts"];

async function xsCompute(): Promise<ReadonlyMap<string, number>> {
  if (findXsWorker() === undefined) {
    console.log(`No column for XS: ${XS_MISSING}\n`);
    return new Map();
  }
  const readings = new Map<string, number>();
  for (const file of XS_METERING) {
    const result = await runFileOnXs(join(root, file), { name: file });
    for (const { name, compute } of result.readings) readings.set(name, compute);
  }
  return readings;
}

const cell = (text: string): string => text.padStart(14);

function printHead(): void {
  const names = PROVIDERS.map(({ name }) => cell(`${name} µs`)).join("");
  const last = PROVIDERS.at(-1)!.name;
  const ends = [cell("ratio"), cell(`${last}/s`), cell("XS steps")].join("");
  console.log(`${"".padEnd(24)}${names}${ends}`);
}

function printRow(name: string, timesUs: readonly number[], steps: number | undefined): void {
  const times = timesUs.map((us) => cell(us.toFixed(1))).join("");
  const ratio = cell(`${(timesUs[0]! / timesUs[1]!).toFixed(1)} ×`);
  const xs = cell(steps === undefined ? "" : steps.toLocaleString("en-US"));
  const perSecond = cell(Math.round(1e6 / timesUs.at(-1)!).toLocaleString("en-US"));
  console.log(`${name.padEnd(24)}${times}${ratio}${perSecond}${xs}`);
}

async function benchCrypto(): Promise<void> {
  const compute = await xsCompute();
  printHead();
  for (const { name, work } of [...OPERATIONS, ...BADGE_OPERATIONS]) {
    const times = PROVIDERS.map((crypto) => measureUs(() => work(crypto)));
    printRow(name, times, compute.get(name));
  }
}

const PARTS: Readonly<Record<string, () => unknown>> = {
  crypto: benchCrypto,
  journal: benchJournal,
  human: benchHuman,
  claims: benchClaims,
  simulator: benchSimulator,
  service: benchService,
  decisions: () => benchDecisions(),
};
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(PARTS, name));
if (unknown.length > 0)
  throw new Error(`no bench ${unknown.join(", ")}: there are ${Object.keys(PARTS).join(", ")}`);
console.log(`Node ${process.version}, ${process.platform} ${process.arch}`);
for (const [name, bench] of Object.entries(PARTS))
  if (wanted.length === 0 || wanted.includes(name)) await bench();
