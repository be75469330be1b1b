import assert from "node:assert/strict";
import { BADGE_VERIFY_PATH } from "../../protocol/badge/endpoints.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { POST_PATH, VERIFY_PATH } from "../../protocol/node/endpoints.ts";
import { signJwt, type TokenClaims } from "../../protocol/node/jwt.ts";
import type { ServiceResponse } from "../../server/context.ts";
import { codeOf, Desk, lastSent, type Sent, type TestNode, warm } from "./desk.ts";

describe("service: attacks on the session", () => {
  let desk: Desk;
  let node: TestNode;
  const resend = (sent: Sent, headers = sent.headers) => desk.post(sent.path, sent.body, headers);

  beforeEach(async () => {
    desk = new Desk();
    node = await desk.node(await desk.tenant()).boot();
    await node.report([warm(1)]);
  });
  afterEach(() => desk.close());

  it("a replayed envelope is refused with replay and stored once", async () => {
    const sent = lastSent(node, POST_PATH);
    for (let i = 0; i < 3; i++) assert.equal(codeOf(await resend(sent)), "replay");
    const { tenantId } = node.provisioning;
    assert.equal((await desk.service.admin.readings(tenantId, node.nodeUid)).length, 1);
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
    const sending = racer.report([warm(2)]);
    // The node's own copy came last, so another one won and the node hears `replay`.
    await assert.rejects(sending, { code: "replay" });
    const codes = (await Promise.all(copies)).map(codeOf);
    assert.equal(codes.filter((each) => each === "ok").length, 1);
    assert.equal(codes.filter((each) => each === "replay").length, 48);
    const { tenantId } = node.provisioning;
    assert.equal((await service.admin.readings(tenantId, racer.nodeUid)).length, 1);
  });

  it("an envelope sent to another endpoint does not open there", async () => {
    const { body, headers } = lastSent(node, POST_PATH);
    assert.equal(codeOf(await desk.post(BADGE_VERIFY_PATH, body, headers)), "envelope-invalid");
  });

  it("an altered envelope does not open, and does not use up its number", async () => {
    const sent = lastSent(node, POST_PATH);
    const envelope = JSON.parse(sent.body);
    const forged = { ...envelope, seq: envelope.seq + 40 };
    const refused = await desk.post(POST_PATH, forged, sent.headers);
    assert.equal(codeOf(refused), "envelope-invalid");
    // The window did not move: the next number still passes, and so do 40 more.
    for (let i = 0; i < 41; i++) await node.report([warm(i)]);
  });

  it("a token without its session's key opens nothing", async () => {
    const other = await desk.node(node.provisioning, { name: "other" }).boot();
    await other.report([warm(1)]);
    const [mine, theirs] = [lastSent(node, POST_PATH), lastSent(other, POST_PATH)];
    assert.equal(codeOf(await resend(mine, theirs.headers)), "token-invalid");
    const swapped = { ...JSON.parse(mine.body), sid: JSON.parse(theirs.body).sid };
    assert.equal(codeOf(await desk.post(POST_PATH, swapped, theirs.headers)), "envelope-invalid");
  });

  it("no token, a broken one and one of another key are refused", async () => {
    const sent = lastSent(node, POST_PATH);
    const { authorization, ...bare } = sent.headers;
    assert.equal(codeOf(await resend(sent, bare)), "unauthenticated");
    const basic = { ...bare, authorization: "Basic YWRtaW46YWRtaW4=" };
    assert.equal(codeOf(await resend(sent, basic)), "unauthenticated");
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
      assert.match(codeOf(await resend(sent, headers)), /^(token-invalid|unauthenticated)$/);
    }
  });

  it("an expired token is refused", async () => {
    const sent = lastSent(node, POST_PATH);
    desk.nowMs += 15 * 60_000;
    assert.equal(codeOf(await resend(sent)), "token-expired");
  });

  it("a revoked node is out at once and cannot come back with its key", async () => {
    const { tenantId } = node.provisioning;
    await desk.service.admin.revokeNode(tenantId, node.nodeUid);
    assert.equal(codeOf(await resend(lastSent(node, POST_PATH))), "session-unknown");
    const again = node.report([warm(3)]);
    await assert.rejects(again, { code: "node-revoked" });
    const restarted = desk.node(node.provisioning, { storage: node.storage });
    await assert.rejects(restarted.identity.authenticate(), { code: "node-revoked" });
    assert.equal(restarted.sent.length, 2, "a challenge and its answer, and no more");
    const revived = desk.service.admin.approveNode(tenantId, node.nodeUid);
    await assert.rejects(revived, { code: "node-revoked" });
  });

  it("a node keeps four sessions at most: the oldest goes", async () => {
    const boots = [node];
    for (let i = 0; i < 4; i++)
      boots.push(await desk.node(node.provisioning, { storage: node.storage }).boot());
    assert.equal(new Set(boots.map((boot) => boot.nodeUid)).size, 1);
    assert.equal(codeOf(await resend(lastSent(node, POST_PATH))), "session-unknown");
    await boots[1]!.report([warm(1)]);
    const verified = boots[1]!.sent.filter(({ path }) => path === VERIFY_PATH);
    assert.equal(verified.length, 1, "the second oldest session is still open");
  });
});
