import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BADGE_VERIFY_PATH, LIST_NODES_PATH } from "../../protocol/badge/endpoints.ts";
import { writeVerifyBadgeRequest } from "../../protocol/badge/verify.ts";
import { CHALLENGE_PATH } from "../../protocol/node/endpoints.ts";
import { openServiceFolder, type RunningServer, startServer } from "../../server/start.ts";
import { CutLine } from "../support/cut-line.ts";
import { until } from "../support/mosquitto.ts";
import {
  DATABASES,
  needDatabase,
  needRedis,
  REDIS_URL,
  type ScratchDatabase,
} from "../support/services.ts";
import { badge, overHttp, TestNode, warm } from "./desk.ts";
import { redisPrefix } from "./ephemera-stores.ts";

const clock = {
  get nowMs() {
    return performance.now();
  },
};
const often = { burst: 1e6, perSecond: 1e6 };
const limits = { tapsByNode: often, tapsByBadge: often, requestsByNode: often };

for (const name of DATABASES)
  describe(`a server whose ${name} or Redis goes away`, function () {
    this.timeout(60_000);
    let database: ScratchDatabase;
    let toDatabase: CutLine;
    let toRedis: CutLine;
    let server: RunningServer;
    let node: TestNode;
    let card: Awaited<ReturnType<typeof badge>>;
    let tenantId: string;
    const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
    const redisUrl = `${REDIS_URL}?prefix=${redisPrefix()}`;

    before(async function () {
      (await needRedis(this)).disconnect();
      database = await needDatabase(this, name);
      toDatabase = await CutLine.to(database.url);
      toRedis = await CutLine.to(REDIS_URL);
      const stores = { database: toDatabase.url(database.url), redis: toRedis.url(redisUrl) };
      server = await startServer({ folder, ...stores, limits });
      const { admin } = server.service;
      tenantId = server.firstStart!.tenant.tenantId;
      const provisioning = await admin.provisioning(tenantId);
      const options = { baseUrl: server.url, retry: { attempts: 1, baseMs: 0, maxMs: 0 } };
      node = new TestNode(provisioning, overHttp, clock, options);
      await node.boot();
      card = await badge(server.service, tenantId);
    });
    after(async () => {
      node?.identity.close();
      await server?.close();
      await toDatabase?.cut();
      await toRedis?.cut();
      await database?.drop();
      rmSync(folder, { recursive: true });
    });

    const get = (path: string) => fetch(`${server.url}/${path}`);
    const refusal = async (response: Response) => {
      const { code, field } = (await response.json()) as { code: string; field?: string };
      assert.equal(response.status, 503);
      assert.equal(code, "unavailable");
      assert.ok(Number(response.headers.get("retry-after")) > 0, "a time to come back");
      return field;
    };
    const operator = () =>
      fetch(`${server.url}/${LIST_NODES_PATH}`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          authorization: `Bearer ${server.firstStart!.adminToken}`,
        },
        body: JSON.stringify({ tenant_id: tenantId }),
      });
    const challenge = () => {
      const named = { tenant_id: tenantId, node_uid: node.nodeUid, client_nonce: "A".repeat(22) };
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify(named);
      return fetch(`${server.url}/${CHALLENGE_PATH}`, { method: "POST", headers, body });
    };
    const ready = () =>
      until("it goes on by itself", async () => (await get("readyz")).status === 200);
    const unavailable = { code: "unavailable" };

    it("keeps the door shut and says when to come back, then goes on by itself", async () => {
      assert.equal((await node.tap(card)).granted, true);
      for (let outage = 0; outage < 3; outage++) {
        const request = await node.answer(card, await node.challenge());
        await toDatabase.cut();
        await assert.rejects(node.decide(request), unavailable);
        assert.equal(await refusal(await get("readyz")), "database");
        await refusal(await get("healthz"));
        await refusal(await operator());
        await assert.rejects(node.report([warm(outage + 1)]), unavailable);
        assert.equal((await get("livez")).status, 200, "it is no reason to start it anew");
        await toDatabase.mend();
        await ready();
        assert.equal((await node.tap(card)).granted, true);
        assert.equal((await node.report([warm(outage + 1)])).recorded, 1);
        assert.equal((await operator()).status, 200);
      }
      assert.equal((await server.service.admin.verifyAudit(tenantId)).intact, true);
    });

    it("does the same for Redis, whose sessions are there again afterwards", async () => {
      const request = await node.answer(card, await node.challenge());
      await toRedis.cut();
      await assert.rejects(node.decide(request), unavailable);
      assert.equal(await refusal(await get("readyz")), "ephemera");
      await refusal(await challenge());
      await refusal(await operator());
      await toRedis.mend();
      await ready();
      const sent = node.sent.length;
      assert.equal((await node.tap(card)).granted, true);
      const paths = node.sent.slice(sent).map(({ path }) => path);
      assert.equal(paths.length, 2, `no new handshake: ${paths}`);
    });

    it("acknowledges nothing in between that is not there afterwards", async () => {
      const answered = new Set<string>();
      let running = true;
      const load = Array.from({ length: 4 }, async () => {
        const own = await badge(server.service, tenantId);
        while (running) {
          const decision = await node.tap(own).catch(() => undefined);
          if (decision !== undefined) answered.add(decision.challengeId);
          else await new Promise((resolve) => setTimeout(resolve, 5));
        }
      });
      for (let outage = 0; outage < 4; outage++) {
        const line = outage % 2 === 0 ? toDatabase : toRedis;
        const before = answered.size;
        await until("taps are answered", () => answered.size > before + 10);
        await line.cut();
        await new Promise((resolve) => setTimeout(resolve, 100));
        await line.mend();
      }
      const before = answered.size;
      await until("taps are answered again", () => answered.size > before + 10);
      running = false;
      await Promise.all(load);
      const rows = await server.service.admin.auditRows(tenantId, 1_000_000);
      const recorded = new Set(rows.map(({ data }) => JSON.parse(data).challenge_id));
      for (const challengeId of answered) assert.ok(recorded.has(challengeId), challengeId);
      assert.equal((await server.service.admin.verifyAudit(tenantId)).intact, true);
    });

    it("does not wait for ever for one that neither answers nor hangs up", async () => {
      const request = await node.answer(card, await node.challenge());
      toDatabase.fallSilent();
      const body = writeVerifyBadgeRequest(request);
      await assert.rejects(node.identity.call(BADGE_VERIFY_PATH, body), ({ code }) => {
        assert.match(code, /^(unavailable|network-timeout)$/);
        return true;
      });
      await toDatabase.mend();
      await ready();
      assert.equal((await node.tap(card)).granted, true);
    });

    it("does not start without them, and says so", async () => {
      await toDatabase.cut();
      const other = mkdtempSync(join(tmpdir(), "latchkey-"));
      const stores = { database: toDatabase.url(database.url) };
      await assert.rejects(openServiceFolder({ folder: other, ...stores }), unavailable);
      await toDatabase.mend();
      rmSync(other, { recursive: true });
    });
  });
