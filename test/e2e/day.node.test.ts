import assert from "node:assert/strict";
import { readText } from "../../host-sim/display/read-text.ts";
import type { NetworkFault } from "../../host-sim/net/network-fault.ts";
import { Simulation } from "../../host-sim/node/simulation.ts";
import type { BadgeKind, ScenarioBadge } from "../../host-sim/scenario/scenario.ts";

const TAPS = 1000;

const badge = (kind: BadgeKind, mode: "STD" | "HS" = "STD", of?: string): ScenarioBadge => ({
  kind,
  mode,
  holder: kind,
  ...(of === undefined ? {} : { of }),
});

/** Those that may open the door when nothing goes wrong, and those that never may. */
const GOOD = { alice: badge("good"), bob: badge("good", "HS"), slow: badge("slow") };
const BAD = {
  carol: badge("revoked"),
  dave: badge("not-entitled"),
  mallory: badge("other-tenant"),
  elsewhere: badge("other-reader", "HS"),
  clone: badge("clone", "STD", "alice"),
  unregistered: badge("unregistered"),
  blank: badge("blank"),
};
const RATES: readonly (readonly [NetworkFault, number])[] = [
  [{ kind: "drop" }, 0.01],
  [{ kind: "half-open" }, 0.01],
  [{ kind: "duplicate" }, 0.02],
  [{ kind: "delay", ms: 700 }, 0.02],
  [{ kind: "corrupt", direction: "up" }, 0.01],
  [{ kind: "corrupt", direction: "down" }, 0.01],
  [{ kind: "truncate" }, 0.005],
  [{ kind: "dns" }, 0.005],
  [{ kind: "captive-portal" }, 0.005],
  [{ kind: "server-down" }, 0.01],
  [{ kind: "reset" }, 0.01],
  [{ kind: "bad-gateway" }, 0.005],
];

interface Day {
  readonly hash: string;
  readonly granted: number;
  readonly goodTaps: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly virtualS: number;
}

/** Checked after every tap: the invariants of docs/simulation.md that a day can break. */
async function checkTap(sim: Simulation, name: string, windowsBefore: number): Promise<void> {
  const { relay, display } = sim.board;
  const opened = relay.windows().length - windowsBefore;
  if (name in BAD) assert.equal(opened, 0, `${name} opened the door`);
  assert.ok(opened <= 1, "one tap, one window at most");
  await sim.world.runFor(100_000);
  const text = readText(display!.bitmap()).join("\n");
  if (text.includes("GRANTED")) assert.ok(opened === 1, "the screen agrees with the relay");
  if (opened === 1) assert.ok(!text.includes("DENIED"), "the screen agrees with the relay");
}

async function liveADay(seed: string): Promise<Day> {
  const sim = await Simulation.create({ seed, badges: { ...GOOD, ...BAD } });
  const rng = sim.world.rng("day");
  await sim.ready();
  const reasons: Record<string, number> = {};
  let granted = 0;
  let goodTaps = 0;
  sim.network.faults.setRates(RATES);
  for (let n = 0; n < TAPS; n++) {
    await sim.world.runFor(rng.int(3_000_000, 15_000_000));
    const name = rng.pick(sim.badges.names);
    if (name in GOOD) goodTaps++;
    const before = sim.board.relay.windows().length;
    const tap = await sim.tap(name, 20_000_000);
    if (tap?.granted === true) granted++;
    const reason = tap === undefined ? `none while ${sim.stage}` : (tap.reason ?? "granted");
    reasons[reason] = (reasons[reason] ?? 0) + 1;
    await checkTap(sim, name, before);
  }
  const { tenantId } = sim.tenant;
  const grants = await auditedGrants(sim);
  const windows = sim.board.relay.windows().length;
  assert.ok(windows <= grants, `${windows} windows, ${grants} grants in the audit log`);
  assert.equal((await sim.backend.admin.verifyAudit(tenantId)).intact, true);
  assert.deepEqual(sim.board.display!.faults, []);
  assert.ok(sim.world.longestTurnUs < 50_000, `${sim.world.longestTurnUs} µs`);
  sim.network.faults.setRates([]);
  await sim.world.runFor(60_000_000);
  assert.equal((await sim.tap("alice"))?.granted, true, "a good badge opens it when all is well");
  const virtualS = sim.world.nowUs() / 1e6;
  return { hash: sim.world.trace.digest(), granted, goodTaps, reasons, virtualS };
}

async function auditedGrants(sim: Simulation): Promise<number> {
  let count = 0;
  let after = 0;
  for (;;) {
    const rows = await sim.backend.admin.auditRows(sim.tenant.tenantId, 1000, after);
    if (rows.length === 0) return count;
    count += rows.filter(
      ({ kind, data }) => kind === "badge-decision" && JSON.parse(data).granted === true,
    ).length;
    after = rows.at(-1)!.seq;
  }
}

describe("a day in the life", () => {
  it(`${TAPS} taps with random faults, twice from one seed: the same trace`, async () => {
    const started = performance.now();
    const first = await liveADay("day");
    const second = await liveADay("day");
    const wallS = (performance.now() - started) / 1000;
    const speed = (first.virtualS + second.virtualS) / wallS;
    console.log(`      ${first.granted} granted of ${first.goodTaps} good taps, ${TAPS} taps`);
    console.log(`      ${JSON.stringify(first.reasons)}`);
    console.log(`      ${first.virtualS.toFixed(0)} s, ${speed.toFixed(0)} × real time`);
    assert.equal(second.hash, first.hash);
    assert.ok(first.granted > 0.8 * first.goodTaps, "most good taps are granted");
    assert.ok(first.granted < first.goodTaps, "the faults are felt");
  }).timeout(110_000);

  it("another seed is another day", async () => {
    const hash = async (seed: string): Promise<string> => {
      const sim = await Simulation.create({ seed });
      await sim.ready();
      return sim.world.trace.digest();
    };
    assert.notEqual(await hash("one"), await hash("two"));
  });
});
