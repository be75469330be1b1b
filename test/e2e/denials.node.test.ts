import assert from "node:assert/strict";
import { Simulation } from "../../host-sim/node/simulation.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { badge } from "./badge.ts";

const BADGES = {
  alice: badge("good"),
  foreign: badge("other-tenant"),
  elsewhere: badge("other-reader", { mode: "HS" }),
  clone: badge("clone", { of: "alice" }),
  blank: badge("blank"),
};

async function ready(seed: string): Promise<Simulation> {
  const sim = await Simulation.create({ seed, badges: BADGES });
  await sim.ready();
  return sim;
}

async function reported(sim: Simulation): Promise<Record<string, unknown>[]> {
  const rows = await sim.backend.admin.auditRows(sim.tenant.tenantId);
  return rows
    .filter(({ kind }) => kind === "badge-refused-by-reader")
    .map(({ data }) => JSON.parse(data));
}

describe("what the reader refuses by itself", () => {
  const cases: readonly (readonly [keyof typeof BADGES, string, string | undefined])[] = [
    ["clone", "badge-payload-invalid", "payload-on-unknown-chip"],
    ["elsewhere", "mode-mismatch", "bound-to-another-reader"],
    ["foreign", "tenant-mismatch", undefined],
    ["blank", "badge-not-ours", undefined],
  ];
  for (const [name, reason, cause] of cases) {
    const alarm = cause === undefined ? "no alarm" : `the alarm ${cause}`;
    it(`is in the audit log ten seconds later: ${reason}, with ${alarm}`, async () => {
      const sim = await ready(`report ${name}`);
      assert.equal((await sim.tap(name))?.reason, reason);
      const { uid } = (await sim.badges.get(name)).card;
      await sim.world.runFor(10_000_000);
      const [row, ...others] = await reported(sim);
      assert.deepEqual(others, []);
      assert.deepEqual([row?.["reason"], row?.["badge_uid"]], [reason, toHex(uid)]);
      const { tenantId } = sim.tenant;
      const alarms = await sim.backend.admin.alarms(tenantId);
      const causes = alarms.map((raised) => raised.cause);
      assert.deepEqual(causes, cause === undefined ? [] : [cause]);
      assert.equal((await sim.backend.admin.verifyAudit(tenantId)).intact, true);
    });
  }

  it("is told once, though the answer to the report is lost", async () => {
    const sim = await ready("lost answer");
    sim.network.faults.inject({ kind: "half-open" }, { path: "it_node_checkin" });
    await sim.tap("clone");
    await sim.world.runFor(60_000_000);
    assert.equal((await reported(sim)).length, 1);
    const told = sim.backend.answered.get("/identity_tag/it_node_checkin");
    assert.equal(told, 3, "at boot, with the report, and with the same report again");
    assert.equal((await sim.tap("alice"))?.granted, true);
  });
});
