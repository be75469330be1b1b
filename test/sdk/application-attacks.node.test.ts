import assert from "node:assert/strict";
import {
  APP_CHALLENGE_PATH,
  APP_CREATE_BACK_END_PATH,
  APP_OPEN_PATH,
  APP_REGISTER_PATH,
  APP_SEAL_PATH,
  APP_SET_ROLE_PATH,
} from "../../protocol/application/endpoints.ts";
import { parseAppRegisterRequest } from "../../protocol/application/registration.ts";
import { LIST_NODES_PATH } from "../../protocol/badge/endpoints.ts";
import { type ErrorCode, isErrorCode } from "../../protocol/error-codes.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { parseObject } from "../../protocol/json/reader.ts";
import { POST_PATH } from "../../protocol/node/endpoints.ts";
import type { HttpRequest } from "../../protocol/platform.ts";
import type { Provisioning } from "../../server/admin.ts";
import { identityBridge } from "../../server/bridge/bridge.ts";
import type { Role } from "../../server/roles.ts";
import { codeOf, Desk } from "../server/desk.ts";
import { AppDesk, ORIGIN, resend, type TestApplication } from "./app-desk.ts";

const fails = (work: Promise<unknown>, code: ErrorCode) =>
  assert.rejects(work, (error) => isLatchkeyError(error, code));

describe("an attacker of applications", () => {
  let desk: AppDesk;
  let tenant: Provisioning;
  let shop: string;
  let bank: string;
  let ada: TestApplication;

  before(async () => {
    desk = await AppDesk.open();
    tenant = await desk.tenant();
    shop = await desk.echo(await desk.bridge(tenant, "shop"));
    bank = await desk.echo(await desk.bridge(tenant, "bank"));
    ada = desk.application(tenant, "ada", { audience: "shop" });
    await ada.identity.postEncrypted(`${shop}/buy`, { item: 7 });
  });
  after(() => desk.close());

  const bought = (): HttpRequest => ada.wire.last("/buy");
  const altered = (change: Record<string, unknown>): HttpRequest => ({
    ...bought(),
    body: JSON.stringify({ ...JSON.parse(bought().body), ...change }),
  });

  it("who stole the token has nothing without the session's key", async () => {
    const clear = { ...bought(), body: JSON.stringify({ item: 7, role: "admin" }) };
    assert.equal(await resend(clear), "malformed");
    assert.equal(await resend(altered({ seq: 2 })), "envelope-invalid");
    assert.equal(await resend(altered({ seq: 2, ct: "A".repeat(64) })), "envelope-invalid");
  });

  it("who stole the key's envelope but no token has nothing either", async () => {
    const { authorization: _, ...headers } = bought().headers;
    assert.equal(await resend({ ...bought(), headers }), "unauthenticated");
    const mallory = desk.application(tenant, "mallory", { audience: "shop" });
    const token = await mallory.identity.ensureJwt();
    const swapped = { ...headers, authorization: `Bearer ${token}` };
    assert.equal(await resend({ ...bought(), headers: swapped }), "token-invalid");
  });

  it("who plays an envelope back is told that it came", async () => {
    assert.equal(await resend(bought()), "replay");
    const twice = await Promise.all([1, 2, 3, 4, 5].map(() => resend(bought())));
    assert.deepEqual(new Set(twice), new Set(["replay"]));
  });

  it("who sends a fresh envelope many times at once gets one answer", async () => {
    ada.wire.alter = (request) => ({
      ...request,
      url: request.url.replace(shop, "http://[::1]:9"),
    });
    await ada.identity.postEncrypted(`${shop}/fresh`, {}).catch(() => {});
    ada.wire.alter = (request) => request;
    const fresh = ada.wire.last("/fresh");
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => resend(fresh)));
    assert.equal(outcomes.filter((outcome) => outcome === "201").length, 1);
    assert.equal(outcomes.filter((outcome) => outcome === "replay").length, 19);
  });

  it("who sends it to another path, query or method has one that does not open", async () => {
    ada.wire.alter = (request) =>
      request.url.includes("/pay")
        ? { ...request, url: request.url.replace("/pay?to=bob", "/pay?to=mallory") }
        : request;
    await fails(ada.identity.postEncrypted(`${shop}/pay?to=bob`, {}), "envelope-invalid");
    ada.wire.alter = (request) => request;
    const put = { ...ada.wire.last("/pay?to=bob"), method: "PUT" as "POST" };
    assert.equal(await resend(put), "envelope-invalid");
  });

  it("a back end that passes a request on to another has one that is not for that", async () => {
    const { method, headers, body } = bought();
    assert.equal(await resend({ ...bought(), url: `${bank}/buy` }), "audience-mismatch");
    // The shop's bridge, asked by the bank's operator with the bank's own token:
    const deputy = identityBridge(await desk.bridge(tenant, "bank"));
    const request = new Request(`${shop}/buy`, { method, headers, body });
    await assert.rejects(deputy.authenticate(request), { code: "audience-mismatch" });
    const rows = await desk.desk.service.admin.auditRows(tenant.tenantId);
    const refused = rows.filter(({ kind }) => kind === "application-refused");
    assert.equal(refused.length, 2);
    assert.match(refused[0]!.data, /"audience":"bank"/);
  });

  it("an application that asks the wrong back end is told so", async () => {
    await fails(ada.identity.postEncrypted(`${bank}/buy`, {}), "audience-mismatch");
  });

  it("of another tenant gets nowhere, even by the same name of back end", async () => {
    const other = await desk.tenant();
    const theirs = await desk.echo(await desk.bridge(other, "shop"));
    assert.equal(await resend({ ...bought(), url: `${theirs}/buy` }), "tenant-mismatch");
    const eve = desk.application(other, "ada", { audience: "shop" });
    // The same key is another subject there; here it is not let in by what it is there.
    assert.equal((await eve.identity.postEncrypted(`${theirs}/`, {})).status, 201);
    await fails(eve.identity.postEncrypted(`${shop}/`, {}), "tenant-mismatch");
  });

  it("a client that says it is admin is a user", async () => {
    const claim = { role: "admin", claims: { role: "admin" } };
    const { body } = await ada.identity.postEncrypted(`${shop}/`, claim);
    assert.equal(body["role"], "user");
    assert.equal((body["claims"] as { role: string }).role, "user");
    await fails(ada.identity.postEncrypted(`${shop}/admin`, claim), "forbidden-role");
  });

  it("an admin who is none any more is one at no further request", async () => {
    const { identityHash } = await ada.identity.whoAmI();
    const { applications } = desk.desk.service.admin;
    await applications.setRole(tenant.tenantId, identityHash, "admin");
    assert.equal((await ada.identity.postEncrypted(`${shop}/admin`, {})).status, 201);
    await applications.setRole(tenant.tenantId, identityHash, "user");
    await fails(ada.identity.postEncrypted(`${shop}/admin`, {}), "forbidden-role");
  });

  it("a software key cannot pass for hardware, in a token, a request or a registration", async () => {
    await fails(ada.identity.postEncrypted(`${shop}/vault`, {}), "assurance-too-low");
    const registering = ada.wire.last("ia_register");
    const claimed = JSON.parse(registering.body);
    const passkey = { credential_id: "AA", client_data: "AA", attestation: "AA" };
    const hardware = { ...claimed, assurance: "HS", passkey };
    const post = (body: object) => desk.desk.post(APP_REGISTER_PATH, body);
    assert.equal(codeOf(await post(hardware)), "signature-invalid");
    assert.equal(codeOf(await post({ ...claimed, assurance: "XS" })), "malformed");
  });

  it("who registers a key that is not his is refused", async () => {
    const { body } = ada.wire.last("ia_register");
    const request = parseAppRegisterRequest(parseObject(body));
    const publicKey = Buffer.from(request.publicKey);
    publicKey[0] = publicKey[0]! ^ 1;
    const claimed = { ...JSON.parse(body), public_key: publicKey.toString("base64url") };
    assert.equal(codeOf(await desk.desk.post(APP_REGISTER_PATH, claimed)), "signature-invalid");
    const moved = { ...JSON.parse(body), tenant_id: (await desk.tenant()).tenantId };
    assert.equal(codeOf(await desk.desk.post(APP_REGISTER_PATH, moved)), "signature-invalid");
  });

  it("who altered the audience of a handshake has an answer that proves nothing", async () => {
    const victim = desk.application(tenant, "victim", { audience: "shop" });
    victim.wire.alter = (request) => ({
      ...request,
      body: request.body.replace('"audience":"shop"', '"audience":"bank"'),
    });
    await fails(victim.identity.ensureJwt(), "signature-invalid");
  });

  it("a node that calls itself a back end or an application is not registered", async () => {
    for (const nodeType of ["back-end", "application", "application-hs"]) {
      const node = desk.desk.node(tenant, { nodeType, name: nodeType });
      await fails(node.identity.ensureRegistered(), "malformed");
    }
  });

  it("an application is no node, and a node no application", async () => {
    const url = `${desk.url}/${POST_PATH}`;
    assert.equal(await resend({ ...bought(), url }), "session-unknown");
    const node = await desk.desk.node(tenant, { name: "reader" }).boot();
    const authorization = `Bearer ${await node.identity.authenticate()}`;
    const headers = { ...bought().headers, authorization };
    assert.equal(await resend({ ...bought(), headers }), "token-invalid");
  });

  it("a revoked application is out at once, and a revoked back end too", async () => {
    const { admin } = desk.desk.service;
    const gone = desk.application(tenant, "gone", { audience: "shop" });
    await gone.identity.postEncrypted(`${shop}/`, {});
    const uid = admin.applications.uid((await gone.identity.whoAmI()).identityHash);
    await admin.revokeNode(tenant.tenantId, uid);
    await fails(gone.identity.postEncrypted(`${shop}/`, {}), "node-revoked");
    const { tenantId } = tenant;
    const backEnd = { tenantId, audience: "shop" };
    const { token, nodeUid } = await admin.applications.createBackEnd(backEnd);
    const url = await desk.echo({ serverUrl: desk.url, token });
    assert.equal((await ada.identity.postEncrypted(`${url}/`, {})).status, 201);
    await admin.revokeNode(tenantId, nodeUid);
    await fails(ada.identity.postEncrypted(`${url}/`, {}), "unavailable");
  });

  it("who pretends to be a back end opens and seals nothing", async () => {
    const tokens = ["lkb_x", `lkb_${tenant.tenantId}_${"A".repeat(43)}`, "lka_x", ""];
    for (const path of [APP_OPEN_PATH, APP_SEAL_PATH]) {
      for (const token of tokens) {
        const answer = await desk.desk.post(path, "{}", { authorization: `Bearer ${token}` });
        assert.equal(codeOf(answer), "unauthenticated");
      }
    }
  });

  it("a back end can answer a request once, and its own only", async () => {
    const { token } = await desk.bridge(tenant, "shop");
    const { token: foreign } = await desk.bridge(tenant, "bank");
    ada.wire.alter = (request) => ({
      ...request,
      url: request.url.replace(shop, "http://[::1]:9"),
    });
    await ada.identity.postEncrypted(`${shop}/once`, {}).catch(() => {});
    ada.wire.alter = (request) => request;
    const { headers, body } = ada.wire.last("/once");
    const opened = await desk.desk.post(APP_OPEN_PATH, body, {
      authorization: `Bearer ${token}`,
      "x-latchkey-token": headers["authorization"]!.slice(7),
      "x-latchkey-target": "POST /once",
    });
    const { identity_hash, reply_id } = JSON.parse(opened.body);
    const seal = (bearer: string, text: string) =>
      desk.desk.post(APP_SEAL_PATH, text, {
        authorization: `Bearer ${bearer}`,
        "x-latchkey-reply": `${identity_hash} ${reply_id}`,
      });
    const many = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        seal(token, JSON.stringify({ status: 200, body: { n } })),
      ),
    );
    const codes = many.map(codeOf);
    assert.equal(codes.filter((code) => code === "ok").length, 1);
    assert.equal(codes.filter((code) => code === "challenge-used").length, 9);
    assert.equal(codeOf(await seal(foreign, "{}")), "challenge-used");
  });

  it("on a page that nobody let in can do nothing, and is not let read", async () => {
    const ask = (origin: string, method = "POST") =>
      desk.desk.service.handle({
        method,
        path: `/${APP_CHALLENGE_PATH}`,
        headers: { origin, "content-type": "application/json" },
        body: JSON.stringify({
          tenant_id: tenant.tenantId,
          identity_hash: "0".repeat(64),
          client_nonce: "A".repeat(22),
        }),
      });
    for (const origin of [
      "https://evil.example",
      "null",
      `${ORIGIN}.evil.example`,
      "http://localhost",
    ]) {
      const refused = await ask(origin);
      assert.equal(codeOf(refused), "origin-refused");
      assert.equal(refused.headers["access-control-allow-origin"], undefined);
      assert.equal((await ask(origin, "OPTIONS")).status, 403);
    }
    const allowed = await ask(ORIGIN);
    assert.equal(allowed.status, 200);
    assert.equal(allowed.headers["access-control-allow-origin"], ORIGIN);
    assert.equal(allowed.headers["access-control-allow-credentials"], undefined);
    assert.equal((await ask(ORIGIN, "OPTIONS")).status, 204);
    const operators = { method: "OPTIONS", path: "/identity_tag/it_list_nodes", body: "" };
    const headers = { origin: ORIGIN };
    const closed = await desk.desk.service.handle({ ...operators, headers });
    assert.equal(codeOf(closed), "not-found");
  });

  it("a manager raises nobody, and an admin of one tenant nobody of another", async () => {
    const { admin } = desk.desk.service;
    const { tenantId } = tenant;
    const { identityHash: identity_hash } = await ada.identity.whoAmI();
    const other = (await desk.tenant()).tenantId;
    const ask = async (role: Role, path: string, body: object) => {
      const token = await admin.createOperator({ name: "op", role, tenantId });
      return desk.desk.post(path, body, { authorization: `Bearer ${token}` });
    };
    const raise = { identity_hash, role: "admin" };
    const named = { audience: "shop" };
    for (const [path, body] of [
      [APP_SET_ROLE_PATH, raise],
      [APP_CREATE_BACK_END_PATH, named],
    ] as const) {
      const own = { tenant_id: tenantId, ...body };
      assert.equal(codeOf(await ask("manager", path, own)), "forbidden-role");
      assert.equal(codeOf(await desk.desk.post(path, own)), "unauthenticated");
      const foreign = { tenant_id: other, ...body };
      assert.equal(codeOf(await ask("admin", path, foreign)), "tenant-mismatch");
      assert.equal(codeOf(await ask("admin", path, { tenant_id: tenantId })), "malformed");
    }
    await ask("admin", APP_SET_ROLE_PATH, { tenant_id: tenantId, ...raise });
    assert.equal((await ada.identity.postEncrypted(`${shop}/admin`, {})).status, 201);
    await ask("admin", APP_SET_ROLE_PATH, { tenant_id: tenantId, ...raise, role: "user" });
    await fails(ada.identity.postEncrypted(`${shop}/admin`, {}), "forbidden-role");
    const made = await ask("admin", APP_CREATE_BACK_END_PATH, { tenant_id: tenantId, ...named });
    const url = await desk.echo({ serverUrl: desk.url, token: JSON.parse(made.body).token });
    assert.equal((await ada.identity.postEncrypted(`${url}/`, {})).status, 201);
    // An application's role is no operator's token.
    const token = await ada.identity.ensureJwt();
    const list = { tenant_id: tenantId };
    const authorization = `Bearer ${token}`;
    assert.equal(
      codeOf(await desk.desk.post(LIST_NODES_PATH, list, { authorization })),
      "unauthenticated",
    );
  });

  it("finds no endpoint of applications where nobody asked for them", async () => {
    const plain = new Desk();
    for (const path of [APP_REGISTER_PATH, APP_CHALLENGE_PATH, APP_OPEN_PATH, APP_SEAL_PATH])
      assert.equal(codeOf(await plain.post(path, "{}")), "not-found");
    plain.close();
  });

  it("who sends nonsense gets a code, and never 500", async () => {
    const authorization = `Bearer ${(await desk.bridge(tenant, "shop")).token}`;
    const bodies = ["", "{", "[]", '{"v":1}', '{"v":2,"sid":"x"}', `{"a":${"[".repeat(99)}`, "\0"];
    const headerSets: Record<string, string>[] = [
      {},
      { "x-latchkey-token": "x" },
      { "x-latchkey-token": "x", "x-latchkey-target": "GET" },
      { "x-latchkey-token": "x", "x-latchkey-target": "POST /x" },
      { "x-latchkey-reply": "x" },
      { "x-latchkey-reply": `${"0".repeat(64)} x` },
    ];
    const paths = [APP_REGISTER_PATH, APP_CHALLENGE_PATH, APP_OPEN_PATH, APP_SEAL_PATH];
    for (const path of paths)
      for (const body of bodies)
        for (const headers of headerSets) {
          const answer = await desk.desk.post(path, body, { ...headers, authorization });
          assert.ok(isErrorCode(codeOf(answer)), `${path} ${body}: ${answer.body}`);
          assert.ok(answer.status < 500, `${path} ${body}: ${answer.body}`);
        }
  });

  it("who asks too often is told which limit and when to come back", async () => {
    const slow = { burst: 2, perSecond: 0.1 };
    const small = await AppDesk.open({ limits: { requestsByNode: slow, registerByAddress: slow } });
    const own = await small.tenant();
    const url = await small.echo(await small.bridge(own));
    const { identity } = small.application(own, "eager");
    for (let n = 0; n < 2; n++) await identity.postEncrypted(`${url}/`, {});
    await assert.rejects(identity.postEncrypted(`${url}/`, {}), (error) => {
      assert.ok(isLatchkeyError(error, "rate-limited"));
      assert.equal(error.detail["limit"], "requests-by-node");
      assert.ok(Number(error.detail["retry_after"]) > 0);
      return true;
    });
    await small.application(own, "second").identity.whoAmI();
    await fails(small.application(own, "third").identity.whoAmI(), "rate-limited");
    await small.close();
  });
});
