import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BADGE_VERIFY_PATH } from "../../protocol/badge/endpoints.ts";
import { VERIFY_PATH } from "../../protocol/node/endpoints.ts";
import type { Provisioning } from "../../server/admin.ts";
import { storesFrom } from "../../server/environment.ts";
import type { Service } from "../../server/service.ts";
import { openServiceFolder } from "../../server/start.ts";
import { until } from "../support/mosquitto.ts";
import { needRedisServer, RedisServer } from "../support/redis-server.ts";
import { needDatabase, type ScratchDatabase } from "../support/services.ts";
import { badge, lastSent, overHttp, reasonOf, type Sent, TestNode } from "./desk.ts";
import { Balancer, Cluster, type Replica, tally } from "./replicas.ts";

const clock = {
  get nowMs() {
    return performance.now();
  },
};
const COPIES = 60;

describe("attacks on replicas whose Redis and clocks are not to be relied on", function () {
  this.timeout(60_000);
  let database: ScratchDatabase;
  let redis: RedisServer;
  let cluster: Cluster;
  let replicas: Replica[];
  let beside: Service;
  let provisioning: Provisioning;
  const nodes: TestNode[] = [];

  before(async function () {
    needRedisServer(this);
    database = await needDatabase(this, "MariaDB");
    redis = await RedisServer.start();
    cluster = new Cluster(database.url, redis.url);
    // Their clocks are as far apart as they may be.
    const skews = ["0", "14000", "-14000"].map((TEST_SKEW_MS) => cluster.start({ TEST_SKEW_MS }));
    replicas = await Promise.all(skews);
    beside = (await cluster.open()).service;
    const [tenant] = await beside.admin.tenants();
    provisioning = await beside.admin.provisioning(tenant!.tenantId);
  });
  after(async () => {
    for (const node of nodes) node.identity.close();
    await cluster?.end();
    await redis?.end();
    await database?.drop();
  });

  const nodeOn = (http: Balancer): TestNode => {
    const node = new TestNode(provisioning, http, clock, { http, name: `n ${nodes.length}` });
    nodes.push(node);
    return node;
  };

  /** What each replica says to a request that was heard on the wire. */
  const repeat = ({ path, headers, body }: Sent) =>
    Promise.all(
      replicas.map(async ({ url }) => {
        const request = { method: "POST", url: `${url}/${path}`, headers, body } as const;
        const answer = await overHttp.request({ ...request, timeoutMs: 5000 });
        return answer.status === 200 ? "ok" : (JSON.parse(answer.body).code as string);
      }),
    );

  async function healthy({ url }: Replica): Promise<void> {
    const isUp = async () => (await fetch(`${url}/healthz`)).status === 200;
    await until("a replica has found Redis again", isUp);
  }

  const tapUntilGranted = async (node: TestNode, card: Parameters<TestNode["tap"]>[0]) => {
    for (let attempt = 0; attempt < 100; attempt++) {
      const decision = await node.tap(card).catch(() => undefined);
      if (decision?.granted) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.fail("it does not recover");
  };

  it("with clocks apart, a challenge is taken once and a counter raised once all the same", async () => {
    const http = new Balancer(replicas, { [VERIFY_PATH]: COPIES });
    const node = await nodeOn(http).boot();
    assert.deepEqual(tally(http.outcomes), { ok: 1, "challenge-used": COPIES - 1 });
    const card = await badge(beside, provisioning.tenantId);
    for (let round = 0; round < 6; round++) {
      const request = await node.answer(card, await node.challenge());
      const decisions = Array.from({ length: 50 }, () => node.decide(request).then(reasonOf));
      const outcomes = tally(await Promise.all(decisions));
      assert.deepEqual(outcomes, { granted: 1, "challenge-used": 49 });
    }
  });

  it("a replica whose clock is hours off uses a challenge up like any other", async () => {
    const [ahead, behind] = await Promise.all(
      ["10800000", "-10800000"].map((TEST_SKEW_MS) => cluster.start({ TEST_SKEW_MS })),
    );
    const http = new Balancer(replicas.slice(0, 1));
    const node = await nodeOn(http).boot();
    const card = await badge(beside, provisioning.tenantId);
    for (const wrong of [ahead!, behind!]) {
      const request = await node.answer(card, await node.challenge());
      http.urls = [wrong.url];
      await node.decide(request);
      http.urls = [replicas[0]!.url];
      assert.equal(reasonOf(await node.decide(request)), "challenge-used");
      await tapUntilGranted(node, card);
    }
    for (const { process } of [ahead!, behind!]) process.kill("SIGKILL");
  });

  it("after Redis has forgotten everything, nothing that was heard is taken again", async () => {
    const one = new Balancer(replicas.slice(0, 1));
    const node = await nodeOn(one).boot();
    const card = await badge(beside, provisioning.tenantId);
    assert.equal((await node.tap(card)).granted, true);
    const heard = [lastSent(node, VERIFY_PATH), lastSent(node, BADGE_VERIFY_PATH)] as const;
    await redis.ask((client) => client.flushall());
    assert.deepEqual(await repeat(heard[0]), Array(3).fill("challenge-used"));
    assert.deepEqual(await repeat(heard[1]), Array(3).fill("session-unknown"));
    await tapUntilGranted(node, card);
    assert.deepEqual(await repeat(heard[1]), Array(3).fill("session-unknown"));
  });

  it("after Redis was restarted from its disk, what was answered is not open again", async () => {
    const node = await nodeOn(new Balancer(replicas.slice(0, 1))).boot();
    const card = await badge(beside, provisioning.tenantId);
    const request = await node.answer(card, await node.challenge());
    await redis.ask((client) => client.save());
    assert.equal((await node.decide(request)).granted, true);
    const heard = lastSent(node, BADGE_VERIFY_PATH);
    await redis.down();
    const away = await repeat(heard);
    assert.deepEqual(away, Array(3).fill("unavailable"));
    const health = await fetch(`${replicas[1]!.url}/healthz`);
    assert.equal(health.status, 503);
    assert.ok(Number(health.headers.get("retry-after")) > 0);
    await redis.up();
    await Promise.all(replicas.map(healthy));
    await tapUntilGranted(node, card);
    assert.deepEqual(await repeat(heard), Array(3).fill("session-unknown"));
    const again = await node.decide(request);
    assert.equal(reasonOf(again), "challenge-used");
  });

  it("a replica with other keys, or with none, does not start on the same database", async () => {
    const stranger = "11".repeat(32);
    const other = cluster.start({ LATCHKEY_VAULT_KEY: stranger });
    await assert.rejects(other, /config-invalid|key-encryption key/);
    await assert.rejects(other, (error: Error) => !error.message.includes(stranger));
    const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
    const keyless = openServiceFolder({ folder, database: database.url });
    await assert.rejects(keyless, { code: "config-invalid" });
    rmSync(folder, { recursive: true });
  });

  it("says what is wrong with an address, and quotes no credential", async () => {
    const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
    const { port, pathname } = new URL(database.url);
    const wrong = [
      `mysql://root:hunter2@127.0.0.1:${port}${pathname}`,
      `mysql://nobody:hunter2@127.0.0.1:${port}/none`,
      `mysql://root:hunter2@127.0.0.1:${port}`,
      `mysql://root:hunter2@127.0.0.1:${port}${pathname}?ssl=no`,
      `oracle://root:hunter2@127.0.0.1:${port}${pathname}`,
      `mysql://root:hunter2%zz@127.0.0.1:${port}${pathname}`,
      "mysql://root:hunter2@127.0.0.1:1/x",
    ];
    for (const url of wrong) {
      const stores = storesFrom({ LATCHKEY_DATABASE_URL: url });
      await assert.rejects(openServiceFolder({ folder, ...stores }), (error: Error) => {
        const { code } = error as { code?: string };
        assert.ok(code === "config-invalid" || code === "unavailable", `${url}: ${error}`);
        for (let said: unknown = error; said instanceof Error; said = said.cause)
          assert.ok(!`${said.message} ${said.stack}`.includes("hunter2"), said.message);
        return true;
      });
    }
    const { database: filled } = storesFrom({
      LATCHKEY_DATABASE_URL: "postgres://u@h/d",
      LATCHKEY_DATABASE_PASSWORD: "p@ss/w?rd",
    });
    assert.equal(new URL(filled!).password, encodeURIComponent("p@ss/w?rd"));
    rmSync(folder, { recursive: true });
  });
});
