import assert from "node:assert/strict";
import { Simulation } from "../../host-sim/node/simulation.ts";
import { nodeCrypto } from "../../server/node-crypto.ts";
import { liveADay, TAPS } from "./day.ts";

describe("a day in the life", () => {
  it(`${TAPS} taps with random faults, twice from one seed: the same trace`, async () => {
    const started = performance.now();
    const first = await liveADay("day");
    // The second day nobody looks, and OpenSSL computes for the node: the trace may not care.
    const second = await liveADay("day", { crypto: nodeCrypto });
    const wallS = (performance.now() - started) / 1000;
    const speed = (first.virtualS + second.virtualS) / wallS;
    console.log(`      ${first.granted} granted of ${first.goodTaps} good taps, ${TAPS} taps`);
    console.log(`      ${JSON.stringify(first.reasons)}`);
    console.log(
      `      ${first.virtualS.toFixed(0)} s, ${speed.toFixed(0)} × real time, ${first.turns} turns looked at`,
    );
    assert.equal(second.hash, first.hash);
    assert.ok(first.granted > 0.8 * first.goodTaps, "most good taps are granted");
    assert.ok(first.granted < first.goodTaps, "the faults are felt");
  }).timeout(170_000);

  it("another seed is another day", async () => {
    const hash = async (seed: string): Promise<string> => {
      const sim = await Simulation.create({ seed });
      await sim.ready();
      return sim.world.trace.digest();
    };
    assert.notEqual(await hash("one"), await hash("two"));
  });
});
