import assert from "node:assert/strict";
import { runTrial, STROKES } from "../../host-sim/node/trial.ts";

const SEEDS = ["1", "3", "6", "9"];

describe("a trial: every kind of fault at random moments, and nothing breaks", () => {
  const strokes = new Set<string>();
  let wallMs = 0;

  for (const seed of SEEDS) {
    it(`seed ${seed}`, async () => {
      const started = performance.now();
      const result = await runTrial({ seed });
      wallMs += performance.now() - started;
      for (const name of Object.keys(result.strokes)) strokes.add(name);
      const { virtualS, turns, granted } = result;
      console.log(`      ${virtualS.toFixed(0)} s, ${turns} turns looked at, ${granted} granted`);
      assert.ok(granted > 0 && turns > 1_000);
    }).timeout(120_000);
  }

  it("the seeds together leave out no kind of stroke", () => {
    console.log(`      ${SEEDS.length} seeds in ${(wallMs / 1000).toFixed(1)} s`);
    assert.deepEqual([...strokes].sort(), [...STROKES].sort());
  });

  it("one seed is one run, whatever ran before", async () => {
    const hash = async () => (await runTrial({ seed: "same", rounds: 4 })).traceHash;
    assert.equal(await hash(), await hash());
  }).timeout(120_000);
});
