import assert from "node:assert/strict";
import { APP_OPEN_PATH } from "../../protocol/application/endpoints.ts";
import { LIST_NODES_PATH } from "../../protocol/badge/endpoints.ts";
import { CHALLENGE_PATH, VERIFY_PATH } from "../../protocol/node/endpoints.ts";
import type { Limits } from "../../server/limits.ts";
import { SERVER_CHAIN } from "../../server/store/audit-chain.ts";
import type { Records } from "../../server/store/records.ts";
import { openSqliteRecords } from "../../server/store/sqlite-records.ts";
import { AppDesk } from "../sdk/app-desk.ts";
import { codeOf, Desk, lastSent, type TestNode } from "./desk.ts";

const OFTEN = { burst: 1e6, perSecond: 1e6 };
const HALF_A_DAY_MS = 12 * 3_600_000;
const JSON_TYPE = { "content-type": "application/json" };
/** Another network each time. */
const addressOf = (n: number): string => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;

describe("logins in the audit log", () => {
  let desk: Desk;
  let node: TestNode;
  let tenantId: string;
  let records: Records;
  /** Whether the database refuses to store anything. */
  let isFull = false;

  const start = async (limits: Partial<Limits> = {}) => {
    isFull = false;
    const stored = openSqliteRecords(":memory:");
    records = {
      ...stored,
      audit: (entry) => (isFull ? Promise.reject(new Error("full")) : stored.audit(entry)),
    };
    desk = new Desk({
      records,
      applications: { origins: ["https://shop.example"] },
      limits: { failuresByAddress: OFTEN, failuresByNode: OFTEN, ...limits },
    });
    node = desk.node(await desk.tenant());
    await node.boot();
    tenantId = node.provisioning.tenantId;
  };
  afterEach(() => desk.close());

  /** The same node after a restart. */
  const login = () => desk.node(node.provisioning, { storage: node.storage }).boot();
  const rowsOf = async (chain: string, ...kinds: readonly string[]) => {
    assert.equal((await desk.service.admin.verifyAudit(chain)).intact, true);
    const rows = await desk.service.admin.auditRows(chain, 10_000);
    return rows
      .filter(({ kind }) => kinds.includes(kind))
      .map(({ kind, data }) => ({ kind, ...JSON.parse(data) }));
  };
  const send = async (path: string, body: object, from: string, authorization?: string) => {
    const headers = { ...JSON_TYPE, ...(authorization && { authorization }) };
    const request = { method: "POST", path, headers, body: JSON.stringify(body) };
    return desk.service.handle({ ...request, remoteAddress: from });
  };
  /** The heard signature for a new challenge of that name: it cannot fit. */
  const guess = async (tenant: string, nodeUid: string, from: string) => {
    const named = { tenant_id: tenant, node_uid: nodeUid, client_nonce: "A".repeat(22) };
    const challenge = await send(CHALLENGE_PATH, named, from);
    if (challenge.status !== 200) return challenge;
    const { challenge_id } = JSON.parse(challenge.body);
    const heard = JSON.parse(lastSent(node, VERIFY_PATH).body);
    return send(VERIFY_PATH, { ...heard, challenge_id }, from);
  };
  const ask = (token: string, from: string) =>
    send(LIST_NODES_PATH, { tenant_id: tenantId }, from, `Bearer ${token}`);

  it("have a row for each session of a node, before it is answered", async () => {
    await start();
    for (let n = 0; n < 3; n++) await login();
    const row = { kind: "node-login", node_uid: node.nodeUid };
    assert.deepEqual(await rowsOf(tenantId, "node-login"), [row, row, row, row]);
    isFull = true;
    await assert.rejects(login(), "no session without its row");
  });

  it("are bounded for a node, which is told so and not let in unseen", async () => {
    await start({ loginsByNode: { burst: 3, perSecond: 0.1 } });
    for (let n = 0; n < 2; n++) await login();
    await assert.rejects(login(), ({ code, detail }) => {
      assert.deepEqual([code, detail.limit], ["rate-limited", "logins-by-node"]);
      return true;
    });
    assert.equal((await rowsOf(tenantId, "node-login")).length, 3);
  });

  it("have a row where an operator's token is first used, and again after half a day", async () => {
    await start();
    const { admin } = desk.service;
    const token = await admin.createOperator({ name: "ada", role: "operator", tenantId });
    const used = { kind: "operator-login", by: "ada", role: "operator" };
    for (let n = 0; n < 9; n++) assert.equal(codeOf(await ask(token, "192.0.2.1")), "ok");
    assert.equal(codeOf(await ask(token, "192.0.2.2")), "ok");
    desk.nowMs += HALF_A_DAY_MS;
    assert.equal(codeOf(await ask(token, "192.0.2.1")), "ok");
    const from = ["192.0.2.1", "192.0.2.2", "192.0.2.1"].map((each) => ({ ...used, from: each }));
    assert.deepEqual(await rowsOf(tenantId, "operator-login"), from);
    const root = await admin.createOperator({ name: "root", role: "admin", tenantId: undefined });
    assert.equal(codeOf(await ask(root, "192.0.2.1")), "ok");
    const [row] = await rowsOf(SERVER_CHAIN, "operator-login");
    assert.deepEqual([row.by, row.role], ["root", "admin"]);
  });

  it("of a stolen token at ever new addresses are rows at first, then a number", async () => {
    await start({ loginRowsByToken: { burst: 5, perSecond: 1e-6 } });
    const { admin } = desk.service;
    const token = await admin.createOperator({ name: "ada", role: "operator", tenantId });
    for (let n = 0; n < 40; n++) assert.equal(codeOf(await ask(token, addressOf(n))), "ok");
    assert.equal((await rowsOf(tenantId, "operator-login")).length, 5);
    desk.nowMs += 600_000;
    await ask(token, addressOf(0));
    const [counted] = await rowsOf(tenantId, "logins-counted");
    assert.deepEqual([counted.way, counted.code, counted.count], ["operator", "ok", 35]);
    assert.equal(counted.until - counted.since, 0);
  });

  it("are not lost when the row could not be written: they are refused, and counted", async () => {
    await start();
    const { admin } = desk.service;
    const token = await admin.createOperator({ name: "ada", role: "operator", tenantId });
    isFull = true;
    assert.notEqual(codeOf(await ask(token, "192.0.2.1")), "ok");
    assert.equal(codeOf(await ask("lka_wrong", "192.0.2.1")), "unauthenticated");
    desk.nowMs += 600_000;
    assert.notEqual(codeOf(await ask("lka_wrong", "192.0.2.1")), "ok", "still full");
    isFull = false;
    desk.nowMs += 600_000;
    await ask(token, "192.0.2.1");
    const counted = await rowsOf(tenantId, "logins-counted");
    assert.deepEqual(
      counted.map(({ way, code, count }) => [way, code, count]),
      [["operator", "unavailable", 1]],
    );
    const [refused] = await rowsOf(SERVER_CHAIN, "logins-counted");
    assert.ok(refused.code === "unauthenticated" && refused.count >= 1);
  });

  it("say nothing of a token that nobody has, and are where no tenant is", async () => {
    await start();
    assert.equal(codeOf(await ask("lka_wrong", "192.0.2.1")), "unauthenticated");
    const row = { kind: "login-refused", way: "operator", code: "unauthenticated" };
    assert.deepEqual(await rowsOf(SERVER_CHAIN, "login-refused"), [{ ...row, from: "192.0.2.1" }]);
    assert.deepEqual(await rowsOf(tenantId, "login-refused"), []);
  });

  it("name what was claimed, and give a tenant that is not there no chain", async () => {
    await start();
    const nobody = "00000000-0000-4000-8000-000000000000";
    const answers = [];
    for (const [tenant, uid] of [
      [tenantId, node.nodeUid],
      [tenantId, nobody],
      [nobody, node.nodeUid],
    ] as const)
      answers.push(await guess(tenant, uid, "192.0.2.1"));
    assert.equal(codeOf(answers[0]!), "signature-invalid");
    assert.equal(new Set(answers.map(({ body }) => body)).size, 1, "nobody learns which exist");
    const row = (uid: string) => {
      const code = "signature-invalid";
      return { kind: "login-refused", way: "node", node_uid: uid, from: "192.0.2.1", code };
    };
    assert.deepEqual(await rowsOf(tenantId, "login-refused"), [row(node.nodeUid), row(nobody)]);
    assert.deepEqual(await rowsOf(SERVER_CHAIN, "login-refused"), [row(node.nodeUid)]);
    assert.deepEqual(await desk.service.admin.auditRows(nobody), []);
  });

  it("that fail fill no disk, from however many addresses, and each is counted", async () => {
    await start({ refusalRows: { burst: 20, perSecond: 1 / 60 }, handshakeByAddress: OFTEN });
    const FLOOD = 1000;
    for (let n = 0; n < FLOOD; n++) {
      const wrong = await guess(tenantId, crypto.randomUUID(), addressOf(n));
      assert.equal(codeOf(wrong), "signature-invalid");
      assert.equal(codeOf(await ask(`lka_${n}`, addressOf(n))), "unauthenticated");
    }
    desk.nowMs += 600_000;
    await ask("lka_last", "192.0.2.1");
    const of = async (chain: string) => {
      const rows = await rowsOf(chain, "login-refused", "logins-counted");
      assert.ok(rows.length <= 35, `${rows.length} rows`);
      return rows.reduce((sum, { count = 1 }) => sum + count, 0);
    };
    assert.equal(await of(tenantId), FLOOD);
    assert.equal(await of(SERVER_CHAIN), FLOOD + 1);
  });

  it("of a revoked node are seen however many strangers fail", async () => {
    await start({ refusalRows: { burst: 1, perSecond: 1e-6 } });
    await guess(tenantId, crypto.randomUUID(), "192.0.2.1");
    await guess(tenantId, crypto.randomUUID(), "192.0.2.1");
    const again = Array.from({ length: 9 }, () => desk.node(node.provisioning).identity);
    for (const identity of again) await identity.ensureRegistered();
    await desk.service.admin.revokeNode(tenantId, node.nodeUid);
    for (const identity of again)
      await assert.rejects(identity.authenticate(), { code: "node-revoked" });
    const rows = await rowsOf(tenantId, "login-refused");
    const own = rows.filter(({ code }) => code === "node-revoked");
    assert.ok(own.length === 4 && own.every(({ node_uid }) => node_uid === node.nodeUid));
  });

  it("are a row when somebody is locked out by them, once", async () => {
    const few = { burst: 3, perSecond: 0.001 };
    await start({ failuresByAddress: few, failuresByNode: few });
    for (let n = 0; n < 5; n++) await guess(tenantId, node.nodeUid, "192.0.2.1");
    const row = { kind: "login-locked-out", from: "192.0.2.1", code: "signature-invalid" };
    const who = { way: "node", node_uid: node.nodeUid };
    const byNode = { ...row, ...who, limit: "failures-by-node" };
    assert.deepEqual(await rowsOf(tenantId, "login-locked-out"), [byNode]);
    const byAddress = { ...row, limit: "failures-by-address" };
    assert.deepEqual(await rowsOf(SERVER_CHAIN, "login-locked-out"), [byAddress]);
    assert.equal((await rowsOf(tenantId, "login-refused")).length, 3);
  });

  it("have what was counted written down when the service ends", async () => {
    await start({ refusalRows: { burst: 1, perSecond: 1e-6 } });
    for (let n = 0; n < 4; n++) await ask("lka_wrong", "192.0.2.1");
    const written: unknown[] = [];
    records.audit = async ({ kind, data }) => void written.push([kind, data["count"]]);
    await desk.service.close();
    assert.deepEqual(written, [["logins-counted", 3]]);
  });

  it("of a back end are its token's first use; one that is revoked is named", async () => {
    await start();
    const { admin } = desk.service;
    const backEnd = { tenantId, audience: "shop" };
    const { token, nodeUid } = await admin.applications.createBackEnd(backEnd);
    const call = (bearer: string) => send(APP_OPEN_PATH, {}, "192.0.2.1", `Bearer ${bearer}`);
    for (let n = 0; n < 3; n++) assert.equal(codeOf(await call(token)), "malformed");
    const who = { node_uid: nodeUid, audience: "shop", from: "192.0.2.1" };
    assert.deepEqual(await rowsOf(tenantId, "back-end-login"), [
      { kind: "back-end-login", ...who },
    ]);
    await admin.revokeNode(tenantId, nodeUid);
    const forged = `lkb_${tenantId}_${"A".repeat(43)}`;
    const answers = [await call(token), await call(forged)];
    assert.equal(codeOf(answers[0]!), "unauthenticated");
    assert.equal(answers[0]!.body, answers[1]!.body, "which of the two it was is for the log");
    const refused = { kind: "login-refused", way: "back-end" };
    assert.deepEqual(await rowsOf(tenantId, "login-refused"), [
      { ...refused, ...who, code: "node-revoked" },
      { ...refused, from: "192.0.2.1", code: "unauthenticated" },
    ]);
  });
});

describe("logins of applications in the audit log", () => {
  it("hold the identity hash and the assurance, and no address", async () => {
    const desk = await AppDesk.open();
    try {
      const tenant = await desk.tenant();
      const { identity } = desk.application(tenant);
      await identity.ensureJwt();
      const { identityHash } = await identity.whoAmI();
      const { admin } = desk.desk.service;
      await admin.revokeNode(tenant.tenantId, admin.applications.uid(identityHash));
      const again = desk.application(tenant).identity;
      await assert.rejects(again.ensureJwt(), { code: "node-revoked" });
      const rows = await admin.auditRows(tenant.tenantId);
      const logins = rows.filter(({ kind }) => /login/.test(kind));
      const who = { identity_hash: identityHash, audience: "notes", assurance: "STD" };
      assert.deepEqual(
        logins.map(({ kind, data }) => [kind, JSON.parse(data)]),
        [
          ["application-login", who],
          ["login-refused", { way: "application", ...who, code: "node-revoked" }],
        ],
      );
    } finally {
      await desk.close();
    }
  });
});
