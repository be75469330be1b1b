import assert from "node:assert/strict";
import { Simulation } from "../../host-sim/node/simulation.ts";
import type { MeasuredTap } from "../../host-sim/tap-watch.ts";
import { printBreakdown } from "./report.ts";

/** What a tap cannot do without: bytes on the bus, bytes and chips in the air, one round trip. */
function floorUs({ usage }: MeasuredTap): number {
  return usage.nfcBusUs + usage.airUs + usage.cardUs + usage.pn532Us + usage.networkUs;
}

const BADGES = {
  alice: { kind: "good", mode: "STD", holder: "Alice" },
  bob: { kind: "good", mode: "HS", holder: "Bob" },
} as const;

describe("tap", () => {
  for (const badge of ["alice", "bob"] as const) {
    it(`takes at most 1.25 × bus, air and one round trip (${BADGES[badge].mode})`, async () => {
      const ratios: number[] = [];
      for (let seed = 0; seed < 8; seed++) {
        const sim = await Simulation.create({ seed: `tap ${seed}`, badges: BADGES });
        await sim.ready();
        await sim.world.runFor(1_000_000 + sim.world.rng("hand").int(0, 400_000));
        sim.crypto.clear();
        const apdus: number[] = [];
        const { faults } = await sim.badges.get(badge);
        faults.onApdu = (command) => void apdus.push(command.length);
        const tap = (await sim.tap(badge))!;
        assert.equal(tap.granted, true);
        assert.equal(apdus.length, 2, "SELECT and READ BINARY");
        assert.equal(tap.usage.networkRequests, 1, "one round trip");
        ratios.push(tap.tookUs / floorUs(tap));
        if (seed === 0) {
          printBreakdown(`${badge}, tap to GRANTED`, tap.tookUs, tap.usage, sim.crypto.accounts());
          console.log(`        unseen before: ${(tap.unseenUs / 1000).toFixed(1)} ms`);
        }
      }
      const worst = Math.max(...ratios);
      console.log(`        ratio to the floor: worst ${worst.toFixed(3)} of ${ratios.length}`);
      assert.ok(worst <= 1.25, `${worst}`);
    });
  }

  it("opens for exactly as long as the server says", async () => {
    const sim = await Simulation.create({ seed: "length" });
    await sim.ready();
    await sim.tap("alice");
    await sim.world.runFor(10_000_000);
    const [window] = sim.board.relay.windows();
    assert.equal(sim.board.relay.edges.length, 2);
    assert.ok(Math.abs(window!.toUs! - window!.fromUs - 3_000_000) < 5_000);
  });

  it("asks once about a badge that is left on the reader", async () => {
    const sim = await Simulation.create({ seed: "left" });
    await sim.ready();
    await sim.enter("alice");
    await sim.world.runFor(60_000_000);
    assert.equal(sim.watch.count, 1);
    assert.equal(sim.board.relay.edges.length, 2);
    await sim.leave("alice");
    await sim.world.runFor(2_000_000);
    assert.equal((await sim.tap("alice"))?.granted, true);
  });

  it("works at 400 kHz and without IRQ and reset line, too", async () => {
    for (const nfc of [
      { data: 4, clock: 5, hz: 400_000, reset: 8, irq: 9 },
      { data: 4, clock: 5, hz: 100_000 },
    ]) {
      const sim = await Simulation.create({ seed: "wiring", reader: { nfc } });
      await sim.ready();
      assert.equal((await sim.tap("alice"))?.granted, true);
      assert.ok(sim.world.longestTurnUs < 50_000, `${sim.world.longestTurnUs} µs`);
    }
  });

  it("takes a badge whose chip asks for more time", async () => {
    const badges = { slow: { kind: "slow", mode: "STD", holder: "Slow" } } as const;
    const sim = await Simulation.create({ seed: "slow", badges });
    await sim.ready();
    assert.equal((await sim.tap("slow"))?.granted, true);
  });
});
