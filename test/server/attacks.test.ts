import assert from "node:assert/strict";
import { Point } from "@noble/ed25519";
import { BADGE_VERIFY_PATH } from "../../protocol/badge/endpoints.ts";
import { type BadgeDecision, writeVerifyBadgeRequest } from "../../protocol/badge/verify.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { CHALLENGE_PATH, POST_PATH, VERIFY_PATH } from "../../protocol/node/endpoints.ts";
import { signJwt, type TokenClaims } from "../../protocol/node/jwt.ts";
import type { ServiceResponse } from "../../server/context.ts";
import { NOBODYS_KEY } from "../../server/handlers/verify-node.ts";
import { badge, chipOf, Desk, nextUid, type Sent, type TestNode } from "./desk.ts";

const code = (response: ServiceResponse): string =>
  response.status === 200 ? "ok" : JSON.parse(response.body).code;

const reason = (decision: BadgeDecision): string =>
  decision.granted ? "granted" : decision.reason;

/** What went over the wire last to that path. */
function last(node: TestNode, path: string): Sent {
  return node.sent.findLast((sent) => sent.path === path)!;
}

describe("service: attacks on the session", () => {
  let desk: Desk;
  let node: TestNode;
  const resend = (sent: Sent, headers = sent.headers) => desk.post(sent.path, sent.body, headers);

  beforeEach(async () => {
    desk = new Desk();
    node = await desk.node(await desk.tenant()).boot();
    await node.identity.postEncrypted({ request: "record_sensor_data", value: 1 });
  });
  afterEach(() => desk.close());

  it("a replayed envelope is refused with replay and stored once", async () => {
    const sent = last(node, POST_PATH);
    for (let i = 0; i < 3; i++) assert.equal(code(await resend(sent)), "replay");
    const { tenantId } = node.provisioning;
    assert.equal((await desk.service.admin.telemetry(tenantId, node.nodeUid)).length, 1);
  });

  it("of 50 copies of one envelope at once exactly one is accepted", async () => {
    const { service } = desk;
    const copies: Promise<ServiceResponse>[] = [];
    const racer = await desk
      .node(node.provisioning, {
        name: "racer",
        http: {
          async request({ method, url, headers, body }) {
            const path = new URL(url).pathname;
            const send = () => service.handle({ method, path, headers, body });
            if (path === `/${POST_PATH}`) for (let i = 0; i < 49; i++) copies.push(send());
            return send();
          },
        },
      })
      .boot();
    const sending = racer.identity.postEncrypted({ request: "record_sensor_data", value: 2 });
    // The node's own copy came last, so another one won and the node hears `replay`.
    await assert.rejects(sending, { code: "replay" });
    const codes = (await Promise.all(copies)).map(code);
    assert.equal(codes.filter((each) => each === "ok").length, 1);
    assert.equal(codes.filter((each) => each === "replay").length, 48);
    const { tenantId } = node.provisioning;
    assert.equal((await service.admin.telemetry(tenantId, racer.nodeUid)).length, 1);
  });

  it("an envelope sent to another endpoint does not open there", async () => {
    const { body, headers } = last(node, POST_PATH);
    assert.equal(code(await desk.post(BADGE_VERIFY_PATH, body, headers)), "envelope-invalid");
  });

  it("an altered envelope does not open, and does not use up its number", async () => {
    const sent = last(node, POST_PATH);
    const envelope = JSON.parse(sent.body);
    const forged = { ...envelope, seq: envelope.seq + 40 };
    const refused = await desk.post(POST_PATH, forged, sent.headers);
    assert.equal(code(refused), "envelope-invalid");
    // The window did not move: the next number still passes, and so do 40 more.
    for (let i = 0; i < 41; i++)
      await node.identity.postEncrypted({ request: "record_sensor_data", value: i });
  });

  it("a token without its session's key opens nothing", async () => {
    const other = await desk.node(node.provisioning, { name: "other" }).boot();
    await other.identity.postEncrypted({ request: "record_sensor_data", value: 1 });
    const [mine, theirs] = [last(node, POST_PATH), last(other, POST_PATH)];
    assert.equal(code(await resend(mine, theirs.headers)), "token-invalid");
    const swapped = { ...JSON.parse(mine.body), sid: JSON.parse(theirs.body).sid };
    assert.equal(code(await desk.post(POST_PATH, swapped, theirs.headers)), "envelope-invalid");
  });

  it("no token, a broken one and one of another key are refused", async () => {
    const sent = last(node, POST_PATH);
    const { authorization, ...bare } = sent.headers;
    assert.equal(code(await resend(sent, bare)), "unauthenticated");
    const basic = { ...bare, authorization: "Basic YWRtaW46YWRtaW4=" };
    assert.equal(code(await resend(sent, basic)), "unauthenticated");
    const [header, payload, signature] = authorization!.slice(7).split(".") as string[];
    const claims: TokenClaims = JSON.parse(Buffer.from(payload!, "base64url").toString());
    const kid = JSON.parse(Buffer.from(header!, "base64url").toString()).kid;
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url");
    const forgeries = [
      `${none}.${payload}.`,
      `${header}.${payload}.${signature!.slice(0, -4)}AAAA`,
      signJwt(nobleCrypto, new Uint8Array(32).fill(9), claims, kid),
      signJwt(nobleCrypto, new Uint8Array(32).fill(9), claims, "another"),
      "x",
    ];
    for (const token of forgeries) {
      const headers = { ...bare, authorization: `Bearer ${token}` };
      assert.match(code(await resend(sent, headers)), /^(token-invalid|unauthenticated)$/);
    }
  });

  it("an expired token is refused", async () => {
    const sent = last(node, POST_PATH);
    desk.nowMs += 15 * 60_000;
    assert.equal(code(await resend(sent)), "token-expired");
  });

  it("a revoked node is out at once and cannot come back with its key", async () => {
    const { tenantId } = node.provisioning;
    await desk.service.admin.revokeNode(tenantId, node.nodeUid);
    assert.equal(code(await resend(last(node, POST_PATH))), "session-unknown");
    const again = node.identity.postEncrypted({ request: "record_sensor_data", value: 3 });
    await assert.rejects(again, { code: "node-revoked" });
    await assert.rejects(node.identity.ensureRegistered(), { code: "node-revoked" });
    const revived = desk.service.admin.approveNode(tenantId, node.nodeUid);
    await assert.rejects(revived, { code: "node-revoked" });
  });

  it("a node keeps four sessions at most: the oldest goes", async () => {
    const boots = [node];
    for (let i = 0; i < 4; i++)
      boots.push(await desk.node(node.provisioning, { storage: node.storage }).boot());
    assert.equal(new Set(boots.map((boot) => boot.nodeUid)).size, 1);
    assert.equal(code(await resend(last(node, POST_PATH))), "session-unknown");
    await boots[1]!.identity.postEncrypted({ request: "record_sensor_data", value: 1 });
    const verified = boots[1]!.sent.filter(({ path }) => path === VERIFY_PATH);
    assert.equal(verified.length, 1, "the second oldest session is still open");
  });
});

describe("service: attacks on the handshake", () => {
  let desk: Desk;
  let node: TestNode;
  beforeEach(async () => {
    desk = new Desk();
    node = await desk.node(await desk.tenant()).boot();
  });
  afterEach(() => desk.close());

  it("a challenge is answered once: the same answer again is challenge-used", async () => {
    const { body } = last(node, VERIFY_PATH);
    assert.equal(code(await desk.post(VERIFY_PATH, body)), "challenge-used");
  });

  it("a wrong answer uses the challenge up too", async () => {
    const { body } = last(node, VERIFY_PATH);
    const { body: asked } = last(node, CHALLENGE_PATH);
    const { challenge_id } = JSON.parse((await desk.post(CHALLENGE_PATH, asked)).body);
    const wrong = { ...JSON.parse(body), challenge_id };
    assert.equal(code(await desk.post(VERIFY_PATH, wrong)), "signature-invalid");
    assert.equal(code(await desk.post(VERIFY_PATH, wrong)), "challenge-used");
  });

  it("a late answer is challenge-expired, and uses the challenge up", async () => {
    const { body: asked } = last(node, CHALLENGE_PATH);
    const issued = JSON.parse((await desk.post(CHALLENGE_PATH, asked)).body);
    assert.ok(issued.expires_in < 60);
    desk.nowMs += issued.expires_in * 1000;
    const { body } = last(node, VERIFY_PATH);
    const late = { ...JSON.parse(body), challenge_id: issued.challenge_id };
    assert.equal(code(await desk.post(VERIFY_PATH, late)), "challenge-expired");
    assert.equal(code(await desk.post(VERIFY_PATH, late)), "challenge-used");
  });

  it("a node that does not exist looks like one that does", async () => {
    const asked = JSON.parse(last(node, CHALLENGE_PATH).body);
    const stranger = "00000000-0000-4000-8000-000000000000";
    const answers = [];
    const cases = [asked, { ...asked, node_uid: stranger }, { ...asked, tenant_id: stranger }];
    for (const body of cases) {
      const challenge = JSON.parse((await desk.post(CHALLENGE_PATH, body)).body);
      const wrong = {
        ...JSON.parse(last(node, VERIFY_PATH).body),
        challenge_id: challenge.challenge_id,
      };
      const verdict = await desk.post(VERIFY_PATH, wrong);
      answers.push({ fields: Object.keys(challenge), lengths: lengths(challenge), verdict });
    }
    assert.deepEqual(answers[1], answers[0]);
    assert.deepEqual(answers[2], answers[0]);
    assert.equal(code(answers[0]!.verdict), "signature-invalid");
  });

  function lengths(challenge: Record<string, unknown>): number[] {
    return Object.values(challenge).map((value) => String(value).length);
  }

  it("verifies a signature for nobody under a key that decodes, at full cost", () => {
    const derived = nobleCrypto.sha256(new TextEncoder().encode("latchkey/v1/nobody/0"));
    assert.deepEqual(NOBODYS_KEY, derived);
    // noble decodes the point strictly before anything else and throws if it cannot.
    assert.equal(Point.fromBytes(NOBODYS_KEY, false).isSmallOrder(), false);
  });

  it("of 50 answers to one challenge at once exactly one opens a session", async () => {
    // Wrong answers race as well as right ones: here all are the same right one.
    const caught = Promise.withResolvers<Sent>();
    const held = Promise.withResolvers<void>();
    const { service } = desk;
    const slow = desk.node(node.provisioning, {
      name: "racer",
      http: {
        async request(request) {
          const path = new URL(request.url).pathname.slice(1);
          if (path === VERIFY_PATH) {
            caught.resolve({ path, headers: request.headers, body: request.body });
            await held.promise;
          }
          return service.handle({ ...request, path });
        },
      },
    });
    const booting = slow.boot();
    const { body } = await Promise.race([caught.promise, booting.then(() => caught.promise)]);
    const racing = Array.from({ length: 50 }, () => desk.post(VERIFY_PATH, body));
    const codes = (await Promise.all(racing)).map(code);
    held.resolve();
    assert.equal(codes.filter((each) => each === "ok").length, 1);
    assert.equal(codes.filter((each) => each === "challenge-used").length, 49);
    await assert.rejects(booting, { code: "challenge-used" });
  });
});

describe("service: attacks with badges", () => {
  let desk: Desk;
  let node: TestNode;
  const alarms = async () => desk.service.admin.alarms(node.provisioning.tenantId);

  beforeEach(async () => {
    desk = new Desk({ limits: { tapsByNode: { burst: 1000, perSecond: 1 } } });
    node = await desk.node(await desk.tenant()).boot();
  });
  afterEach(() => desk.close());

  it("a replayed answer to a challenge is challenge-used", async () => {
    const card = await badge(desk.service, node.provisioning.tenantId);
    const request = await node.answer(card, await node.challenge());
    assert.equal(reason(await node.decide(request)), "granted");
    assert.equal(reason(await node.decide(request)), "challenge-used");
  });

  it("of 50 answers to one challenge at once exactly one is granted", async () => {
    const card = await badge(desk.service, node.provisioning.tenantId);
    const request = await node.answer(card, await node.challenge());
    const decisions = await Promise.all(Array.from({ length: 50 }, () => node.decide(request)));
    const reasons = decisions.map(reason);
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
    const reasons = (await Promise.all(copies.map((copy) => node.decide(copy)))).map(reason);
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
    assert.equal(reason(await node.decide(copy)), "badge-cloned");
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
    assert.equal(reason(await node.tap(chipOf(issued, 100))), "badge-cloned");
    assert.equal(reason(await node.tap(chipOf(issued, 0))), "badge-cloned");
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
      assert.equal(reason(await node.decide({ ...request, ...part })), "badge-cloned");
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
    assert.equal(reason(await node.decide({ ...request, signature })), "signature-invalid");
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
    assert.equal(reason(await other.decide(request)), "mode-mismatch");
    assert.equal((await node.tap(card)).granted, true);
  });

  it("a badge of another tenant is badge-unknown, and its counter is not touched", async () => {
    const elsewhere = await desk.tenant({ name: "elsewhere" });
    const card = await badge(desk.service, elsewhere.tenantId);
    await assert.rejects(node.tap(card), { code: "badge-payload-invalid" }, "honest reader");
    const challenge = await node.challenge();
    const claim = { df1: elsewhere.df1.bytes };
    assert.equal(
      reason(await node.decide(await node.answer(card, challenge, claim))),
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
    assert.equal(reason(await node.decide(request)), "signature-invalid");
  });

  it("a challenge of one reader is worth nothing at another, and is not used up there", async () => {
    const { tenantId } = node.provisioning;
    const other = await desk.node(node.provisioning, { name: "other" }).boot();
    const card = await badge(desk.service, tenantId);
    const challenge = await node.challenge();
    const stolen = await other.answer(card, challenge);
    assert.equal(reason(await other.decide(stolen)), "challenge-used");
    assert.equal(reason(await node.decide(await node.answer(card, challenge))), "granted");
  });

  it("a challenge issued for one badge does not serve another", async () => {
    const { tenantId } = node.provisioning;
    const [mine, other] = [
      await badge(desk.service, tenantId),
      await badge(desk.service, tenantId),
    ];
    const challenge = await node.challenge(Buffer.from(mine.uid).toString("hex"));
    const request = await node.answer(other, challenge);
    assert.equal(reason(await node.decide(request)), "challenge-used");
  });

  it("a late tap is challenge-expired", async () => {
    const card = await badge(desk.service, node.provisioning.tenantId);
    const request = await node.answer(card, await node.challenge());
    desk.nowMs += 55_000;
    assert.equal(reason(await node.decide(request)), "challenge-expired");
  });

  it("a fifth prefetched challenge makes the first one void", async () => {
    const card = await badge(desk.service, node.provisioning.tenantId);
    const first = await node.challenge();
    for (let i = 0; i < 4; i++) await node.challenge();
    assert.equal(reason(await node.decide(await node.answer(card, first))), "challenge-used");
  });

  it("suspended, revoked and not entitled each have their own reason", async () => {
    const { admin } = desk.service;
    const { tenantId } = node.provisioning;
    const card = await badge(desk.service, tenantId);
    const { uid } = card;
    await admin.setBadgeStatus(tenantId, uid, "suspended");
    assert.equal(reason(await node.tap(card)), "badge-suspended");
    await admin.setBadgeStatus(tenantId, uid, "active");
    await admin.setBadgeScope(tenantId, uid, { nodes: [], zones: ["vault"] });
    assert.equal(reason(await node.tap(card)), "entitlement-denied");
    await admin.changeNode(tenantId, node.nodeUid, { zone: "vault" });
    assert.equal(reason(await node.tap(card)), "granted");
    await admin.setBadgeScope(tenantId, uid, { nodes: [node.nodeUid], zones: [] });
    assert.equal(reason(await node.tap(card)), "granted");
    await admin.setBadgeStatus(tenantId, uid, "revoked");
    assert.equal(reason(await node.tap(card)), "badge-revoked");
  });

  it("a copy is found out even where its badge may not pass", async () => {
    const { tenantId } = node.provisioning;
    const scope = { nodes: [], zones: [] };
    const card = await badge(desk.service, tenantId, { scope });
    const skimmed = await node.answer(card, await node.challenge());
    assert.equal(reason(await node.tap(card)), "entitlement-denied");
    const challenge = await node.challenge();
    const { signature, challengeId } = await node.answer(card, challenge);
    const copy = { ...skimmed, challengeId, signature };
    assert.equal(reason(await node.decide(copy)), "badge-cloned");
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

describe("Secret keys of a tenant", () => {
  it("are handed out in a form that cannot be printed", async () => {
    const desk = new Desk();
    const tenant = await desk.tenant();
    assert.ok(tenant.commKey instanceof Secret && tenant.df1 instanceof Secret);
    assert.equal(JSON.stringify([tenant.commKey, tenant.df1]), '["[secret]","[secret]"]');
    desk.close();
  });
});
