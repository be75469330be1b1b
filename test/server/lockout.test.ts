import assert from "node:assert/strict";
import { CHALLENGE_PATH, REGISTER_PATH, VERIFY_PATH } from "../../protocol/node/endpoints.ts";
import type { HttpClient } from "../../protocol/platform.ts";
import type { ServiceResponse } from "../../server/context.ts";
import type { Limits } from "../../server/limits.ts";
import { badge, codeOf, Desk, lastSent, reasonOf, type Sent, type TestNode } from "./desk.ts";

const SLOW = { burst: 3, perSecond: 0.1 };
const OFTEN = { burst: 1000, perSecond: 1 };

describe("service: limits and lockout", () => {
  let desk: Desk;
  let node: TestNode;
  let tenantId: string;
  const start = async (limits: Partial<Limits>) => {
    desk = new Desk({ limits: { tapsByNode: OFTEN, ...limits } });
    node = await desk.node(await desk.tenant()).boot();
    tenantId = node.provisioning.tenantId;
  };
  afterEach(() => desk.close());

  const send = ({ path, body, headers }: Sent, remoteAddress: string): Promise<ServiceResponse> =>
    desk.service.handle({ method: "POST", path, headers, body, remoteAddress });
  const json = { "content-type": "application/json" };
  const challengeFor = (nodeUid: string, address: string) => {
    const named = { tenant_id: tenantId, node_uid: nodeUid };
    const body = JSON.stringify({ ...named, client_nonce: "A".repeat(22) });
    return send({ path: CHALLENGE_PATH, headers: json, body }, address);
  };
  /** A signature that cannot fit: the heard one, for a new challenge. */
  const guess = async (nodeUid: string, address: string): Promise<string> => {
    const answer = await challengeFor(nodeUid, address);
    if (answer.status !== 200) return codeOf(answer);
    const { challenge_id } = JSON.parse(answer.body);
    const heard = lastSent(node, VERIFY_PATH);
    const body = JSON.stringify({ ...JSON.parse(heard.body), challenge_id });
    return codeOf(await send({ ...heard, body }, address));
  };
  const refusalOf = (response: ServiceResponse) => {
    const { limit, retry_after } = JSON.parse(response.body);
    assert.equal(response.status, 429);
    assert.equal(response.headers["retry-after"], String(retry_after), "header and body agree");
    return [limit, retry_after] as const;
  };

  it("an address that guesses signatures is locked out, and another is not", async () => {
    await start({ failuresByAddress: SLOW, failuresByNode: OFTEN });
    for (let i = 0; i < 3; i++)
      assert.equal(await guess(node.nodeUid, "192.0.2.1"), "signature-invalid");
    const refused = await challengeFor(node.nodeUid, "192.0.2.1");
    assert.deepEqual(refusalOf(refused), ["failures-by-address", 10]);
    assert.equal(await guess(node.nodeUid, "192.0.2.2"), "signature-invalid");
    desk.nowMs += 10_000;
    assert.equal(await guess(node.nodeUid, "192.0.2.1"), "signature-invalid");
    assert.equal(await guess(node.nodeUid, "192.0.2.1"), "rate-limited");
  });

  it("wrong operators' tokens and registrations count for their address too", async () => {
    await start({ failuresByAddress: SLOW });
    const heard = lastSent(node, REGISTER_PATH);
    const path = "/identity_tag/it_list_nodes";
    const headers = { ...json, authorization: `Bearer lka_${"A".repeat(43)}` };
    const ask = () => send({ path, headers, body: "{}" }, "192.0.2.1");
    const forged = JSON.stringify({ ...JSON.parse(heard.body), node_type: "sensor" });
    for (let i = 0; i < 2; i++) assert.equal(codeOf(await ask()), "unauthenticated");
    const registered = await send({ ...heard, body: forged }, "192.0.2.1");
    assert.equal(codeOf(registered), "registration-refused");
    assert.deepEqual(refusalOf(await ask()), ["failures-by-address", 10]);
    const good = await send(heard, "192.0.2.1");
    assert.deepEqual(refusalOf(good), ["failures-by-address", 10]);
    assert.equal(codeOf(await send(heard, "192.0.2.2")), "ok");
  });

  it("who fails as one node is locked out as that one, known or not, at that address", async () => {
    await start({ failuresByNode: SLOW });
    const nobody = "00000000-0000-4000-8000-000000000000";
    for (const uid of [node.nodeUid, nobody]) {
      for (let i = 0; i < 3; i++)
        assert.equal(await guess(uid, "192.0.2.1"), "signature-invalid", uid);
      const refused = await challengeFor(uid, "192.0.2.1");
      assert.deepEqual(refusalOf(refused), ["failures-by-node", 10]);
      assert.equal(
        codeOf(await challengeFor(uid, "192.0.2.9")),
        "ok",
        "the node itself, elsewhere",
      );
    }
    const { nodeUid } = await desk.node(await desk.tenant(), { name: "other" }).boot();
    assert.equal(codeOf(await challengeFor(nodeUid, "192.0.2.1")), "ok");
  });

  it("the document is given a few times, and everything else goes on", async () => {
    await start({ documentByAddress: SLOW });
    const get = (path: string, remoteAddress: string) =>
      desk.service.handle({ method: "GET", path, headers: {}, body: "", remoteAddress });
    for (let i = 0; i < 3; i++) assert.equal((await get("/openapi.json", "192.0.2.1")).status, 200);
    const refused = await get("/openapi.json", "192.0.2.1");
    assert.deepEqual(refusalOf(refused), ["document-by-address", 10]);
    assert.equal((await get("/openapi.json", "192.0.2.2")).status, 200);
    assert.equal((await get("/healthz", "192.0.2.1")).status, 200);
    assert.equal(codeOf(await challengeFor(node.nodeUid, "192.0.2.1")), "ok");
  });

  it("good handshakes count as no failures", async () => {
    await start({ failuresByAddress: SLOW, failuresByNode: SLOW });
    const address = "192.0.2.1";
    const http: HttpClient = {
      request: ({ url, headers, body }) =>
        send({ path: new URL(url).pathname, headers, body }, address),
    };
    for (let i = 0; i < 10; i++) {
      // It has the same key, and no session yet.
      const again = await desk.node(node.provisioning, { http }).boot();
      assert.equal(again.nodeUid, node.nodeUid);
      assert.equal(again.sent.filter(({ path }) => path === VERIFY_PATH).length, 1);
    }
    for (let i = 0; i < 3; i++)
      assert.equal(await guess(node.nodeUid, address), "signature-invalid");
    assert.equal(await guess(node.nodeUid, address), "rate-limited");
  });

  it("copies of a badge lock it out at that reader, with an alarm, and nowhere else", async () => {
    await start({ failuresByBadge: SLOW });
    const card = await badge(desk.service, tenantId);
    const forge = async (at: TestNode) => {
      const request = await at.answer(card, await at.challenge());
      return at.decide({ ...request, signature: new Uint8Array(64).fill(1) });
    };
    for (let i = 0; i < 3; i++) assert.equal(reasonOf(await forge(node)), "signature-invalid");
    const detail = { limit: "failures-by-badge", retry_after: 10 };
    await assert.rejects(node.tap(card), ({ code, detail: said }) => {
      assert.equal(code, "rate-limited");
      assert.deepEqual({ limit: said.limit, retry_after: said.retry_after }, detail);
      return true;
    });
    const { admin } = desk.service;
    const alarms = (await admin.alarms(tenantId)).map(({ kind }) => kind);
    assert.deepEqual(alarms, ["badge-locked-out"]);
    const rows = await admin.auditRows(tenantId, 100);
    const locked = rows.filter(({ kind }) => kind === "badge-locked-out");
    assert.deepEqual(
      locked.map(({ data }) => JSON.parse(data).badge_uid),
      [Buffer.from(card.uid).toString("hex")],
    );
    assert.equal((await admin.verifyAudit(tenantId)).intact, true);

    const elsewhere = await desk.node(node.provisioning, { name: "elsewhere" }).boot();
    assert.equal((await elsewhere.tap(card)).granted, true, "other doors know nothing of it");
    const other = await badge(desk.service, tenantId);
    assert.equal((await node.tap(other)).granted, true, "nor do other badges");
    desk.nowMs += 10_000;
    assert.equal((await node.tap(card)).granted, true, "it has one attempt again");
  });

  it("denials that anybody may get lock nobody out", async () => {
    await start({ failuresByBadge: SLOW });
    const card = await badge(desk.service, tenantId);
    await desk.service.admin.setBadgeStatus(tenantId, card.uid, "suspended");
    for (let i = 0; i < 6; i++) assert.equal(reasonOf(await node.tap(card)), "badge-suspended");
  });

  it("a badge is tapped so often at all readers together", async () => {
    await start({ tapsByBadge: SLOW });
    const card = await badge(desk.service, tenantId);
    const other = await desk.node(node.provisioning, { name: "other" }).boot();
    for (const reader of [node, other, node]) assert.equal((await reader.tap(card)).granted, true);
    await assert.rejects(other.tap(card), { code: "rate-limited" });
    assert.equal((await other.tap(await badge(desk.service, tenantId))).granted, true);
  });

  it("a tenant that asks too much does not slow another down", async () => {
    await start({ requestsByTenant: SLOW });
    const other = await desk.node(await desk.tenant()).boot();
    const second = await desk.node(node.provisioning, { name: "second" }).boot();
    for (const each of [node, second, node]) await each.challenge();
    await assert.rejects(second.challenge(), ({ code, detail }) => {
      assert.deepEqual([code, detail.limit], ["rate-limited", "requests-by-tenant"]);
      return true;
    });
    await other.challenge();
  });
});
