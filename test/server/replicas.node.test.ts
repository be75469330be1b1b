import assert from "node:assert/strict";
import type { Redis } from "ioredis";
import { BADGE_VERIFY_PATH } from "../../protocol/badge/endpoints.ts";
import type { VerifyBadgeRequest } from "../../protocol/badge/verify.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { REGISTER_PATH, VERIFY_PATH } from "../../protocol/node/endpoints.ts";
import type { Provisioning } from "../../server/admin.ts";
import type { Service } from "../../server/service.ts";
import {
  DATABASES,
  needDatabase,
  needRedis,
  REDIS_URL,
  type ScratchDatabase,
} from "../support/services.ts";
import { badge, reasonOf, TestNode, type TestNodeOptions, warm } from "./desk.ts";
import { redisPrefix } from "./ephemera-stores.ts";
import { Balancer, Cluster, type Replica, tally } from "./replicas.ts";

const clock = {
  get nowMs() {
    return performance.now();
  },
};
/** Of one message, over three processes at once. */
const COPIES = 200;

for (const name of DATABASES)
  describe(`three server processes on ${name} and Redis`, function () {
    this.timeout(90_000);
    let database: ScratchDatabase;
    let redis: Redis;
    let cluster: Cluster;
    let replicas: Replica[];
    let beside: Service;
    let provisioning: Provisioning;
    const prefix = redisPrefix();
    const nodes: TestNode[] = [];

    before(async function () {
      redis = await needRedis(this);
      database = await needDatabase(this, name);
      cluster = new Cluster(database.url, `${REDIS_URL}?prefix=${prefix}`);
      replicas = await Promise.all([cluster.start(), cluster.start(), cluster.start()]);
      beside = (await cluster.open()).service;
      const [tenant] = await beside.admin.tenants();
      provisioning = await beside.admin.provisioning(tenant!.tenantId);
    });
    after(async () => {
      for (const node of nodes) node.identity.close();
      await cluster?.end();
      await database?.drop();
      const keys = (await redis?.keys(`${prefix}:*`)) ?? [];
      if (keys.length > 0) await redis.del(...keys);
      redis?.disconnect();
    });

    const nodeOn = (http: Balancer, options: TestNodeOptions = {}): TestNode => {
      const of = options.storage ? {} : { name: `node ${nodes.length}` };
      const node = new TestNode(provisioning, http, clock, { ...of, ...options, http });
      nodes.push(node);
      return node;
    };
    const decideAll = (reader: TestNode, requests: readonly VerifyBadgeRequest[]) =>
      Promise.all(requests.map(async (request) => reasonOf(await reader.decide(request))));

    it("make the first tenant once, whichever of them comes first", async () => {
      const first = replicas.filter(({ firstStart }) => firstStart !== undefined);
      assert.equal(first.length, 1);
      assert.equal((await beside.admin.tenants()).length, 1);
      const { tenantId } = provisioning;
      const rows = await database.execute("SELECT count(*) AS n FROM operator_tokens");
      assert.equal(Number(rows[0]?.["n"]), 1);
      assert.equal((await beside.admin.verifyAudit(tenantId)).intact, true);
    });

    it("take one of hundreds of answers to a challenge", async () => {
      const http = new Balancer(replicas, { [VERIFY_PATH]: COPIES });
      const node = await nodeOn(http).boot();
      assert.deepEqual(tally(http.outcomes), { ok: 1, "challenge-used": COPIES - 1 });
      // And the session that it opened is good at each of them.
      const card = await badge(beside, provisioning.tenantId);
      for (let i = 0; i < 6; i++) assert.equal((await node.tap(card)).granted, true);
    });

    it("take one of hundreds of copies of a sealed request", async () => {
      const http = new Balancer(replicas, { [BADGE_VERIFY_PATH]: COPIES });
      const node = await nodeOn(http).boot();
      const card = await badge(beside, provisioning.tenantId);
      assert.equal((await node.tap(card)).granted, true);
      assert.deepEqual(tally(http.outcomes), { ok: 1, replay: COPIES - 1 });
    });

    it("answer one of many sealed requests with one badge challenge", async () => {
      const node = await nodeOn(new Balancer(replicas)).boot();
      const card = await badge(beside, provisioning.tenantId);
      for (let round = 0; round < 3; round++) {
        const request = await node.answer(card, await node.challenge());
        const outcomes = await decideAll(
          node,
          Array.from({ length: 50 }, () => request),
        );
        assert.deepEqual(tally(outcomes), { granted: 1, "challenge-used": 49 });
      }
    });

    it("grant one of many taps with one counter of a chip", async () => {
      const node = await nodeOn(new Balancer(replicas)).boot();
      const card = await badge(beside, provisioning.tenantId);
      for (let round = 0; round < 2; round++) {
        const challenges = [];
        for (let i = 0; i < 50; i++) challenges.push(await node.challenge());
        const first = await node.answer(card, challenges[0]!);
        const copies = await Promise.all(
          challenges.slice(1).map(async (challenge) => {
            const { picc, cmac } = first;
            return { ...(await node.answer(card, challenge)), picc, cmac };
          }),
        );
        const outcomes = await decideAll(node, [first, ...copies]);
        assert.deepEqual(tally(outcomes), { granted: 1, "badge-cloned": 49 });
      }
      const { tenantId } = provisioning;
      assert.equal((await beside.admin.verifyAudit(tenantId)).intact, true);
    });

    it("let a person in once, with two badges at two readers of a zone", async () => {
      const { tenantId } = provisioning;
      const { admin } = beside;
      const passback = { area: true, soft: false };
      await admin.policy.putRule(tenantId, "site", "hq", { timeZone: "UTC" });
      await admin.policy.putRule(tenantId, "zone", "lab", {
        ...{ site: "hq", firstPerson: false, passback },
      });
      const { personId } = await admin.policy.putPerson({ tenantId, label: "Ada" });
      const order = { subject: { person: personId }, zones: ["lab"], opens: false };
      await admin.policy.entitle(tenantId, order);
      const readers = [nodeOn(new Balancer(replicas)), nodeOn(new Balancer(replicas))];
      const cards = [await badge(beside, tenantId), await badge(beside, tenantId)];
      for (const [n, reader] of readers.entries()) {
        await reader.boot();
        await admin.changeNode(tenantId, reader.nodeUid, { zone: "lab" });
        await admin.policy.giveBadge(tenantId, cards[n]!.uid, personId);
      }
      for (let round = 0; round < 8; round++) {
        const taps = readers.map((reader, n) => reader.tap(cards[n]!));
        const outcomes = (await Promise.all(taps)).map(reasonOf);
        assert.deepEqual(tally(outcomes), { granted: 1, passback: 1 });
        assert.equal(await admin.policy.forgive(tenantId, personId), 1);
      }
      assert.equal((await admin.verifyAudit(tenantId)).intact, true);
    });

    it("spend an enrolment token for one of a hundred nodes", async () => {
      const { tenantId } = provisioning;
      await beside.admin.setRegistration(tenantId, "token");
      const enrolToken = await beside.admin.createEnrolToken(tenantId, 60);
      const before = (await beside.admin.nodes(tenantId)).length;
      const http = new Balancer(replicas);
      const outcomes = await Promise.all(
        Array.from({ length: 100 }, (_, n) =>
          nodeOn(http, { name: `token ${n}`, enrolToken })
            .identity.ensureRegistered()
            .then(
              () => "ok",
              (error) => error.code as string,
            ),
        ),
      );
      assert.deepEqual(tally(outcomes), { ok: 1, "enrol-token-invalid": 99 });
      assert.equal((await beside.admin.nodes(tenantId)).length, before + 1);
      await beside.admin.setRegistration(tenantId, "auto");
    });

    it("let one key in as one node", async () => {
      const { tenantId } = provisioning;
      const before = (await beside.admin.nodes(tenantId)).length;
      const http = new Balancer(replicas, { [REGISTER_PATH]: COPIES });
      await nodeOn(http).boot();
      assert.deepEqual(tally(http.outcomes), { ok: COPIES });
      assert.equal((await beside.admin.nodes(tenantId)).length, before + 1);
    });

    it("know of a revocation in the next request, whichever of them it reaches", async () => {
      const http = new Balancer(replicas);
      const node = await nodeOn(http).boot();
      const card = await badge(beside, provisioning.tenantId);
      for (let i = 0; i < 3; i++) assert.equal((await node.tap(card)).granted, true);
      await beside.admin.setBadgeStatus(provisioning.tenantId, card.uid, "revoked");
      for (let i = 0; i < 3; i++) assert.equal(reasonOf(await node.tap(card)), "badge-revoked");
      await beside.admin.setBadgeStatus(provisioning.tenantId, card.uid, "active");
      await beside.admin.revokeNode(provisioning.tenantId, node.nodeUid);
      for (let i = 0; i < 3; i++) await assert.rejects(node.tap(card), { code: "node-revoked" });
    });

    it("store what is posted to all of them once", async () => {
      const node = await nodeOn(new Balancer(replicas)).boot();
      const { tenantId } = provisioning;
      const readings = Array.from({ length: 20 }, (_, n) => warm(n + 1));
      const answers = await Promise.all(Array.from({ length: 30 }, () => node.report(readings)));
      assert.equal(answers.length, 30);
      assert.equal((await beside.admin.readings(tenantId, node.nodeUid)).length, 20);
    });

    it("killed one after the other under load, lose nothing that was answered", async () => {
      const { tenantId } = provisioning;
      const http = new Balancer(replicas);
      const answered = new Set<string>();
      const counters = new Map<string, number>();
      const posted = new Map<string, number>();
      let running = true;
      const load = Array.from({ length: 4 }, async (_, n) => {
        const node = nodeOn(http);
        await node.boot();
        const card = await badge(beside, tenantId);
        for (let seq = 1; running; seq++) {
          const retry = async (): Promise<undefined> => {
            await new Promise((resolve) => setTimeout(resolve, 5));
          };
          const decision = await node.tap(card).catch(retry);
          if (decision !== undefined) {
            answered.add(decision.challengeId);
            if (decision.granted) counters.set(toHex(card.uid), card.file(2).readCounter);
          }
          if (n % 2 === 0) {
            const stored = await node.report([warm(seq)]).catch(retry);
            if (stored !== undefined) posted.set(node.nodeUid, seq);
          }
        }
      });
      for (let i = 0; i < 2; i++) {
        await new Promise((resolve) => setTimeout(resolve, 500));
        replicas[i]!.process.kill("SIGKILL");
        await new Promise((resolve) => setTimeout(resolve, 300));
        replicas[i] = await cluster.start();
        http.urls = replicas.map(({ url }) => url);
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
      await database.killConnections();
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const heldBefore = answered.size;
      await new Promise((resolve) => setTimeout(resolve, 1000));
      running = false;
      await Promise.all(load);
      assert.ok(answered.size > heldBefore, "they go on by themselves");
      assert.ok(heldBefore > 40, `${heldBefore} taps were answered`);
      const rows = await beside.admin.auditRows(tenantId, 1_000_000);
      const recorded = new Set(rows.map(({ data }) => JSON.parse(data).challenge_id));
      for (const challengeId of answered) assert.ok(recorded.has(challengeId), challengeId);
      for (const [uid, counter] of counters) {
        const stored = await beside.admin.badge(tenantId, Buffer.from(uid, "hex"));
        assert.ok(stored!.readCounter >= counter);
      }
      for (const [nodeUid, seq] of posted) {
        const [newest] = await beside.admin.readings(tenantId, nodeUid, 1);
        assert.ok(newest!.reading.seq >= seq, `reading ${seq} of ${nodeUid}`);
      }
      assert.equal((await beside.admin.verifyAudit(tenantId)).intact, true);
    });
  });
