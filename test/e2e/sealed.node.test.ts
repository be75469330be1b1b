import assert from "node:assert/strict";
import { Simulation } from "../../host-sim/node/simulation.ts";
import type { MeasuredTap } from "../../host-sim/tap-watch.ts";
import { printBreakdown } from "./report.ts";

const BADGES = {
  open: { kind: "good", mode: "STD", holder: "Olga" },
  alice: { kind: "good", mode: "STD", profile: "sealed", holder: "Alice" },
  bob: { kind: "good", mode: "HS", profile: "sealed", holder: "Bob" },
} as const;

describe("a sealed badge: what it costs", () => {
  it("opens the door in five APDUs and three round trips", async () => {
    const sim = await Simulation.create({ seed: "sealed cost", badges: BADGES });
    await sim.ready();
    const taps: MeasuredTap[] = [];
    for (const name of ["open", "alice", "bob"] as const) {
      await sim.world.runFor(5_000_000);
      sim.crypto.clear();
      const { faults } = await sim.badges.get(name);
      let apdus = 0;
      faults.onApdu = () => void apdus++;
      const tap = (await sim.tap(name))!;
      assert.equal(tap.granted, true, tap.reason);
      taps.push(tap);
      printBreakdown(`${name}, ${apdus} APDUs, ${tap.usage.networkRequests} requests`, tap.tookUs, tap.usage, sim.crypto.accounts());
    }
  });
});
