import assert from "node:assert/strict";
import type { NetworkFault } from "../../host-sim/net/network-fault.ts";
import { Simulation } from "../../host-sim/node/simulation.ts";
import { createWatched } from "../../host-sim/node/watch-simulation.ts";
import type { BadgeKind, ScenarioBadge } from "../../host-sim/scenario/scenario.ts";
import type { CryptoProvider } from "../../protocol/crypto/provider.ts";

export const TAPS = 1000;

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

export interface Day {
  readonly hash: string;
  readonly granted: number;
  readonly goodTaps: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly virtualS: number;
  /** Turns after which the invariants were looked at. */
  readonly turns: number;
}

/** A day with nobody looking, computed by other code: it must not make a difference. */
export interface Unwatched {
  readonly crypto: CryptoProvider;
}

/** A bad badge opened nothing, and one tap opens once at most. */
function checkTap(sim: Simulation, name: string, windowsBefore: number): void {
  const opened = sim.board.relay.windows().length - windowsBefore;
  if (name in BAD) assert.equal(opened, 0, `${name} opened the door`);
  assert.ok(opened <= 1, "one tap, one window at most");
}

/**
 * A thousand taps in one world, looked at after every turn unless `unwatched`.
 * @throws InvariantViolation
 */
export async function liveADay(seed: string, unwatched?: Unwatched): Promise<Day> {
  const options = { seed, badges: { ...GOOD, ...BAD } };
  const command = `npx node test/e2e/replay.ts day ${seed}`;
  const watched = unwatched === undefined ? await createWatched(options, command) : undefined;
  const sim = watched?.sim ?? (await Simulation.create({ ...options, ...unwatched }));
  const invariants = watched?.invariants;
  const rng = sim.world.rng("day");
  await sim.ready();
  const reasons: Record<string, number> = {};
  let granted = 0;
  let goodTaps = 0;
  sim.network.faults.setRates(RATES);
  for (let n = 0; n < TAPS; n++) {
    await sim.world.runFor(rng.int(3_000_000, 8_000_000));
    const name = rng.pick(sim.badges.names);
    if (name in GOOD) goodTaps++;
    const before = sim.board.relay.windows().length;
    const tap = await sim.tap(name, 20_000_000);
    if (tap?.granted === true) granted++;
    const reason = tap === undefined ? `none while ${sim.stage}` : (tap.reason ?? "granted");
    reasons[reason] = (reasons[reason] ?? 0) + 1;
    checkTap(sim, name, before);
    await sim.world.runFor(100_000);
  }
  const { tenantId } = sim.tenant;
  assert.equal((await sim.backend.admin.verifyAudit(tenantId)).intact, true);
  sim.network.faults.setRates([]);
  await sim.world.runFor(60_000_000);
  assert.equal((await sim.tap("alice"))?.granted, true, "a good badge opens it when all is well");
  await invariants?.settle();
  const virtualS = sim.world.nowUs() / 1e6;
  return {
    hash: sim.world.trace.digest(),
    granted,
    goodTaps,
    reasons,
    virtualS,
    turns: invariants?.turns ?? 0,
  };
}
