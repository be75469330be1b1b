import assert from "node:assert/strict";
import { Simulation } from "../../host-sim/node/simulation.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import type { HttpRequest, HttpResponse } from "../../protocol/platform.ts";
import { storedSeed } from "../support/stored-seed.ts";
import { badge } from "./badge.ts";

const BADGES = {
  alice: badge("good"),
  foreign: badge("other-tenant"),
  elsewhere: badge("other-reader", { mode: "HS" }),
  clone: badge("clone", { of: "alice" }),
  recording: badge("emulator", { of: "alice" }),
  revoked: badge("revoked"),
  "not entitled": badge("not-entitled"),
  unregistered: badge("unregistered"),
  blank: badge("blank"),
};

async function ready(seed: string): Promise<Simulation> {
  const sim = await Simulation.create({ seed, badges: BADGES });
  await sim.ready();
  return sim;
}

const codeOf = ({ body }: HttpResponse): unknown => JSON.parse(body).code;
const isFor = (endpoint: string) => (request: HttpRequest) => request.url.endsWith(endpoint);

describe("the door stays shut", () => {
  const denials: readonly (readonly [keyof typeof BADGES, string])[] = [
    ["foreign", "tenant-mismatch"],
    ["elsewhere", "mode-mismatch"],
    ["clone", "badge-payload-invalid"],
    ["revoked", "badge-revoked"],
    ["not entitled", "entitlement-denied"],
    ["unregistered", "badge-unknown"],
    ["blank", "badge-not-ours"],
  ];
  for (const [name, code] of denials) {
    it(`for a badge of the kind \`${BADGES[name].kind}\`, with ${code}`, async () => {
      const sim = await ready(`deny ${name}`);
      const tap = await sim.tap(name);
      assert.equal(tap?.reason, code);
      assert.deepEqual(sim.board.relay.edges, []);
    });
  }

  it("for an old SDM counter, with badge-cloned and an alarm", async () => {
    const sim = await ready("old counter");
    await sim.badges.get("recording"); // made from what the badge said before its next use
    assert.equal((await sim.tap("alice"))?.granted, true);
    await sim.world.runFor(10_000_000);
    const tap = await sim.tap("recording");
    assert.equal(tap?.reason, "badge-cloned");
    assert.equal(sim.board.relay.windows().length, 1, "the genuine tap's only");
    const alarms = await sim.backend.admin.alarms(sim.tenant.tenantId);
    assert.deepEqual(
      alarms.map(({ kind, cause }) => [kind, cause]),
      [["badge-cloned", "sdm-counter-stale"]],
    );
  });

  it("for a replayed envelope, with replay", async () => {
    const sim = await ready("replayed envelope");
    const taken: HttpRequest[] = [];
    sim.network.intercept = (request, forward) => {
      if (isFor("it_verify_badge")(request)) taken.push(request);
      return forward(request);
    };
    await sim.tap("alice");
    await sim.world.runFor(10_000_000);
    const edges = sim.board.relay.edges.length;
    const again = await sim.backend.handle(taken[0]!);
    assert.deepEqual([again.status, codeOf(again)], [409, "replay"]);
    await sim.world.runFor(10_000_000);
    assert.equal(sim.board.relay.edges.length, edges);
  });

  it("for a replayed challenge answer, with challenge-used", async () => {
    const sim = await Simulation.create({ seed: "replayed answer", badges: BADGES });
    const taken: HttpRequest[] = [];
    sim.network.intercept = (request, forward) => {
      if (isFor("ii_verify_node")(request)) taken.push(request);
      return forward(request);
    };
    await sim.ready();
    const again = await sim.backend.handle(taken[0]!);
    assert.deepEqual([again.status, codeOf(again)], [401, "challenge-used"]);
    assert.deepEqual(sim.board.relay.edges, []);
  });

  it("for a grant that is played to the reader a second time", async () => {
    const sim = await ready("replayed grant");
    let grant: HttpResponse | undefined;
    sim.network.intercept = async (request, forward) => {
      if (!isFor("it_verify_badge")(request)) return forward(request);
      if (grant !== undefined) return grant;
      grant = await forward(request);
      return grant;
    };
    assert.equal((await sim.tap("alice"))?.granted, true);
    await sim.world.runFor(10_000_000);
    const tap = await sim.tap("revoked");
    assert.equal(tap?.granted, false);
    assert.equal(tap?.reason, "envelope-invalid");
    assert.equal(sim.board.relay.windows().length, 1);
  });

  it("for a grant that is held back beyond the time limit, with network-timeout", async () => {
    const sim = await ready("late grant");
    sim.network.faults.inject({ kind: "delay", ms: 20_000 }, { path: "it_verify_badge" });
    const tap = await sim.tap("alice");
    assert.equal(tap?.reason, "network-timeout");
    await sim.world.runFor(60_000_000);
    assert.deepEqual(sim.board.relay.edges, []);
  });

  it("for a forged server from the first boot on, with server-untrusted", async () => {
    const sim = await Simulation.create({ seed: "forged at boot", badges: BADGES });
    sim.backend.mode = "rogue";
    sim.board.powerOn();
    assert.ok(await sim.until(() => sim.stage === "error", 10_000_000));
    assert.equal(sim.board.reader!.state.fault?.code, "server-untrusted");
    await sim.tap("alice", 5_000_000);
    assert.deepEqual(sim.board.relay.edges, []);
    sim.backend.mode = "up";
    await sim.ready(120_000_000);
    await sim.world.runFor(3_000_000);
    assert.equal((await sim.tap("alice"))?.granted, true);
  });

  it("for a server that is replaced while the reader runs", async () => {
    const sim = await ready("forged later");
    sim.backend.mode = "rogue";
    const tap = await sim.tap("alice");
    assert.equal(tap?.granted, false);
    await sim.world.runFor(600_000_000);
    assert.deepEqual(sim.board.relay.edges, []);
    assert.notEqual(sim.stage, "ready", "a rogue server cannot keep the reader in service");
  });
});

describe("secrets", () => {
  it("are in no log, trace, console line or screen of a busy day's beginning", async () => {
    const sim = await ready("secrets");
    let console = "";
    sim.board.serial.onData((bytes) => {
      console += String.fromCharCode(...bytes);
    });
    for (const name of Object.keys(BADGES) as (keyof typeof BADGES)[]) {
      await sim.tap(name);
      await sim.world.runFor(5_000_000);
    }
    for (const line of ["status", "id", "net", "badge", "log", "status --json", "log --json"]) {
      sim.board.serial.write(Uint8Array.from(`${line}\r\n`, (char) => char.charCodeAt(0)));
      await sim.world.runFor(5_000_000);
    }
    const { provisioning } = sim.tenant;
    const seed = storedSeed(sim.board);
    const [{ nodePk } = { nodePk: undefined }] = await sim.backend.admin.nodes(sim.tenant.tenantId);
    assert.deepEqual(nobleCrypto.ed25519PublicKey(seed), nodePk);
    const secrets = [provisioning.commKey.bytes, provisioning.df1.bytes, seed];
    const told = sim.world.trace
      .entries()
      .filter(({ source }) => !["nfc", "display"].includes(source))
      .map(({ text }) => text)
      .join("\n");
    for (const secret of secrets) {
      for (const form of [
        Buffer.from(secret).toString("hex"),
        Buffer.from(secret).toString("base64"),
      ]) {
        const part = form.slice(0, 20);
        assert.ok(!told.includes(part) && !console.includes(part));
      }
    }
    assert.ok(console.length > 500, "the console was heard");
  });
});
