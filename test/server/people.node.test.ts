/** What a server publishes about people, over its endpoints, and what others make of it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Bitstring } from "@digitalbazaar/bitstring";
import { getListFromStatusListJWT } from "@sd-jwt/jwt-status-list";
import { fromBase64 } from "../../protocol/encoding/base64.ts";
import { fromUtf8 } from "../../protocol/encoding/utf8.ts";
import { CREDENTIAL_TYPES } from "../../protocol/human/credential/types.ts";
import { verifyCredential } from "../../protocol/human/credential/verify.ts";
import { p256Jwk } from "../../protocol/human/jose/p256-jwk.ts";
import { bindKey } from "../../protocol/human/sd-jwt/key-binding.ts";
import { selectDisclosures } from "../../protocol/human/sd-jwt/present.ts";
import { StatusChecker } from "../../protocol/human/status/status-checker.ts";
import { type PemLabel, toPem } from "../../protocol/human/x509/pem.ts";
import type { JsonObject } from "../../protocol/json/reader.ts";
import type { Provisioning } from "../../server/admin.ts";
import { nodeCompression } from "../../server/node-compression.ts";
import { nodeHuman as crypto } from "../../server/node-p256.ts";
import type { Role } from "../../server/roles.ts";
import { rejectsCode } from "../protocol/error-code.ts";
import { lend, NOW, testKey } from "../protocol/human-family.ts";
import { checkDocumented } from "./api-check.ts";
import { Desk } from "./desk.ts";
import { type Device, Somebody } from "./human-desk.ts";

const ALICE = 100;
const SECTOR = "bank.example";

describe("people at a server", () => {
  let desk: Desk;
  let tenant: Provisioning;
  let alice: Somebody;
  let phone: Device;
  const humans = () => desk.service.admin.humans;
  const registry = () => humans().registry(tenant.tenantId);

  beforeEach(async () => {
    desk = new Desk();
    desk.nowMs = NOW * 1000;
    tenant = await desk.tenant();
    const clock = { now: NOW, unixMs: () => desk.nowMs };
    alice = await new Somebody({ registry: registry(), clock } as never, ALICE).enrol(
      tenant.tenantId,
    );
    phone = await alice.device(10);
  });
  afterEach(() => desk.close());

  async function get(path: string, query: Record<string, string>) {
    const whole = `/${path}?${new URLSearchParams(query)}`;
    const answer = await desk.service.handle({ method: "GET", path: whole, headers: {}, body: "" });
    checkDocumented({ method: "GET", path: whole }, answer);
    return answer;
  }
  const resolve = (did: string, tenantId = tenant.tenantId) =>
    get("identity_human/ih_resolve", { tenant_id: tenantId, did });
  const list = (query: Record<string, string> = {}) =>
    get("identity_human/ih_status_list", { tenant_id: tenant.tenantId, list: "1", ...query });
  const codeOf = ({ body }: { body: string }) => (JSON.parse(body) as { code?: string }).code;

  async function submit(statement: string) {
    const path = "identity_human/ih_submit";
    const answer = await desk.post(path, { tenant_id: tenant.tenantId, statement });
    checkDocumented({ method: "POST", path }, answer);
    return answer;
  }

  /** A key of the phone that speaks for Alice at the bank, by what the phone says. */
  async function delegated(key = 20): Promise<string> {
    const delegation = await alice.delegation(SECTOR, testKey(key).publicKey);
    const act = { act: "delegate", delegation } as const;
    const answer = await submit(await alice.says(phone, act, tenant.tenantId));
    assert.equal(answer.status, 200, answer.body);
    return alice.did(SECTOR);
  }

  /** Alice's job, certified by the tenant and shown to the bank. */
  async function employed(subject: string, key = 20) {
    const issued = await humans().issue(tenant.tenantId, {
      ...{ type: CREDENTIAL_TYPES.employment, persona: "work", subject, lifetimeDays: 30 },
      ...{ claims: { employer: "Acme", role: "chemist" }, holderKey: testKey(key).publicKey },
    });
    const { sign } = testKey(key);
    const shown = selectDisclosures(crypto, issued.sdJwt, [["role"]]);
    const request = { audience: SECTOR, nonce: "n", nowUnix: NOW, sign };
    const presentation = await bindKey(crypto, shown, request);
    const { trust } = await humans().trustOf(tenant.tenantId);
    const credential = verifyCredential(crypto, presentation, {
      ...{ trust, nowUnix: NOW, types: [CREDENTIAL_TYPES.employment.vct] },
      keyBinding: { audience: SECTOR, nonce: "n" },
    });
    return { ...issued, credential, trust };
  }

  it("are told of by their devices, and found by their identifiers", async () => {
    const did = await delegated();
    const document = JSON.parse((await resolve(did)).body) as JsonObject;
    const [method] = document["verificationMethod"] as JsonObject[];
    assert.deepEqual(method!["publicKeyJwk"], p256Jwk(testKey(20).publicKey));
    assert.equal(document["id"], did);
    assert.equal(codeOf(await submit("x")), "statement-invalid");
    assert.equal(codeOf(await resolve(alice.did("other.example"))), "did-unknown");
    for (const nonsense of ["", "did:web:x", `${did}x`, "../healthz"])
      assert.equal(codeOf(await resolve(nonsense)), "did-unknown");
    const nowhere = "00000000-0000-4000-8000-000000000000";
    assert.equal(codeOf(await resolve(did, nowhere)), "tenant-unknown");
    assert.equal(codeOf(await resolve(did, "x")), "malformed");
  });

  it("hold credentials of the tenant, which go with the device that they are bound to", async () => {
    const did = await delegated();
    const { credential, trust } = await employed(did);
    assert.deepEqual([credential.claims, credential.subject], [{ role: "chemist" }, did]);
    let fetched = 0;
    const checker = new StatusChecker({
      ...{ crypto, trust, compression: nodeCompression, hosts: ["latchkey.local"] },
      fetchList: async (uri) => {
        fetched++;
        return (await list(Object.fromEntries(new URL(uri).searchParams))).body;
      },
    });
    await checker.check(credential, NOW);
    const order = { serial: phone.serial, lost: true, by: "desk" };
    const done = await registry().revokeDevice(alice.rootId, order);
    assert.deepEqual(done, { generation: 1, identifiers: 1, credentials: 1 });
    // A copy that was fetched is good for its time, and no longer.
    await checker.check(credential, NOW + 299);
    assert.equal(fetched, 1);
    desk.nowMs += 300_000;
    await rejectsCode(checker.check(credential, NOW + 300), "credential-revoked");
    const document = JSON.parse((await resolve(did)).body) as JsonObject;
    assert.deepEqual(document["verificationMethod"], []);
    await rejectsCode(employed(did), "did-unknown");
  });

  it("have statuses that two other libraries read, in both forms", async () => {
    const did = await delegated();
    const issued = [await employed(did), await employed(did), await employed(did)];
    const places = issued.map(({ place }) => place);
    await humans().setStatus(tenant.tenantId, places[0]!, 1, "desk");
    await humans().setStatus(tenant.tenantId, places[1]!, 2, "desk");
    const answer = await list();
    assert.equal(answer.headers["content-type"], "application/statuslist+jwt");
    const read = getListFromStatusListJWT(answer.body);
    assert.deepEqual(
      places.map(({ index }) => read.getStatus(index)),
      [1, 2, 0],
    );
    for (const [purpose, expected] of [
      ["revocation", [true, false, false]],
      ["suspension", [false, true, false]],
    ] as const) {
      const { headers, body } = await list({ purpose });
      assert.equal(headers["content-type"], "application/vc+jwt");
      const vc = JSON.parse(fromUtf8(fromBase64(body.split(".")[1]!))) as JsonObject;
      const subject = vc["credentialSubject"] as { encodedList: string; statusPurpose: string };
      assert.equal(subject.statusPurpose, purpose);
      const buffer = await Bitstring.decodeBits({ encoded: subject.encodedList.slice(1) });
      const bits = new Bitstring({ buffer });
      assert.deepEqual(
        places.map(({ index }) => bits.get(index)),
        expected,
      );
    }
    for (const wrong of [{ list: "0" }, { list: "x" }, { list: "1000" }, { purpose: "x" }])
      assert.equal(codeOf(await list(wrong as never)), "malformed");
    // Indices are taken at random.
    assert.ok(new Set(places.map(({ index }) => index >> 10)).size > 1);
  });

  it("are invited, called off and looked up by who may do that, over the network", async () => {
    const { tenantId } = tenant;
    const token = async (role: Role) =>
      desk.service.admin.createOperator({ name: `the-${role}`, role, tenantId });
    const manage = async (role: Role, path: string, fields: object) => {
      const authorization = `Bearer ${await token(role)}`;
      const body = { tenant_id: tenantId, ...fields };
      const answer = await desk.post(`identity_manage/${path}`, body, { authorization });
      checkDocumented({ method: "POST", path: `identity_manage/${path}` }, answer);
      return JSON.parse(answer.body) as Record<string, never> & { code?: string };
    };
    const { kty, crv, x, y } = p256Jwk(testKey(60).publicKey);
    const day = new Date(NOW * 1000).toISOString().slice(0, 10);
    const order = { zone: "lab", day, jwk: { kty, crv, x, y }, visitor: "Bo" };
    for (const role of ["operator", "auditor"] as const)
      assert.equal((await manage(role, "im_invite_visitor", order)).code, "forbidden-role");
    const { credential, ...place } = await manage("manager", "im_invite_visitor", order);
    const { trust } = await humans().trustOf(tenantId);
    const shown = selectDisclosures(crypto, credential!, [["visitor"]]);
    const { sign } = testKey(60);
    const request = { audience: "a", nonce: "n", nowUnix: NOW, sign };
    const { claims } = verifyCredential(crypto, await bindKey(crypto, shown, request), {
      ...{ trust, nowUnix: NOW, types: [CREDENTIAL_TYPES.doorVisitor.vct] },
      keyBinding: { audience: "a", nonce: "n" },
    });
    assert.deepEqual(claims, { tenant: tenantId, zone: "lab", valid_on: day, visitor: "Bo" });
    for (const [change, code] of [
      [{ jwk: { kty, crv, x: y, y: x } }, "holder-key-invalid"],
      [{ day: "2027-02-30" }, "credential-date-invalid"],
      [{ day: "2020-01-01" }, "credential-date-invalid"],
      [{ jwk: { kty: "RSA", crv, x, y } }, "malformed"],
    ] as const)
      assert.equal(
        (await manage("manager", "im_invite_visitor", { ...order, ...change })).code,
        code,
      );
    const set = (status: string) =>
      manage("manager", "im_set_credential_status", { ...place, status });
    assert.deepEqual(await set("revoked"), {});
    assert.equal((await set("valid")).code, "status-index-invalid");
    const did = await delegated();
    const asked = { did, purpose: "a lost bag" };
    for (const role of ["manager", "operator", "auditor"] as const)
      assert.equal((await manage(role, "im_look_up_person", asked)).code, "forbidden-role");
    const found = await manage("admin", "im_look_up_person", asked);
    assert.deepEqual(found, { root: alice.rootId });
    const lost = { root: alice.rootId, serial: phone.serial, lost: true };
    const done = await manage("manager", "im_revoke_device", lost);
    assert.deepEqual(done, { generation: 1, identifiers: 1, credentials: 0 });
    assert.equal((await manage("manager", "im_revoke_device", lost)).code, "device-unknown");
    const rows = await desk.service.admin.auditRows(tenantId, 1000);
    const by = (kind: string) => rows.filter((row) => row.kind === kind).map(({ data }) => data);
    assert.ok(by("human-looked-up").some((data) => data.includes('"by":"the-admin"')));
    assert.ok(by("human-device-revoked").every((data) => data.includes('"by":"the-manager"')));
  });

  it("are described by type", async () => {
    const { vct, name } = CREDENTIAL_TYPES.doorVisitor;
    const described = JSON.parse((await get("identity_human/ih_type", { vct })).body) as JsonObject;
    assert.deepEqual([described["vct"], described["name"]], [vct, name]);
    assert.equal(codeOf(await get("identity_human/ih_type", { vct: "urn:x" })), "not-found");
  });

  it("have certificates and lists that OpenSSL takes in strict mode, and sees revoked", async function () {
    if (spawnSync("openssl", ["version"]).status !== 0) {
      if (process.env["CI"] === "true") throw new Error("openssl is required and missing");
      this.skip();
    }
    const folder = mkdtempSync(join(tmpdir(), "latchkey-people-"));
    const put = (name: string, label: PemLabel, der: Uint8Array) =>
      writeFileSync(join(folder, name), toPem(label, der));
    const verify = (...args: string[]): string => {
      const strict = ["verify", "-x509_strict", "-attime", String(NOW + 60)];
      const done = spawnSync("openssl", [...strict, ...args], { encoding: "utf8", cwd: folder });
      return `${done.stdout}${done.stderr}`;
    };
    try {
      put(
        "root.pem",
        "CERTIFICATE",
        lend((root) => root.certificate(), ALICE),
      );
      put("revoker.pem", "CERTIFICATE", alice.revoker!);
      put("phone.pem", "CERTIFICATE", phone.certificate);
      const withList = ["-CAfile", "root.pem", "-crl_check", "-extended_crl"];
      const check = async () => {
        put("crl.pem", "X509 CRL", await registry().crl(alice.rootId));
        return verify(...withList, "-untrusted", "revoker.pem", "-CRLfile", "crl.pem", "phone.pem");
      };
      assert.equal(await check(), "phone.pem: OK\n");
      await registry().revokeDevice(alice.rootId, { serial: phone.serial, lost: true, by: "desk" });
      assert.match(await check(), /certificate revoked/);
      const { anchor } = await humans().trustOf(tenant.tenantId);
      const { sdJwt } = await humans().issue(tenant.tenantId, {
        ...{ type: CREDENTIAL_TYPES.base, persona: "personal", claims: {}, lifetimeDays: 1 },
        holderKey: testKey(20).publicKey,
      });
      const header = JSON.parse(fromUtf8(fromBase64(sdJwt.split(".")[0]!))) as { x5c: string[] };
      put("anchor.pem", "CERTIFICATE", anchor.certificate);
      put("issuer.pem", "CERTIFICATE", fromBase64(header.x5c[0]!));
      assert.equal(verify("-CAfile", "anchor.pem", "issuer.pem"), "issuer.pem: OK\n");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
