import assert from "node:assert/strict";
import { POST_PATH } from "../../protocol/node/endpoints.ts";
import { badge, Desk, warm } from "./desk.ts";

describe("service: from registration to the open door", () => {
  let desk: Desk;
  beforeEach(() => {
    desk = new Desk();
  });
  afterEach(() => desk.close());

  it("registers, authenticates, and grants a genuine badge", async () => {
    const tenant = await desk.tenant({ relayMs: 2500 });
    const node = await desk.node(tenant).boot();
    const card = await badge(desk.service, tenant.tenantId);
    const challenge = await node.challenge();
    const decision = await node.decide(await node.answer(card, challenge));
    assert.deepEqual(decision, {
      granted: true,
      challengeId: challenge.challengeId,
      relayMs: 2500,
      holder: "Ada Lovelace",
    });
  });

  it("records a grant with its challenge, badge, node and counter", async () => {
    const tenant = await desk.tenant();
    const node = await desk.node(tenant).boot();
    const card = await badge(desk.service, tenant.tenantId);
    const decision = await node.tap(card);
    const rows = await desk.service.admin.auditRows(tenant.tenantId);
    const row = rows.at(-1)!;
    assert.equal(row.kind, "badge-decision");
    assert.deepEqual(JSON.parse(row.data), {
      node_uid: node.nodeUid,
      badge_uid: Buffer.from(card.uid).toString("hex"),
      challenge_id: decision.challengeId,
      granted: true,
      relay_ms: 3000,
      read_counter: 1,
    });
    assert.equal((await desk.service.admin.verifyAudit(tenant.tenantId)).intact, true);
  });

  it("grants the same badge again and again while its counter rises", async () => {
    const tenant = await desk.tenant();
    const node = await desk.node(tenant).boot();
    const card = await badge(desk.service, tenant.tenantId);
    for (let counter = 1; counter <= 5; counter++) {
      assert.equal((await node.tap(card)).granted, true);
      const stored = await desk.service.admin.badge(tenant.tenantId, card.uid);
      assert.equal(stored?.readCounter, counter);
    }
  });

  it("grants an HS badge at its own reader", async () => {
    const tenant = await desk.tenant();
    const node = await desk.node(tenant).boot();
    const order = { mode: "HS", nodeUid: node.nodeUid } as const;
    const card = await badge(desk.service, tenant.tenantId, order);
    assert.equal((await node.tap(card)).granted, true);
  });

  it("takes the time of the node, else of its zone, else of the tenant", async () => {
    const tenant = await desk.tenant({ relayMs: 1000 });
    const { admin } = desk.service;
    const { tenantId } = tenant;
    const node = await desk.node(tenant).boot();
    const card = await badge(desk.service, tenantId);
    const relayMs = async () => {
      const decision = await node.tap(card);
      return decision.granted && decision.relayMs;
    };
    assert.equal(await relayMs(), 1000);
    await admin.changeNode(tenantId, node.nodeUid, { zone: "lobby" });
    assert.equal(await relayMs(), 1000);
    await admin.setZone(tenantId, "lobby", 2000);
    assert.equal(await relayMs(), 2000);
    await admin.changeNode(tenantId, node.nodeUid, { relayMs: 4000 });
    assert.equal(await relayMs(), 4000);
    const tooLong = admin.changeNode(tenantId, node.nodeUid, { relayMs: 60_001 });
    await assert.rejects(tooLong, { code: "config-invalid" });
  });

  it("stores what a sensor posts, typed and under its node", async () => {
    const tenant = await desk.tenant();
    const node = await desk.node(tenant, { nodeType: "sensor" }).boot();
    assert.deepEqual(await node.report([warm(7, 24.3)]), {
      serverTime: Math.floor(desk.nowMs / 1000),
      recorded: 1,
      duplicates: 0,
      refused: [],
    });
    const [row] = await desk.service.admin.readings(tenant.tenantId, node.nodeUid);
    assert.deepEqual(row?.reading, { seq: 7, fields: { temperature: 24.3 } });
    const unknown = node.identity.call(POST_PATH, { request: "format_disk" });
    await assert.rejects(unknown, {
      code: "malformed",
      detail: {
        status: 400,
        field: "request",
        limit: undefined,
        retry_after: undefined,
        incident: undefined,
      },
    });
  });

  it("notes a check-in and renews the token over the same session", async () => {
    const tenant = await desk.tenant();
    const node = await desk.node(tenant).boot();
    const sid = node.identity.state.session?.sid;
    const report = {
      uptime_s: 5,
      firmware: "1.2.3",
      state: "READY",
      granted: 1,
      denied: 0,
      faults: 0,
    };
    desk.nowMs += 600_000;
    await node.identity.checkIn({ ...report, secret: "must not be kept" });
    desk.nowMs += 600_000; // past the first token's end
    await node.identity.checkIn(report);
    assert.equal(node.identity.state.session?.sid, sid);
    const [stored] = await desk.service.admin.nodes(tenant.tenantId);
    assert.deepEqual(stored?.health, report);
    assert.equal(stored?.lastSeenAt, Math.floor(desk.nowMs / 1000));
  });

  it("lets no session go on for more than twelve hours, however often it is renewed", async () => {
    const tenant = await desk.tenant();
    const node = await desk.node(tenant).boot();
    const first = node.identity.state.session?.sid;
    const report = { uptime_s: 5, firmware: "1", state: "READY", granted: 0, denied: 0, faults: 0 };
    const endMs = desk.nowMs + 12 * 3_600_000;
    while (desk.nowMs < endMs - 600_000) {
      desk.nowMs += 600_000;
      await node.identity.checkIn(report);
    }
    assert.equal(node.identity.state.session?.sid, first);
    desk.nowMs = endMs;
    await node.identity.checkIn(report);
    assert.notEqual(node.identity.state.session?.sid, first);
  });
});
