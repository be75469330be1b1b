import assert from "node:assert/strict";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { REGISTER_PATH } from "../../protocol/node/endpoints.ts";
import { signRegistration, writeRegisterRequest } from "../../protocol/node/registration.ts";
import type { Provisioning } from "../../server/admin.ts";
import { Desk } from "./desk.ts";

const SEED = new Uint8Array(32).fill(5);

/** A registration as the node with this seed sends it. */
function request(tenant: Provisioning, change: { enrolToken?: string; seed?: Uint8Array } = {}) {
  const { seed = SEED, enrolToken } = change;
  const node = {
    tenantId: tenant.tenantId,
    nodeType: "reader",
    nodePk: nobleCrypto.ed25519PublicKey(seed),
    clientNonce: new Uint8Array(16).fill(1),
    ...(enrolToken !== undefined && { enrolToken }),
  };
  const { commKey, commIv } = tenant;
  return writeRegisterRequest(signRegistration(nobleCrypto, seed, commKey.bytes, commIv, node));
}

describe("service: registration", () => {
  let desk: Desk;
  beforeEach(() => {
    desk = new Desk();
  });
  afterEach(() => desk.close());

  const register = async (body: object) => JSON.parse((await desk.post(REGISTER_PATH, body)).body);

  it("is idempotent: the same key is the same node", async () => {
    const tenant = await desk.tenant();
    const first = await register(request(tenant));
    const again = await register(request(tenant));
    assert.deepEqual([first.status, again.status], ["registered", "exists"]);
    assert.equal(first.node_uid, again.node_uid);
    assert.equal((await desk.service.admin.nodes(tenant.tenantId)).length, 1);
  });

  it("of 20 registrations of one key at once one registers", async () => {
    const tenant = await desk.tenant();
    const body = request(tenant);
    const answers = await Promise.all(Array.from({ length: 20 }, () => register(body)));
    assert.equal(answers.filter(({ status }) => status === "registered").length, 1);
    assert.equal(new Set(answers.map(({ node_uid }) => node_uid)).size, 1);
  });

  it("policy approve: pending until a manager says yes", async () => {
    const tenant = await desk.tenant({ registration: "approve" });
    const node = desk.node(tenant);
    const { status, nodeUid } = await node.identity.ensureRegistered();
    assert.equal(status, "pending");
    await assert.rejects(node.identity.authenticate(), { code: "node-pending" });
    await desk.service.admin.approveNode(tenant.tenantId, nodeUid);
    await node.boot();
    assert.ok(node.identity.state.session);
  });

  it("policy token: one token lets in one node", async () => {
    const tenant = await desk.tenant({ registration: "token" });
    const enrolToken = await desk.service.admin.createEnrolToken(tenant.tenantId, 3600);
    assert.equal((await register(request(tenant))).code, "enrol-token-invalid");
    assert.equal(
      (await register(request(tenant, { enrolToken: "lke_x" }))).code,
      "enrol-token-invalid",
    );
    assert.equal((await register(request(tenant, { enrolToken }))).status, "registered");
    const seed = new Uint8Array(32).fill(6);
    assert.equal(
      (await register(request(tenant, { seed, enrolToken }))).code,
      "enrol-token-invalid",
    );
    assert.equal((await register(request(tenant))).status, "exists", "known nodes need none");
  });

  it("policy token: of 20 nodes at once with one token one gets in", async () => {
    const tenant = await desk.tenant({ registration: "token" });
    const enrolToken = await desk.service.admin.createEnrolToken(tenant.tenantId, 3600);
    const bodies = Array.from({ length: 20 }, (_, i) =>
      request(tenant, { enrolToken, seed: new Uint8Array(32).fill(i + 1) }),
    );
    const answers = await Promise.all(bodies.map(register));
    assert.equal(answers.filter(({ status }) => status === "registered").length, 1);
    assert.equal(answers.filter(({ code }) => code === "enrol-token-invalid").length, 19);
  });

  it("policy token: a token does not outlive its time, nor serve another tenant", async () => {
    const tenant = await desk.tenant({ registration: "token" });
    const other = await desk.tenant({ registration: "token" });
    const enrolToken = await desk.service.admin.createEnrolToken(tenant.tenantId, 20);
    assert.equal((await register(request(other, { enrolToken }))).code, "enrol-token-invalid");
    desk.nowMs += 20_000; // too early for the sweep: the time itself must count
    assert.equal((await register(request(tenant, { enrolToken }))).code, "enrol-token-invalid");
  });

  it("a wrong comm_key, another tenant's and an unknown tenant sound the same", async () => {
    const tenant = await desk.tenant();
    const other = await desk.tenant();
    const unknown = { ...tenant, tenantId: "00000000-0000-4000-8000-000000000000" };
    const mixed = { ...tenant, commKey: other.commKey, commIv: other.commIv };
    const answers = [await register(request(mixed)), await register(request(unknown))];
    assert.equal(answers[0].code, "registration-refused");
    assert.deepEqual(answers[1], answers[0]);
  });

  it("an unknown tenant is refused even with a MAC under the key that stands in for its own", async () => {
    const tenant = await desk.tenant();
    const { Secret } = await import("../../protocol/crypto/secret.ts");
    const nobody = {
      ...tenant,
      tenantId: "00000000-0000-4000-8000-000000000000",
      commKey: new Secret(new Uint8Array(32)),
      commIv: new Uint8Array(12),
    };
    assert.equal((await register(request(nobody))).code, "registration-refused");
  });

  it("a signature of another key is signature-invalid, and nothing is stored", async () => {
    const tenant = await desk.tenant();
    const body = request(tenant);
    const bad = { ...body, signature_b64: Buffer.alloc(64).toString("base64") };
    assert.equal((await register(bad)).code, "signature-invalid");
    assert.equal((await desk.service.admin.nodes(tenant.tenantId)).length, 0);
  });
});
