import { InvariantViolation } from "../../host-sim/invariants/violation.ts";
import { runTrial } from "../../host-sim/node/trial.ts";
import { liveADay } from "./day.ts";

/** What a violation tells to type: the same run again, from its seed. */
const RUNS: Readonly<Record<string, (seed: string) => Promise<object>>> = {
  trial: (seed) => runTrial({ seed }),
  day: (seed) => liveADay(seed),
};

const [kind = "", seed] = process.argv.slice(2);
const run = RUNS[kind];
if (run === undefined || seed === undefined) {
  console.error(`Usage: npx node test/e2e/replay.ts ${Object.keys(RUNS).join("|")} SEED`);
  process.exitCode = 2;
} else {
  try {
    console.log(JSON.stringify(await run(seed), null, 2));
  } catch (error) {
    if (error instanceof InvariantViolation) console.error(error.trace.join("\n"));
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
