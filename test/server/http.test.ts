import assert from "node:assert/strict";
import { connect } from "node:net";
import type { FastifyInstance } from "fastify";
import { LIST_NODES_PATH, REGISTER_BADGE_PATH } from "../../protocol/badge/endpoints.ts";
import { parseListNodesAnswer, writeListNodesRequest } from "../../protocol/badge/list-nodes.ts";
import {
  parseRegisterBadgeAnswer,
  writeRegisterBadgeRequest,
} from "../../protocol/badge/register-badge.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { isErrorCode } from "../../protocol/error-codes.ts";
import { parseObject } from "../../protocol/json/reader.ts";
import { TIME_PATH } from "../../protocol/node/endpoints.ts";
import { verifyJwt } from "../../protocol/node/jwt.ts";
import type { Provisioning } from "../../server/admin.ts";
import { createServer } from "../../server/app.ts";
import { writeBadgeFile } from "../../server/badge-writer.ts";
import { SDM_FILE_READ_KEY_NO, SDM_META_READ_KEY_NO } from "../../server/chip-keys.ts";
import { systemRandom } from "../../server/system-random.ts";
import { badge, chipOf, Desk, nextUid, overHttp, TestNode, warm } from "./desk.ts";

const JSON_TYPE = { "content-type": "application/json" };

describe("server over HTTP", () => {
  let desk: Desk;
  let app: FastifyInstance;
  let url: string;
  let tenant: Provisioning;
  const nodes: TestNode[] = [];

  before(async () => {
    desk = new Desk();
    tenant = await desk.tenant();
    let serial = 0;
    app = createServer({
      service: desk.service,
      log: { write: (...line) => desk.log.push(JSON.stringify(line)) },
      requestId: () => `request-${++serial}`,
    });
    url = await app.listen({ host: "127.0.0.1", port: 0 });
  });
  after(async () => {
    for (const node of nodes) node.identity.close();
    await app.close();
  });

  function node(name: string): TestNode {
    const made = new TestNode(tenant, overHttp, desk, { name, baseUrl: url });
    nodes.push(made);
    return made;
  }

  async function problemOf(response: Response): Promise<{ status: number; code: string }> {
    assert.equal(response.headers.get("content-type"), "application/problem+json");
    const problem = (await response.json()) as Record<string, unknown>;
    assert.ok(isErrorCode(problem["code"]), JSON.stringify(problem));
    assert.equal(problem["status"], response.status);
    assert.equal(typeof problem["title"], "string");
    assert.equal(problem["type"], `/docs/errors#${problem["code"]}`);
    return { status: response.status, code: problem["code"] };
  }

  it("takes a reader from registration to the open door", async () => {
    const reader = await node("door").boot();
    assert.equal(typeof (await reader.identity.syncTime()), "number");
    const card = await badge(desk.service, tenant.tenantId);
    assert.equal((await reader.tap(card)).granted, true);
    assert.equal((await reader.report([warm(1)])).recorded, 1);
    const report = { uptime_s: 1, firmware: "1", state: "READY", granted: 1, denied: 0, faults: 0 };
    assert.equal(typeof (await reader.identity.checkIn(report))["token"], "string");
  });

  it("publishes the keys with which its tokens verify", async () => {
    const token = await (await node("jwks").boot()).identity.authenticate();
    const response = await fetch(`${url}/.well-known/jwks.json`);
    const { keys } = (await response.json()) as { keys: { kid: string; x: string }[] };
    const byId = (kid: string) => {
      const key = keys.find((each) => each.kid === kid);
      return key && new Uint8Array(Buffer.from(key.x, "base64url"));
    };
    const now = Math.floor(desk.nowMs / 1000);
    assert.equal(verifyJwt(nobleCrypto, token, byId, now).tid, tenant.tenantId);
  });

  it("says that it is well", async () => {
    const response = await fetch(`${url}/healthz`);
    assert.deepEqual([response.status, await response.json()], [200, { status: "ok" }]);
  });

  it("puts security headers and a request id on every answer, and names no product", async () => {
    const answers = [
      await fetch(`${url}/healthz`),
      await fetch(`${url}/nothing`),
      await fetch(`${url}/${TIME_PATH}`, { method: "POST", body: "{", headers: JSON_TYPE }),
    ];
    for (const { headers } of answers) {
      assert.equal(headers.get("x-content-type-options"), "nosniff");
      assert.equal(headers.get("cache-control"), "no-store");
      assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'/);
      assert.match(headers.get("x-request-id") ?? "", /^request-\d+$/);
      assert.equal(headers.get("server"), null);
      assert.equal(headers.get("x-powered-by"), null);
    }
  });

  describe("for operators", () => {
    const ask = (path: string, body: object, token?: string) =>
      fetch(`${url}/${path}`, {
        method: "POST",
        headers: { ...JSON_TYPE, ...(token && { authorization: `Bearer ${token}` }) },
        body: JSON.stringify(body),
      });

    it("lists the nodes of a tenant, page by page", async () => {
      const { admin } = desk.service;
      const large = await desk.tenant({ name: "large" });
      for (let i = 0; i < 60; i++)
        await desk.node(large, { name: `n${i}` }).identity.ensureRegistered();
      const token = await admin.createOperator({ name: "a", role: "admin", tenantId: undefined });
      const { tenantId } = large;
      const page = async (after?: string) => {
        const body = writeListNodesRequest({ tenantId, ...(after && { after }) });
        return parseListNodesAnswer(
          parseObject(await (await ask(LIST_NODES_PATH, body, token)).text()),
        );
      };
      const first = await page();
      const second = await page(first.after);
      assert.deepEqual([first.nodes.length, second.nodes.length], [50, 10]);
      assert.equal(second.after, undefined);
      const uids = [...first.nodes, ...second.nodes].map(({ nodeUid }) => nodeUid);
      assert.equal(new Set(uids).size, 60);
    });

    it("enrols a badge that then opens the door", async () => {
      const reader = await node("enrol").boot();
      const { tenantId } = tenant;
      const operator = { name: "m", role: "manager", tenantId } as const;
      const token = await desk.service.admin.createOperator(operator);
      const seed = new Secret(systemRandom.bytes(32));
      const badgePk = nobleCrypto.ed25519PublicKey(seed.bytes);
      const badgeUid = nextUid();
      const order = { tenantId, badgeUid, badgePk, mode: "HS", nodeUid: reader.nodeUid } as const;
      const body = writeRegisterBadgeRequest({ ...order, holder: "Grace Hopper" });
      const response = await ask(REGISTER_BADGE_PATH, body, token);
      const answer = parseRegisterBadgeAnswer(parseObject(await response.text()));
      const file = writeBadgeFile({ crypto: nobleCrypto, random: systemRandom }, seed, answer);
      const chipKeys = answer.chipKeys.map((key) => new Secret(key));
      const keyNumbers = {
        metaReadKeyNo: SDM_META_READ_KEY_NO,
        fileReadKeyNo: SDM_FILE_READ_KEY_NO,
      };
      const decision = await reader.tap(chipOf({ ...file, badgeUid, chipKeys, ...keyNumbers }));
      assert.ok(decision.granted);
      assert.equal(decision.holder, "Grace Hopper");
      assert.deepEqual(await problemOf(await ask(REGISTER_BADGE_PATH, body, token)), {
        status: 409,
        code: "conflict",
      });
    });

    it("asks for a token, and lets a manager into no other tenant", async () => {
      const other = await desk.tenant({ name: "other" });
      const operator = { name: "m", role: "manager", tenantId: tenant.tenantId } as const;
      const token = await desk.service.admin.createOperator(operator);
      const list = (tenantId: string, as?: string) =>
        ask(LIST_NODES_PATH, { tenant_id: tenantId }, as);
      assert.equal((await problemOf(await list(tenant.tenantId))).code, "unauthenticated");
      assert.equal(
        (await problemOf(await list(tenant.tenantId, "lka_wrong"))).code,
        "unauthenticated",
      );
      const nobody = "00000000-0000-4000-8000-000000000000";
      const foreign = await (await list(other.tenantId, token)).text();
      assert.equal(JSON.parse(foreign).code, "tenant-mismatch");
      assert.equal(
        await (await list(nobody, token)).text(),
        foreign,
        "no hint which tenants exist",
      );
      // A node's token is no operator's.
      const nodeToken = await (await node("not-an-operator").boot()).identity.authenticate();
      assert.equal(
        (await problemOf(await list(tenant.tenantId, nodeToken))).code,
        "unauthenticated",
      );
    });

    it("an HS badge needs a reader of its tenant", async () => {
      const { tenantId } = tenant;
      const operator = { name: "m", role: "manager", tenantId } as const;
      const token = await desk.service.admin.createOperator(operator);
      const nodeUid = "00000000-0000-4000-8000-000000000000";
      const badge = { tenantId, badgeUid: nextUid(), badgePk: new Uint8Array(32), holder: "x" };
      const body = writeRegisterBadgeRequest({ ...badge, mode: "HS", nodeUid });
      assert.equal(
        (await problemOf(await ask(REGISTER_BADGE_PATH, body, token))).code,
        "node-unknown",
      );
      assert.equal(await desk.service.admin.badge(tenantId, badge.badgeUid), undefined);
    });
  });

  describe("refuses", () => {
    const post = (
      body: string | Uint8Array<ArrayBuffer>,
      headers: Record<string, string> = JSON_TYPE,
    ) => fetch(`${url}/${TIME_PATH}`, { method: "POST", headers, body });

    it("what is not JSON, not an object, or nested too deeply", async () => {
      const bodies = ["", "{", "[]", "null", '"x"', "{}", `{"a":${"[".repeat(5000)}`, "\ufeff{}"];
      for (const body of bodies)
        assert.deepEqual(
          await problemOf(await post(body)),
          { status: 400, code: "malformed" },
          body,
        );
    });

    it("bytes that are not UTF-8", async () => {
      const bytes = new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]);
      assert.deepEqual(await problemOf(await post(bytes)), { status: 400, code: "malformed" });
    });

    it("a body that is too long, with and without its length said", async () => {
      const body = "x".repeat(20_000);
      assert.deepEqual(await problemOf(await post(body)), { status: 413, code: "malformed" });
      const stream = new Blob([body]).stream();
      const chunked = { method: "POST", headers: JSON_TYPE, body: stream, duplex: "half" };
      const response = await fetch(`${url}/${TIME_PATH}`, chunked as RequestInit);
      assert.deepEqual(await problemOf(response), { status: 413, code: "malformed" });
    });

    it("every content type but application/json", async () => {
      for (const type of [
        "text/plain",
        "application/x-www-form-urlencoded",
        "nonsense",
        "multipart/form-data; boundary=x",
      ]) {
        const { code } = await problemOf(await post("{}", { "content-type": type }));
        assert.equal(code, "malformed", type);
      }
      const charset = { "content-type": "Application/JSON; charset=utf-8" };
      const good = JSON.stringify({ client_nonce: "AAAAAAAAAAAAAAAAAAAAAA" });
      assert.equal((await post(good, charset)).status, 200);
    });

    it("unknown paths, wrong methods and nonsense in the path", async () => {
      const asks: [string, string][] = [
        ["GET", "/"],
        ["GET", `/${TIME_PATH}`],
        ["POST", "/healthz"],
        ["DELETE", `/${TIME_PATH}`],
        ["POST", `/${TIME_PATH}/`],
        ["POST", `//${TIME_PATH}`],
        ["GET", "/../../etc/passwd"],
        ["GET", `/${"a".repeat(4000)}`],
        ["GET", "/%"],
        ["GET", "/constructor"],
        ["GET", "/__proto__"],
      ];
      for (const [method, path] of asks) {
        const response = await app.inject({ method: method as "GET", url: path });
        assert.ok(response.statusCode === 404 || response.statusCode === 400, path);
        assert.equal(response.headers["content-type"], "application/problem+json", path);
        assert.ok(isErrorCode(response.json().code), path);
      }
    });

    it("what is not HTTP, in a problem document, and stays up", async () => {
      const answer = await new Promise<string>((resolve, reject) => {
        const socket = connect(Number(new URL(url).port), "127.0.0.1", () => {
          socket.write("GARBAGE\0\x01\x02 nonsense\r\n\r\n");
        });
        let text = "";
        socket
          .on("data", (chunk) => (text += chunk))
          .on("end", () => resolve(text))
          .on("error", reject);
      });
      const [head, body] = answer.split("\r\n\r\n") as [string, string];
      assert.match(head, /^HTTP\/1\.1 400 /);
      assert.match(head, /content-type: application\/problem\+json/);
      assert.equal(JSON.parse(body).code, "malformed");
      assert.equal((await fetch(`${url}/healthz`)).status, 200);
    });
  });
});

describe("server over HTTP, when something breaks", () => {
  it("a bug of ours says an incident number and nothing else; the log has the rest", async () => {
    const desk = new Desk();
    const log: string[] = [];
    const broken = { ...desk.service, handle: () => Promise.reject(new Error("secret detail")) };
    const app = createServer({
      service: broken,
      log: { write: (...line) => log.push(JSON.stringify(line)) },
      requestId: () => "incident-7",
    });
    const response = await app.inject({ method: "GET", url: "/healthz" });
    assert.equal(response.statusCode, 500);
    assert.deepEqual(response.json(), {
      type: "/docs/errors#internal",
      title: "Something failed that should not have.",
      status: 500,
      code: "internal",
      incident: "incident-7",
    });
    assert.ok(log.some((line) => line.includes("secret detail") && line.includes("incident-7")));
    await app.close();
  });

  it("a database that went away is 503 with a time to come back", async () => {
    const desk = new Desk();
    const { LatchkeyError } = await import("../../protocol/errors.ts");
    const gone = new LatchkeyError("unavailable", { detail: { retry_after: 2 } });
    const broken = { ...desk.service, handle: () => Promise.reject(gone) };
    const app = createServer({ service: broken, log: { write: () => {} }, requestId: () => "x" });
    const response = await app.inject({ method: "GET", url: "/healthz" });
    assert.equal(response.statusCode, 503);
    assert.equal(response.headers["retry-after"], "2");
    await app.close();
  });

  it("gives up on a client that does not finish its request", async () => {
    const desk = new Desk();
    const silent = { write: () => {} };
    const app = createServer({
      service: desk.service,
      log: silent,
      requestId: () => "x",
      requestTimeoutMs: 200,
    });
    const url = await app.listen({ host: "127.0.0.1", port: 0 });
    const started = performance.now();
    await new Promise<void>((resolve) => {
      const socket = connect(Number(new URL(url).port), "127.0.0.1", () => {
        socket.write("POST /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{");
      });
      socket
        .on("data", () => {})
        .on("close", () => resolve())
        .on("error", () => resolve());
    });
    assert.ok(performance.now() - started < 5000);
    await app.close();
  });
});
