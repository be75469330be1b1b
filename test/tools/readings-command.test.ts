import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Provisioning } from "../../server/admin.ts";
import { type RunningServer, startServer } from "../../server/start.ts";
import { localReadings } from "../../tools/readings/local-readings.ts";
import { remoteReadings, takeEvents } from "../../tools/readings/remote-readings.ts";
import { overHttp, TestNode, warm } from "../server/desk.ts";
import { FakeWorld } from "./fake-context.ts";

describe("latchkey readings", () => {
  let folder: string;
  let server: RunningServer;
  let provisioning: Provisioning;
  let node: TestNode;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "latchkey-readings-"));
    server = await startServer({ folder });
    const { tenantId } = server.firstStart!.tenant;
    provisioning = await server.service.admin.provisioning(tenantId);
    const clock = { nowMs: Date.now() };
    node = new TestNode(provisioning, overHttp, clock, { baseUrl: server.url, nodeType: "sensor" });
    await node.boot();
  });
  afterEach(async () => {
    node.identity.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const world = (): FakeWorld =>
    new FakeWorld({
      env: { LATCHKEY_TOKEN: server.firstStart!.adminToken },
      openReadings: async (place) =>
        "url" in place
          ? remoteReadings(place.url, place.token)
          : await localReadings(place.dataFolder),
    });
  const remote = () => ["--url", server.url, "--tenant", provisioning.tenantId];
  const local = () => ["--data", folder];
  /** Of whose time the node knows nothing: the machine's clock may say anything. */
  const plain = (count: number) => Array.from({ length: count }, (_, n) => warm(n + 1, n + 1));

  for (const [where, place] of [
    ["the data folder", local],
    ["a server elsewhere", remote],
  ] as const)
    describe(`from ${where}`, () => {
      it("shows the newest, in the order of time, for people and for programs", async () => {
        await node.report(plain(25));
        const human = await world().run("readings", ...place());
        const lines = human.out.trimEnd().split("\n");
        assert.equal(human.exitCode, 0, human.err);
        assert.equal(lines.length, 20);
        assert.match(
          lines[0]!,
          /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d~ [0-9a-f]{8} {2}temperature 6 °C$/,
        );
        assert.match(lines[19]!, /temperature 25 °C$/);
        const programs = world();
        await programs.run("readings", "--count", "2", "--json", ...place());
        const events = programs.events();
        assert.deepEqual(
          events.map(({ type, temperature }) => [type, temperature]),
          [
            ["reading", 24],
            ["reading", 25],
            ["end", undefined],
          ],
        );
      });

      it("gives more than a page, as CSV too", async () => {
        for (let n = 0; n < 9; n++)
          await node.report(Array.from({ length: 128 }, (_, i) => warm(n * 128 + i + 1, 20)));
        const run = await world().run("readings", "--csv", "--count", "1100", ...place());
        assert.equal(run.out.trimEnd().split("\r\n").length, 1101);
      });

      it("says what went wrong with what was not measured", async () => {
        await node.report([
          { seq: 1, fields: {}, faults: [{ sensor: "dht", code: "sensor-checksum", count: 3 }] },
          { seq: 5, fields: {}, lost: { count: 3, first: 2, last: 4, eventClass: "telemetry" } },
          { seq: 6, fields: { temperature: 900 } },
        ]);
        const { out } = await world().run("readings", ...place());
        assert.match(out, /dht: sensor-checksum ×3/);
        assert.match(out, /3 telemetry events lost/);
        assert.match(out, /refused: sensor-out-of-range \(temperature\)/);
      });

      it("follows what comes in, until Ctrl-C", async () => {
        await node.report([warm(1, 1)]);
        const follower = world();
        const running = follower.run("readings", "--follow", ...place());
        await waitFor(() => follower.out.includes("temperature 1 °C"));
        await node.report([warm(2, 2)]);
        await waitFor(() => follower.out.includes("temperature 2 °C"));
        follower.interrupt.abort();
        assert.equal((await running).exitCode, 0);
        assert.equal(follower.out.trimEnd().split("\n").length, 2);
      });

      it("narrows by node, field and time, and refuses what is none", async () => {
        await node.report([warm(1, 1), { seq: 2, fields: { humidity: 50 } }]);
        const only = async (...more: string[]) =>
          (await world().run("readings", ...more, ...place())).out;
        assert.match(await only("--field", "humidity"), /humidity 50 %\n$/);
        assert.match(await only("--to", "2020-01-01 00:00:00"), /Nothing was reported yet/);
        assert.match(await only("--node", node.nodeUid), /temperature 1/);
        const bad = await world().run("readings", "--field", "x", ...place());
        assert.match(bad.err, /field/);
        assert.notEqual(bad.exitCode, 0);
      });
    });

  it("says what is missing or contradicts itself", async () => {
    for (const [words, message] of [
      [["--url", "http://x"], /LATCHKEY_TOKEN/],
      [["--csv", "--json"], /--csv or --json/],
      [["--follow", "--from", "1"], /--follow goes without --from/],
    ] as const) {
      const run = await new FakeWorld().run("readings", ...words);
      assert.equal(run.exitCode, 2);
      assert.match(run.out + run.err, message);
    }
    const unnamed = await world().run("readings", "--url", server.url);
    assert.match(unnamed.err, /--tenant is needed/);
    const elsewhere = await world().run("readings", "--data", join(folder, "nothing"));
    assert.match(elsewhere.err, /holds no server's data/);
  });

  it("hears from the server when its token is wrong", async () => {
    const stranger = world();
    Object.assign(stranger.context, { env: { LATCHKEY_TOKEN: "lka_wrong" } });
    assert.match((await stranger.run("readings", ...remote())).err, /\[unauthenticated\]/);
  });

  it("waits where it comes to the server's rate", async () => {
    const asked: string[] = [];
    const busy = createServer((request, response) => {
      const first = asked.push(String(request.url)) === 1;
      const problem = { code: "rate-limited", status: 429, limit: "operator-by-address" };
      response.writeHead(first ? 429 : 200);
      response.end(JSON.stringify(first ? { ...problem, retry_after: 0 } : { readings: [] }));
    }).listen(0, "127.0.0.1");
    await once(busy, "listening");
    const { port } = busy.address() as AddressInfo;
    const url = ["--url", `http://127.0.0.1:${port}`, "--tenant", provisioning.tenantId];
    const run = await world().run("readings", ...url);
    busy.close();
    assert.equal(run.exitCode, 0, run.err);
    assert.equal(asked.length, 2);
  });

  it("takes up a stream that broke where it was, without a gap and without a double", async () => {
    await node.report([warm(1, 1)]);
    const source = remoteReadings(server.url, server.firstStart!.adminToken);
    const stop = new AbortController();
    const heard: number[] = [];
    const { tenantId } = provisioning;
    const following = (async () => {
      for await (const page of source.follow({ tenantId }, 0, stop.signal))
        heard.push(...page.map(({ reading }) => reading.seq));
    })();
    await waitFor(() => heard.length === 1);
    const { port } = server;
    await server.close();
    server = await startServer({ folder, port });
    node.identity.close();
    const clock = { nowMs: Date.now() };
    const options = { baseUrl: server.url, storage: node.storage };
    node = await new TestNode(provisioning, overHttp, clock, options).boot();
    await node.report([warm(2, 2), warm(3, 3)]);
    await waitFor(() => heard.length === 3);
    stop.abort();
    await following;
    assert.deepEqual(heard, [1, 2, 3]);
  });

  it("takes events out of a stream wherever it was cut", async () => {
    await node.report([warm(1)]);
    const [row] = await server.service.admin.readings(provisioning.tenantId, node.nodeUid);
    const { writeStoredReading } = await import("../../protocol/telemetry/stored-reading.ts");
    const event = `id: 1\nevent: reading\ndata: ${JSON.stringify(writeStoredReading(row!))}\n\n`;
    const text = `retry: 3000\n\n${event}: nothing new\n\n${event}event: end\ndata: {}\n\n`;
    for (let cut = 0; cut <= text.length; cut++) {
      const first = takeEvents(text.slice(0, cut));
      const second = takeEvents(first.rest + text.slice(cut));
      assert.equal(first.readings.length + second.readings.length, 2);
      assert.equal(first.ended || second.ended, true);
    }
  });
});

async function waitFor(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, "waited 10 s in vain");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
