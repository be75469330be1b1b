import assert from "node:assert/strict";
import { Visitor } from "../../host-sim/visitor.ts";
import { fromBase64 } from "../../protocol/encoding/base64.ts";
import { type IssuerAnchor, IssuerTrust } from "../../protocol/human/credential/issuer-trust.ts";
import { CREDENTIAL_TYPES } from "../../protocol/human/credential/types.ts";
import { verifyCredential } from "../../protocol/human/credential/verify.ts";
import { bindKey } from "../../protocol/human/sd-jwt/key-binding.ts";
import { selectDisclosures } from "../../protocol/human/sd-jwt/present.ts";
import { StatusChecker } from "../../protocol/human/status/status-checker.ts";
import { type JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import { parseVisitAnswer, VISIT_PATH, writeVisitQuestion } from "../../protocol/visit/visit.ts";
import type { Provisioning } from "../../server/admin.ts";
import { nodeCompression } from "../../server/node-compression.ts";
import { nodeHuman as crypto } from "../../server/node-p256.ts";
import { openSqliteRecords } from "../../server/store/sqlite-records.ts";
import { visitCredential } from "../../server/visit/visit-credential.ts";
import { rejectsCode } from "../protocol/error-code.ts";
import { testKey } from "../protocol/human-family.ts";
import { codeOf, Desk, type TestNode } from "./desk.ts";

const TODAY = "2026-03-01";
const AUDIENCE = "door.example";

describe("the key of a tenant's own issuer", () => {
  let desk: Desk;
  let tenant: Provisioning;
  let lab: TestNode;
  const records = () => openSqliteRecords(":memory:");
  let own: ReturnType<typeof records>;
  beforeEach(async () => {
    own = records();
    desk = new Desk({ records: own });
    tenant = await desk.tenant();
    const { tenantId } = tenant;
    const { policy } = desk.service.admin;
    await policy.putRule(tenantId, "site", "hq", { timeZone: "UTC" });
    await policy.putRule(tenantId, "zone", "lab", { site: "hq", firstPerson: false });
    const grant = { subject: { group: "visitors" }, zones: ["lab"], opens: false };
    await policy.entitle(tenantId, grant);
    lab = await desk.node(tenant, { name: "lab" }).boot();
    await desk.service.admin.changeNode(tenantId, lab.nodeUid, { zone: "lab" });
  });
  afterEach(() => desk.close());

  const nowUnix = () => Math.floor(desk.nowMs / 1000);
  const humans = () => desk.service.admin.humans;
  const ask = (path: string, body: JsonObject = {}) =>
    desk.service.admin.ask(`identity_manage/${path}`, { tenant_id: tenant.tenantId, ...body });
  const get = (name: string, query: Record<string, string>) =>
    desk.service.handle({
      ...{ method: "GET", headers: {}, body: "" },
      path: `/identity_human/${name}?${new URLSearchParams(query)}`,
    });

  async function guest(): Promise<Visitor> {
    const { publicKey, sign } = testKey(60);
    const post = (path: string, body: object) => desk.post(path, body);
    const visitor = new Visitor({ crypto, publicKey, sign, post, nowUnix });
    const { tenantId } = tenant;
    const order = { tenantId, zone: "lab", day: TODAY, holderKey: publicKey };
    const { sdJwt } = await humans().issue(tenantId, visitCredential(order, nowUnix()));
    visitor.credential = sdJwt;
    return visitor;
  }
  const question = async (body: JsonObject) =>
    parseVisitAnswer(new JsonReader(await lab.identity.call(VISIT_PATH, body)));
  async function open() {
    const answer = await question(writeVisitQuestion({ renew: true }));
    assert.ok(answer.state === "open");
    return answer;
  }
  async function decided(requestId: string): Promise<string> {
    const answer = await question(writeVisitQuestion({ requestId, renew: false }));
    assert.ok(answer.state === "decided", answer.state);
    return answer.decision.granted ? "granted" : answer.decision.reason;
  }
  async function pass(visitor: Visitor): Promise<string> {
    const { text, requestId } = await open();
    await visitor.scan(text);
    return await decided(requestId);
  }
  /** What another verifier knows of the tenant: what it publishes. */
  async function published(): Promise<IssuerAnchor> {
    const answer = await get("ih_issuer", { tenant_id: tenant.tenantId });
    const body = new JsonReader(JSON.parse(answer.body) as JsonObject);
    return {
      issuer: body.string("issuer"),
      certificate: fromBase64(body.string("certificate", { max: 9000 })),
      withdrawn: body.array("withdrawn", { max: 100 }).map(String),
    };
  }
  /** As that verifier sees it, status included. */
  async function elsewhere(visitor: Visitor, anchor: IssuerAnchor): Promise<void> {
    const trust = new IssuerTrust(crypto, [anchor]);
    const { sign } = testKey(60);
    const request = { audience: AUDIENCE, nonce: "n", nowUnix: nowUnix(), sign };
    const shown = selectDisclosures(crypto, visitor.credential!, []);
    const credential = verifyCredential(crypto, await bindKey(crypto, shown, request), {
      ...{ trust, nowUnix: nowUnix(), types: [CREDENTIAL_TYPES.doorVisitor.vct] },
      keyBinding: { audience: AUDIENCE, nonce: "n" },
    });
    const checker = new StatusChecker({
      ...{ crypto, trust, compression: nodeCompression, hosts: ["latchkey.local"] },
      fetchList: async (uri) =>
        (await get("ih_status_list", Object.fromEntries(new URL(uri).searchParams))).body,
    });
    await checker.check(credential, nowUnix());
  }
  const chainOf = ({ credential }: Visitor): string =>
    JSON.parse(Buffer.from(credential!.split(".")[0]!, "base64url").toString()).x5c.join();

  it("is another after a rotation; what the former has signed goes on counting everywhere", async () => {
    const [before, anchor] = [await guest(), await published()];
    assert.equal(await pass(before), "granted");
    assert.deepEqual(await ask("im_rotate_issuer_key"), { number: 2 });
    const after = await guest();
    assert.notEqual(chainOf(after), chainOf(before));
    assert.deepEqual(await published(), anchor, "verifiers need nothing new");
    for (const visitor of [before, after]) {
      assert.equal(await pass(visitor), "granted");
      await elsewhere(visitor, anchor);
    }
    const { keys, issuer } = await ask("im_list_issuers");
    assert.deepEqual(
      (keys as JsonObject[]).map(({ number }) => number),
      [1, 2],
    );
    assert.equal(issuer, anchor.issuer);
  });

  it("that was withdrawn has signed nothing that counts, from that moment on", async () => {
    const before = await guest();
    await ask("im_rotate_issuer_key");
    const after = await guest();
    const asked = await open();
    await before.scan(asked.text);
    await ask("im_withdraw_issuer_key", { number: 1 });
    assert.equal(await decided(asked.requestId), "issuer-untrusted");
    await assert.rejects(pass(before), { code: "issuer-untrusted" });
    assert.equal(await pass(after), "granted");
    const anchor = await published();
    assert.deepEqual(anchor.withdrawn, ["02"]);
    await rejectsCode(elsewhere(before, anchor), "issuer-untrusted");
    await elsewhere(after, anchor);
  });

  it("is not withdrawn while it signs, nor twice; and every step is in the audit log", async () => {
    await rejectsCode(ask("im_withdraw_issuer_key", { number: 1 }), "conflict");
    await rejectsCode(ask("im_withdraw_issuer_key", { number: 2 }), "not-found");
    const numbers = await Promise.all([1, 2, 3].map(() => ask("im_rotate_issuer_key")));
    assert.deepEqual(numbers.map(({ number }) => number).sort(), [2, 3, 4]);
    await ask("im_withdraw_issuer_key", { number: 3 });
    await rejectsCode(ask("im_withdraw_issuer_key", { number: 3 }), "not-found");
    await rejectsCode(ask("im_withdraw_issuer_key", { number: 4 }), "conflict");
    const kinds = (await desk.service.admin.auditRows(tenant.tenantId, 1000))
      .map(({ kind }) => kind)
      .filter((kind) => kind.startsWith("issuer-"));
    const added = Array<string>(3).fill("issuer-key-added");
    assert.deepEqual(kinds, [...added, "issuer-key-withdrawn"]);
    const { tenantId } = tenant;
    const token = await desk.service.admin.createOperator({ name: "m", role: "manager", tenantId });
    const answer = await desk.post(
      "identity_manage/im_rotate_issuer_key",
      { tenant_id: tenantId },
      { authorization: `Bearer ${token}` },
    );
    assert.equal(codeOf(answer), "forbidden-role");
  });

  it("and whom the tenant trusts cannot be written into the database by who has no key", async () => {
    await ask("im_rotate_issuer_key");
    const stored = own as unknown as { human(tenant: string, row: Uint8Array): Promise<unknown> };
    const read = stored.human.bind(own);
    let asked: Uint8Array | undefined;
    stored.human = async (of, row) => {
      asked = row;
      const found = (await read(of, row)) as { sealed: Uint8Array; revision: number };
      const sealed = found.sealed.slice();
      sealed[20] = sealed[20]! ^ 1;
      return { ...found, sealed };
    };
    await rejectsCode(humans().trustOf(tenant.tenantId), "storage-corrupt");
    assert.equal(asked?.length, 32, "it was that row");
  });
});
