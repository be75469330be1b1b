import assert from "node:assert/strict";
import { Point } from "@noble/ed25519";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { parseObject } from "../../protocol/json/reader.ts";
import { parseChallenge } from "../../protocol/node/challenge.ts";
import { CHALLENGE_PATH, VERIFY_PATH } from "../../protocol/node/endpoints.ts";
import { nodeAuthTranscript, writeVerifyRequest } from "../../protocol/node/verify.ts";
import { NOBODYS_KEY } from "../../server/handlers/verify-node.ts";
import { codeOf, Desk, lastSent, MapStorage, type Sent, type TestNode } from "./desk.ts";

const SEED = new Uint8Array(32).fill(11);

describe("service: attacks on the handshake", () => {
  let desk: Desk;
  let node: TestNode;
  beforeEach(async () => {
    desk = new Desk();
    node = await desk.node(await desk.tenant()).boot();
  });
  afterEach(() => desk.close());

  it("a challenge is answered once: the same answer again is challenge-used", async () => {
    const { body } = lastSent(node, VERIFY_PATH);
    assert.equal(codeOf(await desk.post(VERIFY_PATH, body)), "challenge-used");
  });

  it("a wrong answer uses the challenge up too", async () => {
    const { body } = lastSent(node, VERIFY_PATH);
    const { body: asked } = lastSent(node, CHALLENGE_PATH);
    const { challenge_id } = JSON.parse((await desk.post(CHALLENGE_PATH, asked)).body);
    const wrong = { ...JSON.parse(body), challenge_id };
    assert.equal(codeOf(await desk.post(VERIFY_PATH, wrong)), "signature-invalid");
    assert.equal(codeOf(await desk.post(VERIFY_PATH, wrong)), "challenge-used");
  });

  it("a late answer is challenge-expired, and uses the challenge up", async () => {
    const { body: asked } = lastSent(node, CHALLENGE_PATH);
    const issued = JSON.parse((await desk.post(CHALLENGE_PATH, asked)).body);
    assert.ok(issued.expires_in < 60);
    desk.nowMs += issued.expires_in * 1000;
    const { body } = lastSent(node, VERIFY_PATH);
    const late = { ...JSON.parse(body), challenge_id: issued.challenge_id };
    assert.equal(codeOf(await desk.post(VERIFY_PATH, late)), "challenge-expired");
    assert.equal(codeOf(await desk.post(VERIFY_PATH, late)), "challenge-used");
  });

  it("a node that does not exist looks like one that does", async () => {
    const asked = JSON.parse(lastSent(node, CHALLENGE_PATH).body);
    const stranger = "00000000-0000-4000-8000-000000000000";
    const answers = [];
    const cases = [asked, { ...asked, node_uid: stranger }, { ...asked, tenant_id: stranger }];
    for (const body of cases) {
      const challenge = JSON.parse((await desk.post(CHALLENGE_PATH, body)).body);
      const wrong = {
        ...JSON.parse(lastSent(node, VERIFY_PATH).body),
        challenge_id: challenge.challenge_id,
      };
      const verdict = await desk.post(VERIFY_PATH, wrong);
      answers.push({ fields: Object.keys(challenge), lengths: lengths(challenge), verdict });
    }
    assert.deepEqual(answers[1], answers[0]);
    assert.deepEqual(answers[2], answers[0]);
    assert.equal(codeOf(answers[0]!.verdict), "signature-invalid");
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

  it("a pending node gets no session, even if it does not ask whether it may", async () => {
    const tenant = await desk.tenant({ registration: "approve" });
    const storage = new MapStorage();
    storage.set("node.key", SEED);
    const pushy = desk.node(tenant, { name: "pushy", storage });
    const { nodeUid } = await pushy.identity.ensureRegistered();
    const { tenantId } = tenant;
    const ask = { tenant_id: tenantId, node_uid: nodeUid, client_nonce: "A".repeat(22) };
    const issued = parseChallenge(parseObject((await desk.post(CHALLENGE_PATH, ask)).body));
    const { challengeId, nonce, serverEpk } = issued;
    const nodeEpk = nobleCrypto.x25519PublicKey(new Uint8Array(32).fill(3));
    const nodePk = nobleCrypto.ed25519PublicKey(SEED);
    const [serverPk] = tenant.serverKeys as [Uint8Array];
    const auth = { tenantId, nodeUid, challengeId, nonce, serverEpk, nodeEpk, nodePk, serverPk };
    const signature = nobleCrypto.ed25519Sign(SEED, nodeAuthTranscript(auth));
    const answer = writeVerifyRequest({ challengeId, nodeEpk, signature });
    assert.equal(codeOf(await desk.post(VERIFY_PATH, answer)), "node-pending");
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
    const codes = (await Promise.all(racing)).map(codeOf);
    held.resolve();
    assert.equal(codes.filter((each) => each === "ok").length, 1);
    assert.equal(codes.filter((each) => each === "challenge-used").length, 49);
    await assert.rejects(booting, { code: "challenge-used" });
  });
});
