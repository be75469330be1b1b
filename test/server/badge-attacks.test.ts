import assert from "node:assert/strict";
import { BADGE_VERIFY_PATH } from "../../protocol/badge/endpoints.ts";
import { writeVerifyBadgeRequest } from "../../protocol/badge/verify.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { badge, chipOf, Desk, nextUid, reasonOf, type TestNode } from "./desk.ts";

describe("service: attacks with badges", () => {
  let desk: Desk;
  let node: TestNode;
  const alarms = async () => desk.service.admin.alarms(node.provisioning.tenantId);

  beforeEach(async () => {
    const often = { burst: 1000, perSecond: 1 };
    const limits = { tapsByNode: often, tapsByBadge: often, failuresByBadge: often };
    desk = new Desk({ limits });
    node = await desk.node(await desk.tenant()).boot();
  });
  afterEach(() => desk.close());

  it("a replayed answer to a challenge is challenge-used", async () => {
    const card = await badge(desk.service, node.provisioning.tenantId);
    const request = await node.answer(card, await node.challenge());
    assert.equal(reasonOf(await node.decide(request)), "granted");
    assert.equal(reasonOf(await node.decide(request)), "challenge-used");
  });

  it("of 50 answers to one challenge at once exactly one is granted", async () => {
    const card = await badge(desk.service, node.provisioning.tenantId);
    const request = await node.answer(card, await node.challenge());
    const decisions = await Promise.all(Array.from({ length: 50 }, () => node.decide(request)));
    const reasons = decisions.map(reasonOf);
    assert.equal(reasons.filter((each) => each === "granted").length, 1);
    assert.equal(reasons.filter((each) => each === "challenge-used").length, 49);
  });

  it("of 50 taps at once with one read of the chip exactly one is granted", async () => {
    const { tenantId } = node.provisioning;
    const card = await badge(desk.service, tenantId);
    const challenges = [];
    for (let i = 0; i < 4; i++) challenges.push(await node.challenge());
    const first = await node.answer(card, challenges[0]!);
    // The thief has the badge's seed and one read of its chip, but not the chip.
    const copies = [first];
    for (const challenge of challenges.slice(1)) {
      const { signature } = await node.answer(card, challenge);
      copies.push({ ...first, challengeId: challenge.challengeId, signature });
    }
    const reasons = (await Promise.all(copies.map((copy) => node.decide(copy)))).map(reasonOf);
    assert.equal(reasons.filter((each) => each === "granted").length, 1);
    assert.equal(reasons.filter((each) => each === "badge-cloned").length, 3);
    assert.equal((await alarms()).length, 3);
  });

  it("a copied NDEF file with a stale counter is badge-cloned and raises an alarm", async () => {
    const { tenantId } = node.provisioning;
    const card = await badge(desk.service, tenantId);
    const skimmed = await node.answer(card, await node.challenge());
    assert.equal((await node.tap(card)).granted, true);
    const challenge = await node.challenge();
    const { signature, challengeId } = await node.answer(card, challenge);
    const copy = { ...skimmed, challengeId, signature };
    assert.equal(reasonOf(await node.decide(copy)), "badge-cloned");
    const [alarm] = await alarms();
    assert.equal(alarm?.kind, "badge-cloned");
    assert.equal(alarm?.cause, "sdm-counter-stale");
    assert.equal(alarm?.badgeUid, Buffer.from(card.uid).toString("hex"));
    assert.equal((await node.tap(card)).granted, true, "the true badge still opens");
  });

  it("a chip set back to an older counter is badge-cloned", async () => {
    const { tenantId } = node.provisioning;
    const order = { tenantId, badgeUid: nextUid(), mode: "STD", holder: "Ada" } as const;
    const issued = await desk.service.admin.issueBadge(order);
    assert.equal((await node.tap(chipOf(issued, 100))).granted, true);
    assert.equal(reasonOf(await node.tap(chipOf(issued, 100))), "badge-cloned");
    assert.equal(reasonOf(await node.tap(chipOf(issued, 0))), "badge-cloned");
    assert.equal((await node.tap(chipOf(issued, 101))).granted, true);
  });

  it("a forged MAC, forged PICC data and another chip's message are badge-cloned", async () => {
    const { tenantId } = node.provisioning;
    const card = await badge(desk.service, tenantId);
    const other = await badge(desk.service, tenantId);
    const foreign = await node.answer(other, await node.challenge());
    const forge = [
      { cmac: new Uint8Array(8) },
      { picc: new Uint8Array(16) },
      { picc: foreign.picc, cmac: foreign.cmac },
    ];
    for (const part of forge) {
      const request = await node.answer(card, await node.challenge());
      assert.equal(reasonOf(await node.decide({ ...request, ...part })), "badge-cloned");
    }
    const causes = (await alarms()).map(({ cause }) => cause).reverse();
    assert.deepEqual([causes[0], causes[2]], ["sdm-mac-invalid", "sdm-uid-mismatch"]);
    assert.equal((await node.tap(card)).granted, true, "forgeries did not touch the counter");
  });

  it("a good chip with a wrong signature is signature-invalid and keeps its counter", async () => {
    const { tenantId } = node.provisioning;
    const card = await badge(desk.service, tenantId);
    const request = await node.answer(card, await node.challenge());
    const signature = new Uint8Array(64);
    assert.equal(reasonOf(await node.decide({ ...request, signature })), "signature-invalid");
    const stored = await desk.service.admin.badge(tenantId, card.uid);
    assert.equal(stored?.readCounter, -1);
  });

  it("an HS badge at another reader is mode-mismatch, whatever that reader claims", async () => {
    const { tenantId } = node.provisioning;
    const other = await desk.node(node.provisioning, { name: "other" }).boot();
    const order = { mode: "HS", nodeUid: node.nodeUid } as const;
    const card = await badge(desk.service, tenantId, order);
    await assert.rejects(other.tap(card), { code: "mode-mismatch" }, "honest reader");
    // A reader that got hold of the key: the public key is all that HS needs to open.
    const challenge = await other.challenge();
    const request = await other.answer(card, challenge, { nodePk: node.nodePk });
    assert.equal(reasonOf(await other.decide(request)), "mode-mismatch");
    assert.equal((await node.tap(card)).granted, true);
  });

  it("a badge of another tenant is badge-unknown, and its counter is not touched", async () => {
    const elsewhere = await desk.tenant({ name: "elsewhere" });
    const card = await badge(desk.service, elsewhere.tenantId);
    await assert.rejects(node.tap(card), { code: "tenant-mismatch" }, "honest reader");
    const challenge = await node.challenge();
    const claim = { df1: elsewhere.df1.bytes };
    assert.equal(
      reasonOf(await node.decide(await node.answer(card, challenge, claim))),
      "badge-unknown",
    );
    const stored = await desk.service.admin.badge(elsewhere.tenantId, card.uid);
    assert.equal(stored?.readCounter, -1);
  });

  it("the same chip enrolled in two tenants does not open with one's keys at the other", async () => {
    const elsewhere = await desk.tenant({ name: "elsewhere" });
    const badgeUid = nextUid();
    const card = await badge(desk.service, elsewhere.tenantId, { badgeUid });
    await badge(desk.service, node.provisioning.tenantId, { badgeUid });
    const claim = { df1: elsewhere.df1.bytes };
    const request = await node.answer(card, await node.challenge(), claim);
    assert.equal(reasonOf(await node.decide(request)), "signature-invalid");
  });

  it("a challenge of one reader is worth nothing at another, and is not used up there", async () => {
    const { tenantId } = node.provisioning;
    const other = await desk.node(node.provisioning, { name: "other" }).boot();
    const card = await badge(desk.service, tenantId);
    const challenge = await node.challenge();
    const stolen = await other.answer(card, challenge);
    assert.equal(reasonOf(await other.decide(stolen)), "challenge-used");
    assert.equal(reasonOf(await node.decide(await node.answer(card, challenge))), "granted");
  });

  it("a challenge issued for one badge does not serve another", async () => {
    const { tenantId } = node.provisioning;
    const [mine, other] = [
      await badge(desk.service, tenantId),
      await badge(desk.service, tenantId),
    ];
    const challenge = await node.challenge(Buffer.from(mine.uid).toString("hex"));
    const request = await node.answer(other, challenge);
    assert.equal(reasonOf(await node.decide(request)), "challenge-used");
  });

  it("a late tap is challenge-expired", async () => {
    const card = await badge(desk.service, node.provisioning.tenantId);
    const request = await node.answer(card, await node.challenge());
    desk.nowMs += 55_000;
    assert.equal(reasonOf(await node.decide(request)), "challenge-expired");
  });

  it("a fifth prefetched challenge makes the first one void", async () => {
    const card = await badge(desk.service, node.provisioning.tenantId);
    const first = await node.challenge();
    for (let i = 0; i < 4; i++) await node.challenge();
    assert.equal(reasonOf(await node.decide(await node.answer(card, first))), "challenge-used");
  });

  it("suspended, revoked and not entitled each have their own reason", async () => {
    const { admin } = desk.service;
    const { tenantId } = node.provisioning;
    const card = await badge(desk.service, tenantId);
    const { uid } = card;
    await admin.setBadgeStatus(tenantId, uid, "suspended");
    assert.equal(reasonOf(await node.tap(card)), "badge-suspended");
    await admin.setBadgeStatus(tenantId, uid, "active");
    await admin.setBadgeScope(tenantId, uid, { nodes: [], zones: ["vault"] });
    assert.equal(reasonOf(await node.tap(card)), "entitlement-denied");
    await admin.changeNode(tenantId, node.nodeUid, { zone: "vault" });
    assert.equal(reasonOf(await node.tap(card)), "granted");
    await admin.setBadgeScope(tenantId, uid, { nodes: [node.nodeUid], zones: [] });
    assert.equal(reasonOf(await node.tap(card)), "granted");
    await admin.setBadgeStatus(tenantId, uid, "revoked");
    assert.equal(reasonOf(await node.tap(card)), "badge-revoked");
  });

  it("a copy is found out even where its badge may not pass", async () => {
    const { tenantId } = node.provisioning;
    const scope = { nodes: [], zones: [] };
    const card = await badge(desk.service, tenantId, { scope });
    const skimmed = await node.answer(card, await node.challenge());
    assert.equal(reasonOf(await node.tap(card)), "entitlement-denied");
    const challenge = await node.challenge();
    const { signature, challengeId } = await node.answer(card, challenge);
    const copy = { ...skimmed, challengeId, signature };
    assert.equal(reasonOf(await node.decide(copy)), "badge-cloned");
  });

  it("a reader cannot ask in another's name", async () => {
    const { tenantId } = node.provisioning;
    const other = await desk.node(node.provisioning, { name: "other" }).boot();
    const ask = (body: object) => node.identity.call("identity_tag/it_request_challenge", body);
    const foreign = { tenant_id: tenantId, node_uid: other.nodeUid };
    await assert.rejects(ask(foreign), { code: "forbidden-role" });
    const elsewhere = { tenant_id: other.nodeUid, node_uid: node.nodeUid };
    await assert.rejects(ask(elsewhere), { code: "tenant-mismatch" });
  });

  it("every denial is in the audit log with its reason, and the chain holds", async () => {
    const { tenantId } = node.provisioning;
    const card = await badge(desk.service, tenantId);
    const request = await node.answer(card, await node.challenge());
    await node.decide(request);
    await node.decide(request);
    await node.decide({ ...request, challengeId: (await node.challenge()).challengeId });
    const rows = await desk.service.admin.auditRows(tenantId);
    const decisions = rows.filter(({ kind }) => kind === "badge-decision");
    const reasons = decisions.map(({ data }) => JSON.parse(data).reason ?? "granted");
    assert.deepEqual(reasons, ["granted", "challenge-used", "signature-invalid"]);
    const verdict = await desk.service.admin.verifyAudit(tenantId);
    assert.deepEqual([verdict.intact, verdict.rows], [true, rows.length]);
  });
});

describe("service: a flood", () => {
  it("gets rate-limited with the limit's name and the time to come back", async () => {
    const desk = new Desk({ limits: { tapsByNode: { burst: 3, perSecond: 0.5 } } });
    const node = await desk.node(await desk.tenant()).boot();
    const card = await badge(desk.service, node.provisioning.tenantId);
    for (let i = 0; i < 3; i++) assert.equal((await node.tap(card)).granted, true);
    const request = await node.answer(card, await node.challenge());
    await assert.rejects(
      node.identity.call(BADGE_VERIFY_PATH, writeVerifyBadgeRequest(request)),
      (error: unknown) => {
        assert.ok(isLatchkeyError(error, "rate-limited"));
        assert.equal(error.detail["limit"], "taps-by-node");
        assert.equal(error.detail["retry_after"], 2);
        return true;
      },
    );
    desk.nowMs += 2000;
    assert.equal((await node.decide(request)).granted, true, "the challenge was not used up");
    desk.close();
  });
});
