import assert from "node:assert/strict";
import { Simulation } from "../../host-sim/node/simulation.ts";
import { toHex } from "../../protocol/encoding/hex.ts";

const SENSORS = [
  { platform: "bme280", name: "hall", data: 2, clock: 3, update_interval: "1s" },
  { platform: "hc-sr501", name: "door", pin: 16, update_interval: "10s" },
];
const BADGES = {
  alice: { kind: "good", mode: "STD", holder: "Alice" },
  mallory: { kind: "clone", mode: "STD", holder: "Mallory", of: "alice" },
} as const;

async function taps(reader: Record<string, unknown>, names: readonly string[]) {
  const sim = await Simulation.create({ seed: "both", badges: BADGES, reader });
  await sim.ready();
  await sim.world.runFor(3_000_000);
  const tookUs: number[] = [];
  for (const name of names) {
    tookUs.push((await sim.tap(name))!.tookUs);
    await sim.world.runFor(5_000_000);
  }
  const audit = await sim.backend.admin.auditRows(sim.tenant.tenantId, 1000);
  return { sim, tookUs, kinds: audit.map(({ kind }) => kind) };
}

describe("a reader that measures as well", () => {
  const NAMES = ["alice", "mallory", "alice"];

  it("tells every tap once, in order, with its reason", async () => {
    const { sim } = await taps({ sensors: SENSORS }, NAMES);
    const { card } = await sim.badges.get("alice");
    const told = sim.backend.readings
      .filter(({ kind }) => kind === "access")
      .map(({ reading }) => [reading.fields.badge_uid, reading.fields.granted, reading.reason]);
    assert.equal(told.length, 3);
    assert.deepEqual(told[0], [toHex(card.uid), true, "granted"]);
    assert.deepEqual(told[2], told[0]);
    assert.equal(told[1]![1], false);
    assert.equal(told[1]![2], "badge-payload-invalid");
    const measured = sim.backend.readings.filter(({ reading }) => "pressure" in reading.fields);
    assert.ok(measured.length >= 15, String(measured.length));
  });

  it("takes no longer for a tap, and never holds up its event loop for 50 ms", async () => {
    const both = await taps({ sensors: SENSORS }, NAMES);
    const alone = await taps({}, NAMES);
    for (const [n, tookUs] of both.tookUs.entries())
      assert.ok(tookUs - alone.tookUs[n]! < 15_000, `${tookUs} and ${alone.tookUs[n]} µs`);
    assert.ok(both.sim.world.longestTurnUs < 50_000, `${both.sim.world.longestTurnUs} µs`);
    assert.equal(both.sim.board.relay.windows().length, 2);
  });

  it("has each tap in the audit log once, as a reader without sensors", async () => {
    const both = await taps({ sensors: SENSORS }, NAMES);
    const alone = await taps({}, NAMES);
    assert.deepEqual(both.kinds, alone.kinds);
  });

  it("keeps taps over a power cut without a network", async () => {
    const { sim } = await taps({ sensors: SENSORS }, []);
    sim.network.inRange = false;
    sim.network.disconnect();
    await sim.tap("alice");
    await sim.world.runFor(1_000_000);
    sim.board.powerOff();
    await sim.world.runFor(1_000_000);
    sim.network.inRange = true;
    sim.board.powerOn();
    await sim.ready();
    await sim.world.runFor(5_000_000);
    const told = sim.backend.readings.filter(({ kind }) => kind === "access");
    assert.deepEqual(
      told.map(({ reading }) => reading.fields.granted),
      [false],
    );
  });
});
