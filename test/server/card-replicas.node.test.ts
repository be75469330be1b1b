import assert from "node:assert/strict";
import type { Redis } from "ioredis";
import type { Provisioning } from "../../server/admin.ts";
import type { Service } from "../../server/service.ts";
import { relayCard } from "../../tools/badge/card-server.ts";
import { needDatabase, needRedis, REDIS_URL, type ScratchDatabase } from "../support/services.ts";
import { APDUS, blankChip, NEW } from "./card-bench.ts";
import { redisPrefix } from "./ephemera-stores.ts";
import { Cluster, type Replica, tally } from "./replicas.ts";

describe("work on a card over three server processes", function () {
  this.timeout(60_000);
  let database: ScratchDatabase;
  let redis: Redis;
  let cluster: Cluster;
  let replicas: Replica[];
  let beside: Service;
  let provisioning: Provisioning;
  let token: string;
  const prefix = redisPrefix();

  before(async function () {
    redis = await needRedis(this);
    database = await needDatabase(this, "PostgreSQL");
    cluster = new Cluster(database.url, `${REDIS_URL}?prefix=${prefix}`);
    const often = { burst: 1e6, perSecond: 1e6 };
    const env = { TEST_LIMITS: JSON.stringify({ cardStepsByAddress: often }) };
    replicas = await Promise.all([cluster.start(env), cluster.start(env), cluster.start(env)]);
    beside = (await cluster.open()).service;
    const [tenant] = await beside.admin.tenants();
    provisioning = await beside.admin.provisioning(tenant!.tenantId);
    const { tenantId } = provisioning;
    token = await beside.admin.createOperator({ name: "technician", role: "manager", tenantId });
  });
  after(async () => {
    await cluster?.end();
    await database?.drop();
    const keys = (await redis?.keys(`${prefix}:*`)) ?? [];
    if (keys.length > 0) await redis.del(...keys);
    redis?.disconnect();
  });

  /** Goes round the replicas, one request after the other. */
  function balancer() {
    let next = 0;
    const codes: string[] = [];
    const connections = new Set<string | null>();
    const post = async (path: string, body: object) => {
      const response = await fetch(`${replicas[next++ % 3]!.url}/${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: JSON.stringify(body),
      });
      const text = await response.text();
      codes.push(response.status === 200 ? "ok" : JSON.parse(text).code);
      if (response.status !== 200) connections.add(response.headers.get("connection"));
      return { status: response.status, body: text };
    };
    return { post, codes, connections };
  }

  const start = (badgeUid: Uint8Array) => {
    const { tenantId } = provisioning;
    return { kind: "start", ...NEW, tenantId, badgeUid } as const;
  };

  it("comes back to the one that began it, and the others leave it alone", async () => {
    const card = blankChip();
    card.fieldOn();
    let apdus = 0;
    const transceive = async (apdu: Uint8Array) => {
      apdus++;
      return card.apdu(apdu).response;
    };
    const { post, codes, connections } = balancer();
    const outcome = await relayCard(post, start(card.uid), { transceive });
    assert.equal(outcome.state, "enrolled");
    assert.equal(apdus, APDUS.open.new, "each command reached the card once");
    // After each answer the turn is that of a wrong one, and of another one.
    assert.deepEqual(tally(codes), { ok: apdus + 1, "card-run-elsewhere": 2 * apdus });
    assert.deepEqual([...connections], ["close"]);
    assert.ok(await beside.admin.badge(provisioning.tenantId, card.uid));
  });

  it("ends with its replica, and the same command finishes it at another", async () => {
    const card = blankChip();
    card.fieldOn();
    const { post } = balancer();
    let apdus = 0;
    const transceive = async (apdu: Uint8Array) => {
      if (++apdus === 20) replicas[0]!.process.kill("SIGKILL");
      return card.apdu(apdu).response;
    };
    const down = async (path: string, body: object) => {
      try {
        return await post(path, body);
      } catch {
        return await post(path, body); // as a balancer does that finds one gone
      }
    };
    const broken = relayCard(down, start(card.uid), { transceive });
    await assert.rejects(broken, { code: "card-run-elsewhere" });
    card.fieldOff();
    card.fieldOn();
    replicas[0] = await cluster.start();
    const outcome = await relayCard(down, start(card.uid), { transceive });
    assert.equal(outcome.state, "enrolled");
    assert.equal(outcome.changed, true);
  });
});
