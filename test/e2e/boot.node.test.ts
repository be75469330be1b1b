import assert from "node:assert/strict";
import { readText } from "../../host-sim/display/read-text.ts";
import { Simulation } from "../../host-sim/node/simulation.ts";
import { printBreakdown } from "./report.ts";

const JOIN_US = 1_200_000;

/** Every text that the panel showed, whole pictures only, sampled each millisecond. */
async function screensUntil(sim: Simulation, done: () => boolean): Promise<string[]> {
  const { display, world } = { ...sim.board, world: sim.world };
  const seen: string[] = [];
  let revision = -1;
  for (let n = 0; n < 30_000 && !done(); n++) {
    await world.runFor(1_000);
    if (display === undefined || display.revision === revision) continue;
    revision = display.revision;
    const text = readText(display.bitmap()).join(" | ");
    if (text !== seen.at(-1)) seen.push(text);
  }
  return seen;
}

describe("boot", () => {
  it("goes from power to VERIFIED in at most 1.0 s plus the network's join", async () => {
    const sim = await Simulation.create({ seed: "boot", networkJoinUs: JOIN_US });
    await sim.ready();
    const { tookUs, usage } = sim.watch.lastBoot!;
    printBreakdown("first boot to VERIFIED", tookUs, usage, sim.crypto.accounts());
    assert.ok(tookUs <= 1_000_000 + JOIN_US, `${tookUs} µs`);
    assert.ok(usage.cryptoUs > 20_000, "cryptography is never free");
  });

  it("shows each stage on the panel, in order", async () => {
    // A slow network: each stage stands long enough for its picture to be complete.
    const sim = await Simulation.create({ seed: "stages", latencyUs: 150_000 });
    sim.board.powerOn();
    const seen = (await screensUntil(sim, () => sim.stage === "ready")).join("\n");
    await sim.world.runFor(100_000);
    const last = readText(sim.board.display!.bitmap()).join("\n");
    let from = 0;
    for (const word of ["NETWORK", "REGISTERING", "REGISTERED", "CHALLENGE", "VERIFIED"]) {
      const at = seen.indexOf(word, from);
      assert.ok(at >= 0, `${word} after ${seen.slice(from)}`);
      from = at;
    }
    assert.match(last, /READY/);
    assert.match(seen, /\d ms|\d\.\d s/, "with the time that it took");
  });

  it("ends as NODE EXISTS with the same key when the board starts again", async () => {
    const sim = await Simulation.create({ seed: "again", latencyUs: 150_000 });
    await sim.ready();
    const [first] = await sim.backend.admin.nodes(sim.tenant.tenantId);
    sim.board.powerOff();
    await sim.world.runFor(2_000_000);
    sim.board.powerOn();
    const seen = (await screensUntil(sim, () => sim.stage === "ready")).join("\n");
    assert.match(seen, /NODE EXISTS/);
    const nodes = await sim.backend.admin.nodes(sim.tenant.tenantId);
    assert.equal(nodes.length, 1);
    assert.deepEqual(nodes[0]!.nodePk, first!.nodePk);
  });

  it("shows PENDING until a manager approves, and goes on by itself", async () => {
    const sim = await Simulation.create({ seed: "pending" });
    await sim.backend.admin.setRegistration(sim.tenant.tenantId, "approve");
    sim.board.powerOn();
    assert.ok(await sim.until(() => sim.stage === "pending", 10_000_000));
    await sim.world.runFor(100_000);
    assert.match(readText(sim.board.display!.bitmap()).join("\n"), /PENDING/);
    assert.equal(await sim.tap("alice", 2_000_000), undefined, "no tap is decided");
    const [node] = await sim.backend.admin.nodes(sim.tenant.tenantId);
    await sim.backend.admin.approveNode(sim.tenant.tenantId, node!.nodeUid);
    await sim.ready(60_000_000);
    assert.equal(sim.board.relay.edges.length, 0);
    assert.equal((await sim.tap("alice"))?.granted, true);
  });

  it("keeps every turn of the node's loop under 50 ms, from power to the third tap", async () => {
    const sim = await Simulation.create({ seed: "turns" });
    await sim.ready();
    for (let n = 0; n < 3; n++) {
      await sim.world.runFor(4_000_000);
      assert.equal((await sim.tap("alice"))?.granted, true);
    }
    assert.ok(sim.world.longestTurnUs < 50_000, `${sim.world.longestTurnUs} µs`);
  });

  it("never pulses the relay at power, reset, restart or brownout", async () => {
    for (const reader of [{}, { relay: { pin: 15, active: "low" } }]) {
      const sim = await Simulation.create({ seed: "no pulse", reader });
      for (let n = 0; n < 12; n++) {
        sim.board.powerOn(n % 2 === 0 ? "power-on" : "brownout");
        await sim.world.runFor(sim.world.rng("cuts").int(0, 3_000_000));
        if (n % 3 === 0) sim.board.restart("watchdog");
        else sim.board.powerOff();
        await sim.world.runFor(5_000);
      }
      assert.deepEqual(sim.board.relay.edges, []);
    }
  });
});
