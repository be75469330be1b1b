import type { InvariantViolation } from "../../host-sim/invariants/violation.ts";
import { runTrial } from "../../host-sim/node/trial.ts";
import { liveADay } from "./day.ts";
import { loadMutant } from "./mutant.ts";
import { PLANTED_BUGS } from "./planted-bugs.ts";

/** What a violation tells to type: the same run again, from its seed. */
const RUNS: Readonly<Record<string, (seed: string, bug?: string) => Promise<object>>> = {
  trial: (seed) => runTrial({ seed }),
  day: (seed) => liveADay(seed),
  planted: async (seed, bug) => {
    const planted = PLANTED_BUGS.find(({ name }) => name === bug);
    if (planted === undefined) throw new Error(`There is no planted bug named ${bug}.`);
    return (await loadMutant(planted.edits)).runTrial({ seed });
  },
};

const [kind = "", seed, bug] = process.argv.slice(2);
const run = RUNS[kind];
if (run === undefined || seed === undefined) {
  console.error(`Usage: npx node test/e2e/replay.ts ${Object.keys(RUNS).join("|")} SEED [BUG]`);
  process.exitCode = 2;
} else {
  try {
    console.log(JSON.stringify(await run(seed, bug), null, 2));
  } catch (error) {
    if (error instanceof Error && error.name === "InvariantViolation")
      console.error((error as InvariantViolation).trace.join("\n"));
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
