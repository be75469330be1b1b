import assert from "node:assert/strict";
import { fromBase64, toBase64Url } from "../../protocol/encoding/base64.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { p256Jwk } from "../../protocol/human/jose/p256-jwk.ts";
import {
  type RegistryAct,
  signRegistryStatement,
} from "../../protocol/human/registry-statement.ts";
import { parseCertificate } from "../../protocol/human/x509/certificate.ts";
import type { JsonObject } from "../../protocol/json/reader.ts";
import type { Provisioning } from "../../server/admin.ts";
import { nodeHuman as crypto } from "../../server/node-p256.ts";
import { throwsCode } from "../protocol/error-code.ts";
import { csrOf, HOUR, lend, NOW, type TestKey, testKey } from "../protocol/human-family.ts";
import { codeOf, Desk } from "./desk.ts";

const [ALICE, MALLORY] = [100, 101];
const VALIDITY = { notBefore: NOW - HOUR };
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const b64 = toBase64Url;

interface Device {
  readonly key: TestKey;
  readonly certificate: Uint8Array;
  readonly serial: string;
}

describe("a person who enrols over the network", () => {
  let desk: Desk;
  let tenant: Provisioning;
  beforeEach(async () => {
    desk = new Desk();
    desk.nowMs = NOW * 1000;
    tenant = await desk.tenant();
  });
  afterEach(() => desk.close());

  const rootOf = (person: number) => lend((root) => root.certificate(), person);
  const idOf = (person: number) => lend((root) => root.id, person);
  const post = (name: string, body: JsonObject, tenantId = tenant.tenantId) =>
    desk.post(`identity_human/${name}`, { tenant_id: tenantId, ...body });
  const read = (answer: { body: string }) => JSON.parse(answer.body) as JsonObject;
  const ask = (path: string, body: JsonObject, tenantId = tenant.tenantId) =>
    desk.service.admin.ask(`identity_manage/${path}`, { tenant_id: tenantId, ...body });
  const invite = async (tenantId = tenant.tenantId) =>
    String((await ask("im_invite_person", { ttl_s: 600 }, tenantId))["token"]);
  const csrFor = async (token: string, tenantId = tenant.tenantId) =>
    fromBase64(String(read(await post("ih_begin_enrolment", { token }, tenantId))["csr"]));
  const revokerBy = (person: number, csr: Uint8Array, registry = tenant.tenantId) =>
    lend((root) => root.delegateRevocation(csr, VALIDITY, registry), person);
  const answer = (token: string, root: Uint8Array, revoker: Uint8Array) =>
    post("ih_enrol", { token, root: b64(root), revoker: b64(revoker) });

  async function enrol(person: number): Promise<string> {
    const token = await invite();
    const revoker = revokerBy(person, await csrFor(token));
    const answered = await answer(token, rootOf(person), revoker);
    assert.deepEqual(read(answered), { accepted: true });
    return token;
  }
  async function deviceOf(person: number, number: number): Promise<Device> {
    const key = testKey(number);
    const csr = await csrOf(key);
    const certificate = lend((root) => root.delegateDevice(csr, `d${number}`, VALIDITY), person);
    return { key, certificate, serial: toHex(parseCertificate(crypto, certificate).serial) };
  }
  const now = () => Math.floor(desk.nowMs / 1000);
  const says = (person: number, { key, serial }: Device, act: RegistryAct, more = {}) =>
    signRegistryStatement(
      { rootId: idOf(person), serial, tenantId: tenant.tenantId, issuedAt: now(), act, ...more },
      key.sign,
    );
  const submit = async (statement: string, tenantId?: string) =>
    post("ih_submit", { statement }, tenantId);
  const join = async (person: number, device: Device, more = {}) =>
    submit(await says(person, device, { act: "join", certificate: device.certificate }, more));
  const accountOf = async (person: number, device: Device) =>
    post("ih_account", { statement: await says(person, device, { act: "account" }) });
  const audit = () => desk.service.admin.auditRows(tenant.tenantId, 1000);

  it("comes in by an invitation, with devices that ask, speak and revoke each other", async () => {
    await enrol(ALICE);
    const [phone, laptop] = [await deviceOf(ALICE, 10), await deviceOf(ALICE, 11)];
    for (const device of [phone, laptop])
      assert.deepEqual(read(await join(ALICE, device)), { accepted: true });
    const before = read(await accountOf(ALICE, laptop));
    assert.deepEqual(before["devices"], [phone.serial, laptop.serial]);
    const secret = lend((root) => root.pairwiseSecret(), ALICE);
    const context = { persona: "work", sector: "bank.example", generation: 0 } as const;
    const { signDelegation } = await import("../../protocol/human/delegation.ts");
    const times = { issuedAt: NOW, expiresAt: NOW + HOUR };
    const delegation = await signDelegation(secret, context, {
      deviceKey: testKey(20).publicKey,
      ...times,
    });
    const said = await submit(await says(ALICE, phone, { act: "delegate", delegation }));
    assert.equal(said.status, 200, said.body);
    const document = await desk.service.admin.humans
      .registry(tenant.tenantId)
      .resolve(secret.did(context));
    const [method] = document["verificationMethod"] as JsonObject[];
    assert.deepEqual(method!["publicKeyJwk"], p256Jwk(testKey(20).publicKey));
    desk.nowMs += 1000;
    const stolen = { act: "revoke", serial: phone.serial, lost: true } as const;
    assert.equal((await submit(await says(ALICE, laptop, stolen))).status, 200);
    const after = read(await accountOf(ALICE, laptop));
    assert.deepEqual(
      [after["generation"], after["devices"], after["revoked"]],
      [1, [laptop.serial], [phone.serial]],
    );
    assert.notEqual(after["crl"], before["crl"]);
    assert.equal(codeOf(await accountOf(ALICE, phone)), "statement-invalid");
    assert.equal(codeOf(await join(ALICE, phone)), "certificate-revoked");
    const rows = JSON.stringify((await audit()).map(({ kind, data }) => [kind, data]));
    for (const kind of ["human-invited", "human-enrolled", "human-device-added"])
      assert.ok(rows.includes(kind), kind);
    for (const name of [idOf(ALICE), secret.did(context), phone.serial])
      assert.ok(!rows.includes(name), "no row names anybody");
  });

  it("is enrolled nowhere else by a registry that passes on another's request", async () => {
    const evil = await desk.tenant();
    // Mallory runs `evil`, has an invitation to the honest tenant, and Alice's visit.
    const passedOn = await csrFor(await invite());
    throwsCode(() => revokerBy(ALICE, passedOn, evil.tenantId), "csr-invalid");
    throwsCode(() => lend((root) => root.delegateRevocation(passedOn, VALIDITY)), "csr-invalid");
    // Nor does a device's request pass for a registry's, or the other way round.
    const own = await csrOf(testKey(10));
    throwsCode(() => revokerBy(ALICE, own), "csr-invalid");
    assert.ok(
      revokerBy(ALICE, await csrFor(await invite(evil.tenantId), evil.tenantId), evil.tenantId),
    );
  });

  it("needs an invitation of this tenant that is open, and uses it up", async () => {
    const other = await desk.tenant();
    const foreign = await invite(other.tenantId);
    for (const token of ["", "lkp_x", foreign].slice(1))
      assert.equal(codeOf(await post("ih_begin_enrolment", { token })), "invitation-invalid");
    const late = await invite();
    const revoker = revokerBy(ALICE, await csrFor(late));
    desk.nowMs += 601_000;
    assert.equal(codeOf(await answer(late, rootOf(ALICE), revoker)), "invitation-invalid");
    const token = await invite();
    const good = revokerBy(ALICE, await csrFor(token));
    const both = await Promise.all([1, 2].map(() => answer(token, rootOf(ALICE), good)));
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 403]);
    const mallorys = revokerBy(MALLORY, await csrOf(testKey(9), tenant.tenantId));
    assert.equal(
      codeOf(await answer(token, rootOf(MALLORY), mallorys)),
      "invitation-invalid",
      "before its certificates are compared",
    );
  });

  it("is not enrolled by another, who learns nothing either", async () => {
    // Mallory has Alice's certificate, which is public, and an invitation of her own.
    const attempts = async () => {
      const token = await invite();
      const csr = await csrFor(token);
      const refused = [
        await answer(token, rootOf(ALICE), revokerBy(MALLORY, csr)),
        await answer(token, rootOf(ALICE), rootOf(ALICE)),
        await answer(
          token,
          rootOf(ALICE),
          revokerBy(ALICE, await csrOf(testKey(9), tenant.tenantId)),
        ),
        await answer(token, new Uint8Array(9), revokerBy(MALLORY, csr)),
      ];
      return refused.map((one) => codeOf(one));
    };
    const strangers = ["certificate-untrusted", "certificate-untrusted"];
    const before = await attempts();
    assert.deepEqual(before, [...strangers, "certificate-untrusted", "certificate-invalid"]);
    await enrol(ALICE);
    assert.deepEqual(await attempts(), before);
    // Alice herself hears that she is in, and her invitation is not used up by it.
    const token = await invite();
    const csr = await csrFor(token);
    assert.equal(codeOf(await answer(token, rootOf(ALICE), revokerBy(ALICE, csr))), "conflict");
    const mallory = await answer(token, rootOf(MALLORY), revokerBy(MALLORY, csr));
    assert.equal(mallory.status, 200);
  });

  it("lets in devices that have their key and its certificate, and tells strangers nothing", async () => {
    const phone = await deviceOf(ALICE, 10);
    const thief = { ...phone, key: testKey(11) };
    const foreign = await deviceOf(MALLORY, 12);
    const revoker = revokerBy(ALICE, await csrOf(testKey(13), tenant.tenantId));
    const wrongUse = { ...phone, key: testKey(13), certificate: revoker };
    const refused = async () => [
      codeOf(await join(ALICE, thief)),
      codeOf(await join(ALICE, foreign)),
      codeOf(await join(ALICE, { ...phone, serial: foreign.serial })),
      codeOf(await join(ALICE, wrongUse)),
      codeOf(await join(ALICE, phone, { issuedAt: now() - 301 })),
      codeOf(await join(ALICE, phone, { tenantId: "00000000-0000-4000-8000-000000000000" })),
    ];
    const nobody = await refused();
    assert.deepEqual(new Set(nobody), new Set(["statement-invalid"]));
    await enrol(ALICE);
    assert.deepEqual(await refused(), nobody);
    const other = await desk.tenant();
    const act = { act: "join", certificate: phone.certificate } as const;
    const said = await says(ALICE, phone, act);
    assert.equal(codeOf(await submit(said, other.tenantId)), "statement-invalid");
    assert.equal((await submit(said)).status, 200);
    const rows = (await audit()).length;
    assert.equal((await submit(said)).status, 200, "said again");
    assert.equal((await audit()).length, rows);
  });

  it("is heard once: what was overheard is worth nothing, whatever is done to it", async () => {
    await enrol(ALICE);
    const phone = await deviceOf(ALICE, 10);
    await join(ALICE, phone);
    const statement = await says(ALICE, phone, { act: "account" });
    const account = (text: string) => post("ih_account", { statement: text });
    assert.equal((await account(statement)).status, 200);
    assert.equal(codeOf(await account(statement)), "replay");
    // Another good signature of the same words: n - s in place of s.
    const [header, payload, signature] = statement.split(".");
    const bytes = fromBase64(signature!);
    const s = ORDER - BigInt(`0x${toHex(bytes.subarray(32))}`);
    bytes.set(Buffer.from(s.toString(16).padStart(64, "0"), "hex"), 32);
    const twin = `${header}.${payload}.${b64(bytes)}`;
    assert.equal(codeOf(await account(twin)), "replay");
    assert.equal(codeOf(await submit(statement)), "statement-invalid");
    const revoke = await says(ALICE, phone, { act: "revoke", serial: phone.serial, lost: false });
    assert.equal(codeOf(await account(revoke)), "statement-invalid");
    assert.equal((await submit(revoke)).status, 200);
    desk.nowMs += 301_000;
    assert.equal(codeOf(await account(statement)), "statement-invalid");
  });

  it("is asked for by who may invite, and by nobody too often", async () => {
    const { tenantId } = tenant;
    for (const role of ["operator", "auditor"] as const) {
      const token = await desk.service.admin.createOperator({ name: role, role, tenantId });
      const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
      const body = JSON.stringify({ tenant_id: tenantId });
      const path = "identity_manage/im_invite_person";
      const asked = await desk.service.handle({ method: "POST", path, headers, body });
      assert.equal(codeOf(asked), "forbidden-role");
    }
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ tenant_id: tenantId, token: "lkp_x" });
    const guess = () =>
      desk.service.handle({
        ...{ method: "POST", path: "identity_human/ih_begin_enrolment", headers, body },
        remoteAddress: "192.0.2.9",
      });
    const codes = new Set<string | undefined>();
    for (let i = 0; i < 200 && !codes.has("rate-limited"); i++) codes.add(codeOf(await guess()));
    assert.deepEqual([...codes], ["invitation-invalid", "rate-limited"]);
  });
});
