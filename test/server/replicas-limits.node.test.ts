import assert from "node:assert/strict";
import { TIME_PATH } from "../../protocol/node/endpoints.ts";
import type { Provisioning } from "../../server/admin.ts";
import type { Limits } from "../../server/limits.ts";
import type { Service } from "../../server/service.ts";
import { needRedisServer, RedisServer } from "../support/redis-server.ts";
import { needDatabase, type ScratchDatabase } from "../support/services.ts";
import { badge, TestNode } from "./desk.ts";
import { Balancer, Cluster, type Replica, tally } from "./replicas.ts";

const clock = {
  get nowMs() {
    return performance.now();
  },
};
/** Nothing comes back while the test lasts. */
const rate = (burst: number) => ({ burst, perSecond: 1e-6 });

describe("limits over three server processes on MariaDB and Redis", function () {
  this.timeout(60_000);
  let database: ScratchDatabase;
  let redis: RedisServer;
  let cluster: Cluster;
  let replicas: Replica[];
  let beside: Service;
  let provisioning: Provisioning;
  const nodes: TestNode[] = [];
  const limits: Partial<Limits> = {
    handshakeByAddress: rate(60),
    requestsByNode: rate(30),
    tapsByBadge: rate(7),
    requestsByTenant: rate(100),
  };

  before(async function () {
    needRedisServer(this);
    database = await needDatabase(this, "MariaDB");
    redis = await RedisServer.start();
    cluster = new Cluster(database.url, redis.url);
    const env = { TEST_LIMITS: JSON.stringify(limits) };
    replicas = await Promise.all([cluster.start(env), cluster.start(env), cluster.start(env)]);
    beside = (await cluster.open()).service;
    const [tenant] = await beside.admin.tenants();
    provisioning = await beside.admin.provisioning(tenant!.tenantId);
  });
  // Each begins with full buckets.
  beforeEach(() => redis.ask((client) => client.flushall()));
  after(async () => {
    for (const node of nodes) node.identity.close();
    await cluster?.end();
    await redis?.end();
    await database?.drop();
  });

  const nodeOn = async (): Promise<TestNode> => {
    const http = new Balancer(replicas);
    const node = new TestNode(provisioning, http, clock, { http, name: `n ${nodes.length}` });
    nodes.push(node);
    return node.boot();
  };
  const askTime = async (url: string) => {
    const body = JSON.stringify({ client_nonce: "A".repeat(22) });
    const headers = { "content-type": "application/json" };
    return fetch(`${url}/${TIME_PATH}`, { method: "POST", headers, body });
  };
  const codeOf = (failed: { code: string; detail: { limit?: string } }) =>
    `${failed.code} ${failed.detail.limit}`;

  it("an address has its rate once, not once for each replica", async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => askTime(replicas[i % 3]!.url)),
    );
    assert.deepEqual(tally(answers.map(({ status }) => String(status))), { 200: 60, 429: 140 });
    const refused = answers.find(({ status }) => status === 429)!;
    const { code, limit, retry_after } = (await refused.json()) as Record<string, unknown>;
    assert.deepEqual([code, limit], ["rate-limited", "handshake-by-address"]);
    assert.equal(refused.headers.get("retry-after"), String(retry_after));
    assert.ok(Number(retry_after) > 1000);
  });

  it("a node has its requests once", async () => {
    const node = await nodeOn();
    const ask = () => node.challenge().then(() => "ok", codeOf);
    const outcomes = tally(await Promise.all(Array.from({ length: 60 }, ask)));
    assert.deepEqual(outcomes, { ok: 30, "rate-limited requests-by-node": 30 });
  });

  it("a badge has its taps once, whichever readers and replicas it is shown to", async () => {
    const card = await badge(beside, provisioning.tenantId);
    const readers = [await nodeOn(), await nodeOn(), await nodeOn()];
    const outcomes: string[] = [];
    for (let i = 0; i < 12; i++)
      outcomes.push(await readers[i % 3]!.tap(card).then(({ granted }) => `${granted}`, codeOf));
    assert.deepEqual(tally(outcomes), { true: 7, "rate-limited taps-by-badge": 5 });
  });

  it("a tenant has its requests once", async () => {
    const readers = await Promise.all(Array.from({ length: 5 }, nodeOn));
    const asked = readers.flatMap((reader) =>
      Array.from({ length: 25 }, () => reader.challenge().then(() => "ok", codeOf)),
    );
    const outcomes = tally(await Promise.all(asked));
    assert.deepEqual(outcomes, { ok: 100, "rate-limited requests-by-tenant": 25 });
  });

  it("when nothing can be counted nothing passes: 503 with a time to come back", async () => {
    await redis.down();
    for (const { url } of replicas) {
      const answer = await askTime(url);
      assert.equal(answer.status, 503);
      assert.equal(((await answer.json()) as { code: string }).code, "unavailable");
      assert.ok(Number(answer.headers.get("retry-after")) > 0);
    }
    await redis.up();
    for (let attempt = 0; attempt < 100; attempt++) {
      const answers = await Promise.all(replicas.map(({ url }) => askTime(url)));
      if (answers.every(({ status }) => status === 200)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.fail("they do not go on by themselves");
  });
});
