import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { metricsFrom } from "../../server/metrics/metrics-place.ts";
import { type RunningServer, startServer } from "../../server/start.ts";
import { badge, overHttp, TestNode, warm } from "./desk.ts";

const TOKEN = "scrape-me-if-you-can";
const clock = {
  get nowMs() {
    return performance.now();
  },
};

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The text format of Prometheus, version 0.0.4, read as strictly as a scraper does. */
function samplesOf(page: string): Sample[] {
  const types = new Map<string, string>();
  return page.split("\n").flatMap((line) => {
    if (line === "" || line.startsWith("# HELP ")) return [];
    const type = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram|summary)$/.exec(line);
    if (type) types.set(type[1]!, type[2]!);
    if (type) return [];
    const found = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (-?[\d.e+-]+|NaN|\+Inf)$/.exec(line);
    assert.ok(found, `not a sample: ${line}`);
    const [, name = "", inner = "", value = ""] = found;
    const base = name.replace(/_(bucket|sum|count)$/, "");
    assert.ok(types.has(name) || types.has(base), `${name} has no type`);
    const pairs = [...inner.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"(?:,|$)/g)];
    assert.equal(pairs.map(([whole]) => whole).join(""), inner, "labels");
    const labels = Object.fromEntries(pairs.map(([, key, text]) => [key!, text!]));
    return [{ name, labels, value: Number(value) }];
  });
}

describe("metrics for Prometheus", () => {
  let folder: string;
  const servers: RunningServer[] = [];
  const nodes: TestNode[] = [];
  const start = async (options: Partial<Parameters<typeof startServer>[0]>) => {
    const server = await startServer({ folder, ...options });
    servers.push(server);
    return server;
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "latchkey-"));
  });
  afterEach(async () => {
    for (const node of nodes.splice(0)) node.identity.close();
    for (const server of servers.splice(0)) await server.close();
    rmSync(folder, { recursive: true });
  });

  it("tell what was asked, decided, refused and stored", async () => {
    const limits = { tapsByBadge: { burst: 2, perSecond: 1e-6 } };
    const server = await start({ figures: { port: 0 }, limits });
    const [tenant] = await server.service.admin.tenants();
    const provisioning = await server.service.admin.provisioning(tenant!.tenantId);
    const node = new TestNode(provisioning, overHttp, clock, { baseUrl: server.url });
    nodes.push(node);
    await node.boot();
    const card = await badge(server.service, tenant!.tenantId);
    const other = await badge(server.service, tenant!.tenantId);
    await node.tap(card);
    const forged = await node.answer(card, await node.challenge());
    await node.decide({ ...forged, signature: new Uint8Array(64).fill(1) });
    await assert.rejects(node.tap(card), { code: "rate-limited" });
    await node.tap(other);
    await node.report([warm(1), warm(2), warm(3, 9000)]);
    await node.report([warm(2), warm(4)]);
    const nonsense = `${server.url}/${node.nodeUid}/x`;
    for (let i = 0; i < 3; i++) await fetch(nonsense);

    const answer = await fetch(`http://127.0.0.1:${server.metricsPort}/metrics`);
    assert.match(answer.headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
    const page = await answer.text();
    const samples = samplesOf(page);
    const figure = (name: string, labels: Record<string, string>): number | undefined =>
      samples.find(
        (each) =>
          each.name === name &&
          Object.entries(labels).every(([key, value]) => each.labels[key] === value),
      )?.value;
    assert.equal(figure("latchkey_badge_decisions_total", { outcome: "granted" }), 2);
    assert.equal(figure("latchkey_badge_decisions_total", { outcome: "signature-invalid" }), 1);
    assert.equal(figure("latchkey_rate_limited_total", { limit: "taps-by-badge" }), 1);
    assert.equal(figure("latchkey_readings_total", { outcome: "recorded" }), 3);
    assert.equal(figure("latchkey_readings_total", { outcome: "duplicates" }), 1);
    assert.equal(figure("latchkey_readings_total", { outcome: "refused" }), 1);
    const seconds = "latchkey_http_request_seconds_count";
    assert.equal(figure(seconds, { endpoint: "identity_tag/it_verify_badge", status: "200" }), 3);
    assert.equal(figure(seconds, { endpoint: "identity_tag/it_verify_badge", status: "429" }), 1);
    assert.equal(figure(seconds, { endpoint: "other", status: "404" }), 3);
    for (const check of ["database", "ephemera", "migrations", "clock"])
      assert.equal(figure("latchkey_ready", { check }), 1, check);
    assert.equal(figure("latchkey_under_way", { what: "streams" }), 0);
    assert.ok(figure("process_open_fds", {})! > 3);
    assert.ok(figure("process_resident_memory_bytes", {})! > 1e7);
    // Labels come from fixed sets, so that no stranger makes new ones and nobody is named.
    for (const name of [tenant!.tenantId, node.nodeUid, Buffer.from(card.uid).toString("hex")])
      assert.ok(!page.includes(name), name);
  });

  it("have a port of their own, with nothing else on it and not beside the doors", async () => {
    const server = await start({ figures: { port: 0 } });
    assert.equal((await fetch(`${server.url}/metrics`)).status, 404);
    const own = `http://127.0.0.1:${server.metricsPort}`;
    for (const path of ["/", "/healthz", "/metrics?x=1", "/identity_iot/ii_time"])
      assert.equal((await fetch(`${own}${path}`)).status, 404, path);
    assert.equal((await fetch(`${own}/metrics`, { method: "POST" })).status, 404);
    assert.equal((await fetch(`${own}/metrics`)).status, 200);
    await server.close();
    await assert.rejects(fetch(`${own}/metrics`));
  });

  it("are shown to whoever has the token only, beside the doors and on their own port", async () => {
    const beside = await start({ figures: { token: TOKEN } });
    const apart = await start({ figures: { token: TOKEN, port: 0 } });
    for (const url of [beside.url, `http://127.0.0.1:${apart.metricsPort}`]) {
      for (const authorization of ["", "Bearer ", `Bearer ${TOKEN}x`, TOKEN, `bearer ${TOKEN}`]) {
        const refused = await fetch(`${url}/metrics`, { headers: { authorization } });
        assert.equal(refused.status, 401);
        assert.equal(((await refused.json()) as { code: string }).code, "unauthenticated");
      }
      const headers = { authorization: `Bearer ${TOKEN}` };
      const { status } = await fetch(`${url}/metrics`, { headers });
      assert.equal(status, 200);
    }
    assert.equal(beside.metricsPort, undefined);
  });

  it("are nowhere when nobody asks for them", async () => {
    const server = await start({});
    assert.equal((await fetch(`${server.url}/metrics`)).status, 404);
    assert.equal(server.metricsPort, undefined);
  });

  it("are not shown to the network without a token", () => {
    const env = { LATCHKEY_METRICS_TOKEN: TOKEN };
    assert.equal(metricsFrom({}), undefined);
    assert.deepEqual(metricsFrom({}, "9464"), { port: 9464 });
    assert.deepEqual(metricsFrom({}, "[::1]:9464"), { host: "::1", port: 9464 });
    assert.deepEqual(metricsFrom(env, "0.0.0.0:1"), { host: "0.0.0.0", port: 1, token: TOKEN });
    assert.deepEqual(metricsFrom(env), { token: TOKEN });
    assert.deepEqual(metricsFrom({ LATCHKEY_METRICS: "9" }), { port: 9 });
    const wrong = ["0.0.0.0:9464", "[::]:9464", "10.0.0.1:1", "127.0.0.1.evil.example:1"];
    for (const given of [...wrong, "", "x", "70000", "1:2:3", "localhost:"])
      assert.throws(() => metricsFrom({}, given), { code: "config-invalid" }, given);
    assert.throws(() => metricsFrom({ LATCHKEY_METRICS_TOKEN: "short" }), {
      code: "config-invalid",
    });
  });

  it("say when their port is taken, and leave nothing running", async () => {
    const first = await start({ figures: { port: 0 } });
    const figures = { port: first.metricsPort! };
    await assert.rejects(startServer({ folder, figures }), { code: "address-in-use" });
  });
});
