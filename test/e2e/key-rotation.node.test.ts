import assert from "node:assert/strict";
import { Simulation } from "../../host-sim/node/simulation.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { ROTATE_NODE_PATH } from "../../server/api/management-paths.ts";
import { badge } from "./badge.ts";

const CHECK_IN_US = 10 * 60_000_000;

describe("a reader that is to take another key", () => {
  it("does so within its check-ins, and opens the door before, after and without a restart", async () => {
    const sim = await Simulation.create({ seed: "rotate", badges: { alice: badge("good") } });
    await sim.ready();
    const { tenantId } = sim.tenant;
    const { admin } = sim.backend;
    const key = async () => toHex((await admin.nodes(tenantId))[0]!.nodePk);
    const { nodeUid } = (await admin.nodes(tenantId))[0]!;
    const before = await key();
    assert.equal((await sim.tap("alice"))?.granted, true);
    await admin.ask(ROTATE_NODE_PATH, { tenant_id: tenantId, node_uid: nodeUid });
    await sim.world.runFor(CHECK_IN_US);
    assert.notEqual(await key(), before);
    assert.equal((await admin.nodes(tenantId)).length, 1);
    for (let n = 0; n < 2; n++) {
      assert.equal((await sim.tap("alice"))?.granted, true);
      await sim.world.runFor(CHECK_IN_US);
    }
    assert.equal((await admin.verifyAudit(tenantId)).intact, true);
  });
});
