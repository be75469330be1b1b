import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Redis } from "ioredis";
import { toHex } from "../../protocol/encoding/hex.ts";
import { ApplicationIdentity } from "../../sdk/application-identity.ts";
import { keyFile } from "../../sdk/node/key-file.ts";
import { webPlatform } from "../../sdk/web-platform.ts";
import { identityBridge } from "../../server/bridge/bridge.ts";
import { storesFrom } from "../../server/environment.ts";
import { type RunningServer, startServer } from "../../server/start.ts";
import { redisPrefix } from "../server/ephemera-stores.ts";
import { tally } from "../server/replicas.ts";
import {
  DATABASES,
  needDatabase,
  needRedis,
  REDIS_URL,
  type ScratchDatabase,
} from "../support/services.ts";
import { resend, Wire } from "./app-desk.ts";

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Gives each request to the next of the servers that is there, as a proxy before them does. */
function roundRobin(urls: readonly string[]): Server {
  let next = 0;
  return createServer(async (asked, answer) => {
    const { method = "GET", headers, url = "/" } = asked;
    const body = await text(asked);
    const pass = (triesLeft: number): void => {
      const target = new URL(url, urls[next++ % urls.length]);
      const passed = httpRequest(target, { method, headers }, (given) => {
        answer.writeHead(given.statusCode!, given.headers);
        given.pipe(answer);
      });
      passed.on("error", () => (triesLeft > 0 ? pass(triesLeft - 1) : answer.destroy()));
      passed.end(body);
    };
    pass(urls.length - 1);
  });
}

for (const name of DATABASES)
  describe(`the SDK and the bridge over two replicas on ${name} and Redis`, function () {
    this.timeout(60_000);
    let database: ScratchDatabase;
    let redis: Redis;
    let shop: string;
    let identity: ApplicationIdentity;
    const wire = new Wire();
    const prefix = redisPrefix();
    const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
    const replicas: RunningServer[] = [];
    const servers: Server[] = [];

    before(async function () {
      redis = await needRedis(this);
      database = await needDatabase(this, name);
      const [vault, signing] = [randomBytes(32), randomBytes(32)].map((key) => key.toString("hex"));
      const stores = storesFrom({
        LATCHKEY_DATABASE_URL: database.url,
        LATCHKEY_REDIS_URL: `${REDIS_URL}?prefix=${prefix}`,
        LATCHKEY_VAULT_KEY: vault,
        LATCHKEY_SIGNING_KEY: signing,
      });
      const applications = { origins: ["http://localhost:4000"] };
      for (const n of ["1", "2"])
        replicas.push(await startServer({ folder: join(folder, n), ...stores, applications }));
      const { admin } = replicas[0]!.service;
      const { tenantId } = replicas[0]!.firstStart!.tenant;
      const { serverKeys } = await admin.provisioning(tenantId);
      const { token } = await admin.applications.createBackEnd({ tenantId, audience: "notes" });
      const front = roundRobin(replicas.map(({ url }) => url));
      const serverUrl = await listen(front);
      const bridge = identityBridge({ serverUrl, token });
      const backEnd = createServer((req, res) => {
        const answer = async () => {
          const { body } = await bridge.authenticate(req);
          await bridge.sendEncrypted(res, { said: body }, { status: 201 });
        };
        answer().catch((error) => bridge.sendProblem(res, error));
      });
      shop = await listen(backEnd);
      servers.push(front, backEnd);
      identity = new ApplicationIdentity({
        ...{ serverUrl, tenantId, audience: "notes", serverKeys: serverKeys.map(toHex) },
        keys: keyFile({ path: join(folder, "app.key") }),
        platform: { ...webPlatform, http: wire },
      });
    });
    after(async () => {
      identity?.close();
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
      for (const replica of replicas) await replica.close();
      await database?.drop();
      const keys = (await redis?.keys(`${prefix}:*`)) ?? [];
      if (keys.length > 0) await redis.del(...keys);
      redis?.disconnect();
      rmSync(folder, { recursive: true, force: true });
    });

    it("has one session, whichever of them is asked to register, prove, open and seal", async () => {
      const calls = Array.from({ length: 20 }, (_, n) => identity.postEncrypted(`${shop}/`, { n }));
      const answers = await Promise.all(calls);
      assert.deepEqual(
        answers.map(({ status, body }) => [status, body["said"]]),
        answers.map((_, n) => [201, { n }]),
      );
      assert.equal(wire.sent.filter(({ url }) => url.endsWith("ia_verify")).length, 1);
    });

    it("opens an envelope once over both of them", async () => {
      wire.alter = (request) => ({
        ...request,
        url: request.url.replace(shop, "http://[::1]:9"),
      });
      await identity.postEncrypted(`${shop}/fresh`, {}).catch(() => {});
      wire.alter = (request) => request;
      const fresh = { ...wire.last("/fresh"), url: `${shop}/fresh` };
      const outcomes = await Promise.all(Array.from({ length: 40 }, () => resend(fresh)));
      assert.deepEqual(tally(outcomes), { 201: 1, replay: 39 });
    });

    it("goes on when one of them is gone", async () => {
      await replicas.pop()!.close();
      for (let n = 0; n < 6; n++) {
        const { status, body } = await identity.postEncrypted(`${shop}/`, { n });
        assert.deepEqual([status, body["said"]], [201, { n }]);
      }
      assert.equal(wire.sent.filter(({ url }) => url.endsWith("ia_verify")).length, 1);
    });
  });
