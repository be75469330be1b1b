import assert from "node:assert/strict";
import { UpdateStore } from "../../firmware/update/update-store.ts";
import { SensorSimulation } from "../../host-sim/node/sensor-simulation.ts";
import { bootCode, flashWith, imageOf, Release } from "./update-bench.ts";

const OLD = imageOf("old", 2 * 4096);
const NEW = imageOf("new", 3 * 4096);
const MINUTE = 60_000_000;

describe("a sensor node that updates itself", function () {
  this.timeout(120_000);

  async function create() {
    const { release, document } = await Release.of(NEW, 8);
    const images = new Map([
      [7, OLD],
      [8, NEW],
    ]);
    const board = { flash: flashWith(0, OLD), images };
    const versions: (number | undefined)[] = [];
    const sim = await SensorSimulation.create({
      seed: "update",
      node: { authority: document.id, limits: { checkin_s: 10 } },
      boot: bootCode(board, versions),
    });
    const { tenantId } = sim.tenant.provisioning;
    await sim.backend.admin.publishAuthority({ tenantId, graph: { document, claims: [] } });
    const { manifest, image } = release.parts;
    await sim.backend.admin.publishRelease({ tenantId, manifest, image });
    sim.board.powerOn();
    const state = () =>
      new UpdateStore({ flash: board.flash, running: 1, securityVersion: 0 }).state;
    return { sim, versions, state };
  }

  it("needs no reader to prove itself, and goes on measuring", async () => {
    const { sim, versions, state } = await create();
    assert.ok(await sim.until(() => versions.length === 2, 5 * MINUTE), "it restarts");
    assert.ok(await sim.until(() => state().confirmed === 1, 5 * MINUTE), "it confirms");
    const before = sim.readings.length;
    await sim.world.runFor(5 * MINUTE);
    assert.ok(sim.readings.length > before);
    assert.deepEqual(versions, [7, 8]);
  });

  it("goes back when the new image does not reach its server", async () => {
    const { sim, versions, state } = await create();
    assert.ok(await sim.until(() => versions.length === 2, 5 * MINUTE));
    sim.backend.mode = "rogue";
    assert.ok(await sim.until(() => versions.at(-1) === 7, 60 * MINUTE));
    assert.deepEqual(versions, [7, 8, 8, 8, 7]);
    assert.equal(state().reversal?.code, "firmware-unconfirmed");
    sim.backend.mode = "up";
    await sim.world.runFor(3 * MINUTE);
    assert.equal(state().reversal, undefined, "its server has heard");
    assert.equal(versions.at(-1), 7);
  });
});
