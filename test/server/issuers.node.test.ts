import assert from "node:assert/strict";
import { Visitor } from "../../host-sim/visitor.ts";
import { toBase64, toBase64Url } from "../../protocol/encoding/base64.ts";
import { issueCredential } from "../../protocol/human/credential/issue.ts";
import { CREDENTIAL_TYPES } from "../../protocol/human/credential/types.ts";
import { StatusArray } from "../../protocol/human/status/bit-array.ts";
import { signStatusList } from "../../protocol/human/status/token-status-list.ts";
import { type JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import { parseVisitAnswer, VISIT_PATH, writeVisitQuestion } from "../../protocol/visit/visit.ts";
import type { Provisioning } from "../../server/admin.ts";
import { createEphemeralService } from "../../server/ephemeral-service.ts";
import { nodeCompression } from "../../server/node-compression.ts";
import { nodeHuman as crypto } from "../../server/node-p256.ts";
import { type Agency, agency, certify, random } from "../protocol/human-agency.ts";
import { NOW, testKey } from "../protocol/human-family.ts";
import { Desk, type TestNode } from "./desk.ts";

const DAY = new Date(NOW * 1000).toISOString().slice(0, 10);
const HOST = "status.host.example";
const VISIT = CREDENTIAL_TYPES.doorVisitor.vct;
const SERVICE = agency("https://visits.example", 60);
const OTHER = agency("https://other.example", 70);

describe("another issuer's invitation", () => {
  let desk: Desk;
  let tenant: Provisioning;
  let lab: TestNode;
  /** What the hosts of lists have, and what was asked of them. */
  let lists: Map<string, { agency: Agency; statuses: StatusArray }>;
  let fetched: string[];
  beforeEach(async () => {
    lists = new Map();
    fetched = [];
    desk = new Desk({ fetchList });
    desk.nowMs = NOW * 1000;
    tenant = await site("one");
    lab = await reader("lab");
  });
  afterEach(() => desk.close());

  async function fetchList(uri: string): Promise<string> {
    fetched.push(uri);
    const { agency: by, statuses } = lists.get(uri)!;
    const issuedAt = Math.floor(desk.nowMs / 1000);
    const times = { issuedAt, expiresAt: issuedAt + 600, ttlSeconds: 60 };
    const header = { x5c: by.issuer.chain.map(toBase64) };
    return signStatusList({ uri, statuses, ...times }, header, by.key.sign, nodeCompression);
  }
  async function site(name: string): Promise<Provisioning> {
    const made = await desk.tenant({ name });
    const { policy } = desk.service.admin;
    await policy.putRule(made.tenantId, "site", "hq", { timeZone: "UTC" });
    for (const zone of ["lab", "vault"])
      await policy.putRule(made.tenantId, "zone", zone, { site: "hq", firstPerson: false });
    const grant = { subject: { group: "visitors" }, zones: ["lab", "vault"], opens: false };
    await policy.entitle(made.tenantId, grant);
    return made;
  }
  async function reader(zone: string, at = tenant): Promise<TestNode> {
    const node = await desk.node(at, { name: zone }).boot();
    await desk.service.admin.changeNode(at.tenantId, node.nodeUid, { zone });
    return node;
  }
  const ask = (path: string, body: JsonObject = {}, { tenantId } = tenant) =>
    desk.service.admin.ask(`identity_manage/${path}`, { tenant_id: tenantId, ...body });
  const trust = (of: Agency, more: JsonObject = {}, at = tenant) =>
    ask(
      "im_trust_issuer",
      {
        ...{ issuer: of.issuer.id, certificate: toBase64Url(of.anchor.certificate) },
        ...{ types: [VISIT], zones: ["lab"], status_host: HOST, ...more },
      },
      at,
    );

  interface Order {
    readonly by?: Agency;
    readonly zone?: string;
    readonly tenantId?: string;
    readonly uri?: string | undefined;
    readonly issuer?: Agency["issuer"];
  }
  /** Somebody whom the agency has invited. */
  async function guest(order: Order = {}): Promise<Visitor> {
    const { by = SERVICE, zone = "lab", tenantId = tenant.tenantId } = order;
    const { uri = `https://${HOST}/${by.issuer.id.slice(8)}`, issuer = by.issuer } = order;
    const { publicKey, sign } = testKey(80);
    const nowUnix = () => Math.floor(desk.nowMs / 1000);
    const post = (path: string, body: object) => desk.post(path, body);
    const visitor = new Visitor({ crypto, publicKey, sign, post, nowUnix });
    if (!lists.has(uri)) lists.set(uri, { agency: by, statuses: StatusArray.ofSize(2, 131_072) });
    visitor.credential = await issueCredential({ crypto, random }, issuer, {
      ...{ type: CREDENTIAL_TYPES.doorVisitor, persona: "anonymous", lifetimeDays: 2 },
      ...{ claims: { tenant: tenantId, zone, valid_on: DAY }, holderKey: publicKey },
      ...{ nowUnix: NOW, status: { uri, index: 7 } },
    });
    return visitor;
  }
  async function open(node: TestNode) {
    const answer = parseVisitAnswer(
      new JsonReader(await node.identity.call(VISIT_PATH, writeVisitQuestion({ renew: true }))),
    );
    assert.ok(answer.state === "open");
    return answer;
  }
  async function decided(node: TestNode, requestId: string): Promise<string> {
    const question = writeVisitQuestion({ requestId, renew: false });
    const answer = parseVisitAnswer(new JsonReader(await node.identity.call(VISIT_PATH, question)));
    assert.ok(answer.state === "decided", answer.state);
    return answer.decision.granted ? "granted" : answer.decision.reason;
  }
  async function pass(visitor: Visitor, node = lab): Promise<string> {
    const { text, requestId } = await open(node);
    await visitor.scan(text);
    return await decided(node, requestId);
  }
  const refused = (promise: Promise<unknown>, code: string) => assert.rejects(promise, { code });
  const rows = async (kind: string) =>
    (await desk.service.admin.auditRows(tenant.tenantId, 1000))
      .filter((row) => row.kind === kind)
      .map(({ data }) => JSON.parse(data));

  it("opens the doors that it is trusted with, and the audit log has who trusted it", async () => {
    await refused(pass(await guest()), "issuer-untrusted");
    await trust(SERVICE);
    const { text, requestId } = await open(lab);
    const visitor = await guest();
    await visitor.scan(text);
    assert.equal(await decided(lab, requestId), "granted");
    const [decision] = await rows("visit-decision");
    assert.match(decision.visitor, /^visitor:[0-9a-f]{24}$/);
    const [row] = await rows("issuer-trusted");
    assert.deepEqual(
      [row.issuer, row.zones, row.types, row.anchor.length],
      [SERVICE.issuer.id, "lab", VISIT, 64],
    );
    const { trusted } = await ask("im_list_issuers");
    assert.equal((trusted as JsonObject[])[0]!["issuer"], SERVICE.issuer.id);
  });

  it("by a DID that is mapped to a certificate opens them too", async () => {
    const id = `did:lastid:${"x".repeat(43)}`;
    const byDid = agency(id, 90);
    await refused(pass(await guest({ by: byDid })), "issuer-untrusted");
    await trust(byDid);
    assert.equal(await pass(await guest({ by: byDid })), "granted");
    // The tenant's own name is mapped to nobody else.
    const { issuer } = await ask("im_list_issuers");
    await refused(trust(SERVICE, { issuer: String(issuer) }), "conflict");
  });

  it("opens nothing at another tenant, in another zone, or of another type", async () => {
    const two = await site("two");
    const theirs = await reader("lab", two);
    const vault = await reader("vault");
    await trust(SERVICE);
    await refused(pass(await guest({ tenantId: two.tenantId }), theirs), "issuer-untrusted");
    await refused(pass(await guest(), theirs), "issuer-untrusted");
    await refused(pass(await guest({ zone: "vault" }), vault), "issuer-untrusted");
    // For the lab's reader it may speak, but not of the vault, nor of another site.
    await refused(pass(await guest({ zone: "vault" })), "claim-value-refused");
    await refused(pass(await guest({ tenantId: two.tenantId })), "claim-value-refused");
    await trust(OTHER, { types: [CREDENTIAL_TYPES.employment.vct] });
    await refused(pass(await guest({ by: OTHER })), "issuer-untrusted");
    // A second anchor of the same name for something else lends the first nothing, nor takes.
    const twin = agency(SERVICE.issuer.id, 95);
    await trust(twin, { types: [CREDENTIAL_TYPES.age.vct] });
    await refused(pass(await guest({ by: twin })), "issuer-untrusted");
    await trust(twin, { zones: ["vault"] });
    await refused(pass(await guest({ by: twin })), "issuer-untrusted");
    assert.equal(await pass(await guest({ by: twin, zone: "vault" }), vault), "granted");
    assert.equal(await pass(await guest()), "granted");
  });

  it("cannot be made by another trusted issuer, nor by what the trusted one has certified", async () => {
    await trust(SERVICE);
    await trust(OTHER);
    const inTheirName = { ...OTHER.issuer, id: SERVICE.issuer.id };
    await refused(pass(await guest({ issuer: inTheirName })), "issuer-untrusted");
    const below = testKey(97);
    const leaf = { name: SERVICE.issuer.id, key: SERVICE.key };
    const chain = [certify("x", below, leaf), ...SERVICE.issuer.chain];
    const minted = { ...SERVICE.issuer, chain, sign: below.sign };
    await refused(pass(await guest({ issuer: minted })), "issuer-untrusted");
    const { tenantId } = tenant;
    const { anchor } = await desk.service.admin.humans.trustOf(tenantId);
    const own = { ...SERVICE.issuer, id: anchor.issuer };
    await refused(pass(await guest({ issuer: own })), "issuer-untrusted");
  });

  it("closes at once when its issuer is trusted no more, also between answer and question", async () => {
    await trust(SERVICE);
    const visitor = await guest();
    const [asked, shown] = [await open(lab), await open(lab)];
    const presentation = await visitor.present(await visitor.ask(asked.text));
    await visitor.scan(shown.text);
    await ask("im_distrust_issuer", { issuer: SERVICE.issuer.id });
    await refused(visitor.give(asked.text, presentation), "issuer-untrusted");
    assert.equal(await decided(lab, shown.requestId), "issuer-untrusted");
    await refused(ask("im_distrust_issuer", { issuer: SERVICE.issuer.id }), "not-found");
    assert.equal((await rows("issuer-distrusted")).length, 1);
  });

  it("counts by its status, of its own list at the host that was named, and not without", async () => {
    await trust(SERVICE);
    const visitor = await guest();
    const uri = `https://${HOST}/${SERVICE.issuer.id.slice(8)}`;
    assert.equal(await pass(visitor), "granted");
    assert.equal(await pass(visitor), "granted");
    assert.deepEqual(fetched, [uri], "kept for its time");
    lists.get(uri)!.statuses.set(7, 1);
    desk.nowMs += 61_000;
    await refused(pass(visitor), "credential-revoked");
    await refused(pass(await guest({ uri: "https://elsewhere.example/1" })), "status-host-refused");
    const foreign = `https://${HOST}/other`;
    lists.set(foreign, { agency: OTHER, statuses: StatusArray.ofSize(2, 131_072) });
    await refused(pass(await guest({ uri: foreign })), "status-list-invalid");
    // A stranger's forgery has nothing fetched.
    const before = fetched.length;
    await refused(pass(await guest({ by: OTHER })), "issuer-untrusted");
    assert.equal(fetched.length, before);
    const gone = await guest({ uri: `https://${HOST}/gone` });
    lists.delete(`https://${HOST}/gone`);
    await refused(pass(gone), "status-unavailable");
  });

  it("is taken by nobody but admins, and only with a CA's certificate that is in force", async () => {
    const body = { issuer: SERVICE.issuer.id };
    for (const role of ["manager", "operator", "auditor"] as const) {
      const { tenantId } = tenant;
      const token = await desk.service.admin.createOperator({ name: role, role, tenantId });
      const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
      const answer = await desk.post(
        "identity_manage/im_distrust_issuer",
        { tenant_id: tenantId, ...body },
        headers,
      );
      assert.equal(JSON.parse(answer.body).code, "forbidden-role");
    }
    const leaf = toBase64Url(SERVICE.issuer.chain[0]!);
    await refused(trust(SERVICE, { certificate: leaf }), "certificate-untrusted");
    await refused(trust(SERVICE, { certificate: "AAAA" }), "certificate-invalid");
    desk.nowMs += 500 * 86_400_000;
    await refused(trust(SERVICE), "certificate-expired");
  });
});

describe("a service without a way to fetch lists", () => {
  it("takes no other issuer's invitation for valid", async () => {
    const service = createEphemeralService();
    const { tenantId } = await service.admin.createTenant({ name: "x", registration: "auto" });
    const status = { uri: "https://x.example/1", index: 0 };
    const trust = await service.admin.humans.trustOf(tenantId);
    await assert.rejects(trust.checkStatus("https://x.example", status, NOW), {
      code: "status-unavailable",
    });
    await service.close();
  });
});
