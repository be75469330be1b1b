import assert from "node:assert/strict";
import { APP_CREATE_BACK_END_PATH } from "../../protocol/application/endpoints.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import type { Provisioning } from "../../server/admin.ts";
import {
  APPROVE_NODE_PATH,
  CHANGE_NODE_PATH,
  CREATE_ENROL_TOKEN_PATH,
  CREATE_OPERATOR_PATH,
  LIST_ALARMS_PATH,
  LIST_AUDIT_PATH,
  LIST_BADGES_PATH,
  LIST_FLEET_PATH,
  LIST_OPERATORS_PATH,
  REINSTATE_BADGE_PATH,
  REMOVE_OPERATOR_PATH,
  REVOKE_BADGE_PATH,
  REVOKE_NODE_PATH,
  SET_OPERATOR_ROLE_PATH,
  SUSPEND_BADGE_PATH,
} from "../../server/api/management-paths.ts";
import type { Role } from "../../server/roles.ts";
import { firstBrokenRow } from "../../server/store/audit-chain.ts";
import { badge, chipOf, codeOf, Desk, nextUid, reasonOf } from "./desk.ts";

describe("management by the network", () => {
  let desk: Desk;
  let tenant: Provisioning;
  beforeEach(async () => {
    desk = new Desk();
    tenant = await desk.tenant();
  });
  afterEach(() => desk.close());

  /** Asks as an operator of that role, made for the question. */
  async function ask(role: Role, path: string, body: object = {}) {
    const { tenantId } = tenant;
    const token = await desk.service.admin.createOperator({ name: role, role, tenantId });
    const response = await desk.post(
      path,
      { tenant_id: tenantId, ...body },
      { authorization: `Bearer ${token}` },
    );
    return { code: codeOf(response), body: JSON.parse(response.body) };
  }
  const code = async (...args: Parameters<typeof ask>): Promise<string> =>
    (await ask(...args)).code;

  it("tells how a node is, as it said at its last check-in", async () => {
    const node = await desk.node(tenant).boot();
    const report = { uptime_s: 7, firmware: "1.4.0", state: "READY", granted: 2, denied: 1 };
    const more = { faults: 3, boot_reason: "watchdog", clock_age_s: 9, nfc: "fault", queue: 4 };
    const { body: before } = await ask("auditor", LIST_FLEET_PATH);
    assert.equal(before.nodes[0].health, undefined);
    await node.identity.checkIn({ ...report, ...more });
    const { body } = await ask("operator", LIST_FLEET_PATH);
    const [member] = body.nodes;
    assert.equal(member.node_uid, node.nodeUid);
    assert.deepEqual(member.health, { ...report, ...more });
    assert.equal(member.seen_at, body.server_time);
  });

  it("lets a waiting node in, and shuts one out for good with its sessions", async () => {
    const { admin } = desk.service;
    await admin.setRegistration(tenant.tenantId, "approve");
    const node = desk.node(tenant);
    const { nodeUid } = await node.identity.ensureRegistered();
    await assert.rejects(node.identity.authenticate(), { code: "node-pending" });
    const waiting = (await ask("manager", LIST_FLEET_PATH, { status: "pending" })).body.nodes;
    assert.deepEqual(
      waiting.map(({ node_uid }: { node_uid: string }) => node_uid),
      [nodeUid],
    );
    assert.equal(await code("manager", APPROVE_NODE_PATH, { node_uid: nodeUid }), "ok");
    assert.equal(await code("manager", APPROVE_NODE_PATH, { node_uid: nodeUid }), "ok");
    await node.identity.authenticate();
    assert.equal(await code("manager", REVOKE_NODE_PATH, { node_uid: nodeUid }), "ok");
    await assert.rejects(node.identity.checkIn({}), { code: "node-revoked" });
    assert.equal(await code("manager", APPROVE_NODE_PATH, { node_uid: nodeUid }), "node-revoked");
    const nobody = { node_uid: crypto.randomUUID() };
    for (const path of [APPROVE_NODE_PATH, REVOKE_NODE_PATH, CHANGE_NODE_PATH])
      assert.equal(await code("manager", path, nobody), "node-unknown");
    const rows = await admin.auditRows(tenant.tenantId);
    const changes = rows.filter(({ kind }) => kind === "node-changed").map(({ data }) => data);
    assert.deepEqual(
      changes.map((data) => JSON.parse(data)),
      [
        { node_uid: nodeUid, status: "active", by: "manager" },
        { node_uid: nodeUid, status: "revoked", by: "manager" },
      ],
    );
  });

  it("names a node, its zone and its time, within what a relay may be held", async () => {
    const node = await desk.node(tenant).boot();
    const change = { node_uid: node.nodeUid, label: "Front", zone: "hall", relay_ms: 4000 };
    assert.equal(await code("manager", CHANGE_NODE_PATH, change), "ok");
    const [member] = (await ask("auditor", LIST_FLEET_PATH)).body.nodes;
    assert.deepEqual([member.label, member.zone, member.relay_ms], ["Front", "hall", 4000]);
    for (const relay_ms of [0, 99, 60_001])
      assert.equal(await code("manager", CHANGE_NODE_PATH, { ...change, relay_ms }), "malformed");
  });

  it("makes a token with which one node comes in, and a second does not", async () => {
    await desk.service.admin.setRegistration(tenant.tenantId, "token");
    const { body } = await ask("manager", CREATE_ENROL_TOKEN_PATH, { ttl_s: 60 });
    const node = (name: string) => desk.node(tenant, { name, enrolToken: body.token });
    await node("first").boot();
    await assert.rejects(node("second").boot(), { code: "enrol-token-invalid" });
    const late = (await ask("manager", CREATE_ENROL_TOKEN_PATH, { ttl_s: 60 })).body.token;
    desk.nowMs += 61_000;
    const third = desk.node(tenant, { name: "third", enrolToken: late });
    await assert.rejects(third.boot(), { code: "enrol-token-invalid" });
    const rows = (await desk.service.admin.auditRows(tenant.tenantId)).map(({ data }) => data);
    assert.ok(!rows.some((data) => data.includes(body.token)));
  });

  it("suspends a badge by any operator, but reinstates it by a manager only", async () => {
    const { admin } = desk.service;
    const reader = await desk.node(tenant).boot();
    const card = await badge(desk.service, tenant.tenantId);
    const uid = { badge_uid: toHex(card.uid) };
    assert.equal(await code("auditor", SUSPEND_BADGE_PATH, uid), "forbidden-role");
    assert.equal(await code("operator", SUSPEND_BADGE_PATH, uid), "ok");
    assert.equal(reasonOf(await reader.tap(card)), "badge-suspended");
    assert.equal(await code("operator", REINSTATE_BADGE_PATH, uid), "forbidden-role");
    assert.equal(await code("manager", REINSTATE_BADGE_PATH, uid), "ok");
    assert.equal(reasonOf(await reader.tap(card)), "granted");
    assert.equal(await code("operator", REVOKE_BADGE_PATH, uid), "forbidden-role");
    assert.equal(await code("manager", REVOKE_BADGE_PATH, uid), "ok");
    assert.equal(await code("manager", REVOKE_BADGE_PATH, uid), "ok");
    for (const path of [SUSPEND_BADGE_PATH, REINSTATE_BADGE_PATH])
      assert.equal(await code("manager", path, uid), "badge-revoked", "revoked is for good");
    assert.equal(reasonOf(await reader.tap(card)), "badge-revoked");
    assert.equal((await admin.badge(tenant.tenantId, card.uid))?.status, "revoked");
    const nobody = { badge_uid: "04ffffffffffff" };
    assert.equal(await code("manager", REVOKE_BADGE_PATH, nobody), "badge-unknown");
  });

  it("of a reinstatement and a revocation at once, the revocation stays", async () => {
    const { admin } = desk.service;
    for (let round = 0; round < 20; round++) {
      const uid = nextUid();
      await badge(desk.service, tenant.tenantId, { badgeUid: uid });
      const named = { badge_uid: toHex(uid) };
      await code("manager", SUSPEND_BADGE_PATH, named);
      const order = [REINSTATE_BADGE_PATH, REVOKE_BADGE_PATH];
      if (round % 2) order.reverse();
      await Promise.all(order.map((path) => code("manager", path, named)));
      assert.equal((await admin.badge(tenant.tenantId, uid))?.status, "revoked");
    }
  });

  it("lists badges page by page, without their keys", async () => {
    const { admin } = desk.service;
    for (let n = 0; n < 105; n++) await badge(desk.service, tenant.tenantId);
    await badge(desk.service, (await desk.tenant()).tenantId);
    const first = (await ask("operator", LIST_BADGES_PATH)).body;
    const second = (await ask("operator", LIST_BADGES_PATH, { after: first.after })).body;
    assert.deepEqual([first.badges.length, second.badges.length], [100, 5]);
    assert.equal(second.after, undefined);
    const uids = [...first.badges, ...second.badges].map(({ badge_uid }) => badge_uid);
    assert.equal(new Set(uids).size, 105);
    const stored = await admin.badge(tenant.tenantId, fromHex(uids[0]));
    assert.ok(!JSON.stringify(first).includes(Buffer.from(stored!.badgePk).toString("base64url")));
  });

  it("gives the audit log as it was hashed, so that anybody can check the chain", async () => {
    for (let n = 0; n < 5; n++) await badge(desk.service, tenant.tenantId);
    const pages: Record<string, unknown>[] = [];
    let after: number | undefined = 0;
    while (after !== undefined) {
      const { body } = await ask("auditor", LIST_AUDIT_PATH, { after, limit: 3 });
      pages.push(...body.rows);
      after = body.after;
    }
    // Each question made an operator and let him in, which are two rows as well.
    const rows = pages.map((row) => ({
      seq: row["seq"] as number,
      tenantId: tenant.tenantId,
      at: row["at"] as number,
      kind: row["kind"] as string,
      data: row["data"] as string,
      previousHash: fromHex(row["previous_hash"] as string),
      hash: fromHex(row["hash"] as string),
    }));
    assert.ok(rows.length > 8);
    assert.equal(firstBrokenRow(rows), undefined);
    assert.equal(await code("operator", LIST_AUDIT_PATH), "forbidden-role");
  });

  it("gives the rows of some kinds, in pages that may be short and miss none", async () => {
    const { admin } = desk.service;
    const { tenantId } = tenant;
    const auditor = { name: "ada", role: "auditor", tenantId } as const;
    const authorization = `Bearer ${await admin.createOperator(auditor)}`;
    const issued = { tenantId, badgeUid: nextUid(), mode: "STD", holder: "Ada" } as const;
    const { badgeUid } = await admin.issueBadge(issued);
    // More than are looked at for one page lie between.
    for (let n = 0; n < 2100; n++) {
      await admin.setBadgeStatus(tenantId, badgeUid, n % 2 === 0 ? "suspended" : "active");
      if (n % 2099 === 0) await admin.policy.putPerson({ tenantId, label: `${n}`, groups: [] });
    }
    const found: string[] = [];
    const lengths: number[] = [];
    for (let after: number | undefined = 0; after !== undefined; ) {
      const body = {
        tenant_id: tenantId,
        kinds: ["person-changed", "operator-login"],
        after,
        limit: 2,
      };
      const answer = await desk.post(LIST_AUDIT_PATH, body, { authorization });
      const page = JSON.parse(answer.body);
      found.push(...page.rows.map(({ kind }: { kind: string }) => kind));
      lengths.push(page.rows.length);
      after = page.after;
    }
    assert.deepEqual(found, ["person-changed", "person-changed", "operator-login"]);
    assert.deepEqual(lengths, [1, 2]);
  });

  it("tells of alarms, newest first", async () => {
    const reader = await desk.node(tenant).boot();
    const issued = await desk.service.admin.issueBadge({
      ...{ tenantId: tenant.tenantId, badgeUid: nextUid(), mode: "STD", holder: "Ada" },
    });
    await reader.tap(chipOf(issued, 5));
    await reader.tap(chipOf(issued, 0));
    await reader.tap(chipOf(issued, 1));
    const { alarms, after } = (await ask("operator", LIST_ALARMS_PATH, { limit: 1 })).body;
    const behind = (await ask("operator", LIST_ALARMS_PATH, { limit: 1, after })).body;
    assert.deepEqual([alarms.length, behind.alarms.length, behind.after], [1, 1, undefined]);
    assert.equal(after, alarms[0].id);
    assert.ok(behind.alarms[0].id < after);
    const uid = toHex(issued.badgeUid);
    assert.deepEqual(alarms[0], {
      ...{ id: after, at: Math.floor(desk.nowMs / 1000), kind: "badge-cloned", badge_uid: uid },
      ...{ node_uid: reader.nodeUid, cause: "sdm-counter-stale" },
    });
  });

  it("makes, changes and removes operators of the tenant, by an admin only", async () => {
    const eve = { name: "eve", role: "operator" };
    for (const role of ["manager", "operator", "auditor"] as const)
      assert.equal(await code(role, CREATE_OPERATOR_PATH, eve), "forbidden-role");
    const { token } = (await ask("admin", CREATE_OPERATOR_PATH, eve)).body;
    const authorization = `Bearer ${token}`;
    const own = { tenant_id: tenant.tenantId };
    const list = async () => codeOf(await desk.post(LIST_AUDIT_PATH, own, { authorization }));
    assert.equal(await list(), "forbidden-role");
    assert.equal(await code("admin", SET_OPERATOR_ROLE_PATH, { ...eve, role: "auditor" }), "ok");
    assert.equal(await list(), "ok");
    const { operators } = (await ask("admin", LIST_OPERATORS_PATH)).body;
    const found = operators.find(({ name }: { name: string }) => name === "eve");
    assert.equal(found.role, "auditor");
    assert.ok(!JSON.stringify(operators).includes("lka_"));
    assert.equal(await code("admin", REMOVE_OPERATOR_PATH, { name: "eve" }), "ok");
    assert.equal(await list(), "unauthenticated");
    assert.equal(await code("admin", REMOVE_OPERATOR_PATH, { name: "eve" }), "not-found");
    assert.equal(await code("admin", SET_OPERATOR_ROLE_PATH, eve), "not-found");
  });

  it("an admin of one tenant makes no operator of all of them", async () => {
    const { admin } = desk.service;
    await ask("admin", CREATE_OPERATOR_PATH, { name: "mallory", role: "admin", tenantId: null });
    assert.deepEqual(await admin.operators(), []);
    const of = await admin.operators(tenant.tenantId);
    assert.equal(of.find(({ name }) => name === "mallory")?.tenantId, tenant.tenantId);
  });

  it("keeps back ends from managers: they are approved, revoked and named by an admin", async () => {
    const { body } = await ask("admin", APP_CREATE_BACK_END_PATH, { audience: "shop" });
    const uid = { node_uid: body.node_uid };
    for (const path of [APPROVE_NODE_PATH, REVOKE_NODE_PATH, CHANGE_NODE_PATH])
      assert.equal(await code("manager", path, uid), "forbidden-role");
    assert.equal(await code("admin", CHANGE_NODE_PATH, { ...uid, label: "bank" }), "node-unknown");
    assert.equal(await code("admin", REVOKE_NODE_PATH, uid), "ok");
  });
});
