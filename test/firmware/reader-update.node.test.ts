import assert from "node:assert/strict";
import { UpdateStore } from "../../firmware/update/update-store.ts";
import { Simulation } from "../../host-sim/node/simulation.ts";
import type { Pn532Behaviour } from "../../host-sim/pn532/behaviour.ts";
import { nodeCrypto } from "../../server/node-crypto.ts";
import { type Board, bootCode, flashWith, imageOf, Release } from "./update-bench.ts";

const OLD = imageOf("old", 3 * 4096);
const NEW = imageOf("new", 5 * 4096 + 300);
const MINUTE = 60_000_000;

/** A reader with boot code, in the simulator: its real program, its real server. */
describe("a reader that updates itself", function () {
  this.timeout(120_000);
  let board: Board;
  let made: Awaited<ReturnType<typeof Release.of>>;
  let sim: Simulation;
  const versions: (number | undefined)[] = [];

  beforeEach(async () => {
    made = await Release.of(NEW, 8);
    board = {
      flash: flashWith(0, OLD),
      images: new Map([
        [7, OLD],
        [8, NEW],
      ]),
    };
    versions.length = 0;
  });

  async function create(pn532: Partial<Pn532Behaviour> = {}) {
    sim = await Simulation.create({
      ...{ seed: "update", crypto: nodeCrypto, pn532 },
      reader: { authority: made.document.id, limits: { checkin_s: 10 } },
      boot: bootCode(board, versions),
    });
    const { tenantId } = sim.tenant.provisioning;
    const { admin } = sim.backend;
    const graph = { document: made.document, claims: [] };
    await admin.publishAuthority({ tenantId, graph });
    const { manifest, image } = made.release.parts;
    await admin.publishRelease({ tenantId, manifest, image });
    sim.board.powerOn();
    return { admin, tenantId };
  }

  const confirmed = () =>
    new UpdateStore({ flash: board.flash, running: 1, securityVersion: 0 }).state;

  it("takes what its server has, restarts, proves itself and opens doors again", async () => {
    await create();
    assert.ok(await sim.until(() => versions.length === 2, 5 * MINUTE), "it restarts");
    assert.ok(await sim.until(() => confirmed().trial === undefined, 5 * MINUTE), "it confirms");
    assert.deepEqual(versions, [7, 8]);
    assert.equal(confirmed().confirmed, 1);
    assert.ok(await sim.until(() => sim.stage === "ready", MINUTE));
    assert.equal((await sim.tap("alice"))?.granted, true);
    await sim.world.runFor(2 * MINUTE);
    assert.deepEqual(versions, [7, 8], "once");
  });

  it("opens doors while it fetches", async () => {
    await create();
    assert.ok(await sim.until(() => confirmed().download !== undefined, 5 * MINUTE));
    assert.equal((await sim.tap("alice"))?.granted, true);
    assert.ok(await sim.until(() => versions.length === 2, 5 * MINUTE));
  });

  it("goes back when the new image does not reach its reader, and its server hears of it", async () => {
    const { admin, tenantId } = await create();
    assert.ok(await sim.until(() => versions.length === 2, 5 * MINUTE));
    sim.board.connectPn532(false);
    assert.ok(await sim.until(() => versions.includes(7) && versions.at(-1) === 7, 60 * MINUTE));
    assert.deepEqual(versions, [7, 8, 8, 8, 7]);
    sim.board.connectPn532(true);
    const reverted = async () =>
      (await admin.auditRows(tenantId)).filter(({ kind }) => kind === "firmware-reverted");
    await sim.world.runFor(3 * MINUTE);
    const [row, ...others] = await reverted();
    assert.deepEqual(others, []);
    assert.match(row!.data, /"version":"1.8.0"/);
    assert.match(row!.data, /firmware-unconfirmed/);
    assert.equal(confirmed().reversal, undefined, "said once");
    await sim.world.runFor(5 * MINUTE);
    assert.equal(versions.at(-1), 7, "and is not offered it again");
  });
});
