import assert from "node:assert/strict";
import type { InvariantViolation } from "../../host-sim/invariants/violation.ts";
import { cases } from "../support/exhaustive.ts";
import { loadMutant, type TrialModule } from "./mutant.ts";
import { CONFUSED_SERVER, PLANTED_BUGS } from "./planted-bugs.ts";

/** The budget: a bug must show itself within so many worlds. */
const SEEDS_MAX = 12;

interface Found {
  readonly violation: InvariantViolation;
  readonly worlds: number;
}

async function hunt({ runTrial }: TrialModule, name: string): Promise<Found | undefined> {
  for (let worlds = 1; worlds <= SEEDS_MAX; worlds++) {
    const seed = `planted-${worlds}`;
    const command = `npx node test/e2e/replay.ts planted ${seed} "${name}"`;
    try {
      await runTrial({ seed, command });
    } catch (error) {
      // The bundle has a class of its own, of the same name.
      if (!(error instanceof Error) || error.name !== "InvariantViolation") throw error;
      return { violation: error as InvariantViolation, worlds };
    }
  }
  return undefined;
}

describe("a planted bug is found", () => {
  for (const { name, edits, breaks } of cases("planted bugs", PLANTED_BUGS, 4)) {
    it(name, async () => {
      const started = performance.now();
      const found = await hunt(await loadMutant(edits), name);
      assert.ok(found, `not found in ${SEEDS_MAX} worlds`);
      const { violation, worlds } = found;
      const wallS = ((performance.now() - started) / 1000).toFixed(1);
      const atS = (violation.atUs / 1e6).toFixed(1);
      console.log(`      ${violation.invariant} in world ${worlds} at ${atS} s (${wallS} s)`);
      assert.ok(breaks.includes(violation.invariant), violation.message);
      assert.match(
        violation.message,
        /again: npx node test\/e2e\/replay\.ts planted planted-\d+ "/,
      );
    }).timeout(180_000);
  }

  it("at the same moment, when its seed is played again", async () => {
    const { name, edits } = PLANTED_BUGS[0]!;
    const first = await hunt(await loadMutant(edits), name);
    const again = await hunt(await loadMutant(edits), name);
    assert.equal(again!.violation.message, first!.violation.message);
    assert.deepEqual(again!.violation.trace, first!.violation.trace);
  }).timeout(180_000);

  it("and one that the other side makes good for breaks nothing", async () => {
    const { runTrial } = await loadMutant([CONFUSED_SERVER]);
    const { granted } = await runTrial({ seed: "confused-server" });
    assert.ok(granted > 0);
  }).timeout(180_000);
});
