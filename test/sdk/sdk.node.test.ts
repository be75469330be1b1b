import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { keyFile } from "../../sdk/node/key-file.ts";
import type { Provisioning } from "../../server/admin.ts";
import { AppDesk } from "./app-desk.ts";

describe("the SDK on Node", () => {
  let desk: AppDesk;
  let tenant: Provisioning;
  let backEnd: string;

  before(async () => {
    desk = await AppDesk.open();
    tenant = await desk.tenant();
    backEnd = await desk.echo(await desk.bridge(tenant));
  });
  after(() => desk.close());

  it("goes from nothing to a sealed answer with one call", async () => {
    const { identity } = desk.application(tenant, "first");
    const { status, body } = await identity.postEncrypted(`${backEnd}/orders?page=2`, { item: 7 });
    const { identityHash } = await identity.whoAmI();
    assert.equal(status, 201);
    assert.deepEqual(body["body"], { item: 7 });
    assert.equal(body["identityHash"], identityHash);
    assert.equal(body["tenantId"], tenant.tenantId);
    assert.equal(body["role"], "user");
  });

  it("calls an identity by SHA-256 of its public key", async () => {
    const { identityHash, publicKey } = await desk.application(tenant, "hash").identity.whoAmI();
    assert.equal(identityHash, createHash("sha256").update(publicKey).digest("hex"));
    assert.equal(publicKey.length, 32);
  });

  it("has a token, a handshake and a stored session", async () => {
    const { identity } = desk.application(tenant, "four");
    assert.equal(identity.session, undefined);
    const token = await identity.ensureJwt();
    assert.equal(await identity.ensureJwt(), token);
    const first = identity.session!;
    assert.equal(first.audience, "notes");
    assert.equal(first.assurance, "STD");
    const second = await identity.handshake(await identity.whoAmI());
    assert.notEqual(second.sid, first.sid);
    assert.notEqual(await identity.ensureJwt(), token);
    const { publicKey } = await identity.whoAmI();
    const other = { identityHash: "0".repeat(64), publicKey };
    await assert.rejects(identity.handshake(other), (e) => isLatchkeyError(e, "signature-invalid"));
  });

  it("keeps its identity over restarts, and opens one session for many calls at once", async () => {
    const before = await desk.application(tenant, "again").identity.whoAmI();
    const { identity, wire } = desk.application(tenant, "again");
    const calls = [1, 2, 3, 4].map((n) => identity.postEncrypted(`${backEnd}/`, { n }));
    const answers = await Promise.all(calls);
    assert.deepEqual(
      answers.map(({ body }) => body["body"]),
      [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }],
    );
    assert.deepEqual(await identity.whoAmI(), before);
    assert.equal(wire.sent.filter(({ url }) => url.endsWith("ia_verify")).length, 1);
    assert.equal(wire.sent.filter(({ url }) => url.endsWith("ia_register")).length, 0);
  });

  it("opens a new session when the server has forgotten the old one", async () => {
    const { identity } = desk.application(tenant, "forgotten");
    await identity.ensureJwt();
    const { sid } = identity.session!;
    desk.desk.nowMs += 16 * 60_000;
    assert.equal((await identity.postEncrypted(`${backEnd}/`, {})).status, 201);
    assert.notEqual(identity.session!.sid, sid);
  });

  it("sends no name, and nothing of the payload in clear", async () => {
    const { identity, wire } = desk.application(tenant, "quiet");
    await identity.postEncrypted(`${backEnd}/`, { secret: "marmalade" });
    assert.ok(!JSON.stringify(wire.sent).includes("marmalade"));
    const seed = JSON.parse(readFileSync(join(desk.folder, "quiet.key"), "utf8")).seed;
    assert.ok(!JSON.stringify(wire.sent).includes(seed));
    assert.ok(!desk.desk.log.join("").includes("marmalade"));
  });

  it("follows the tenant's policy: token and approval", async () => {
    const closed = await desk.tenant({ registration: "token" });
    const stranger = desk.application(closed, "stranger").identity;
    await assert.rejects(stranger.ensureJwt(), (e) => isLatchkeyError(e, "enrol-token-invalid"));
    const { admin } = desk.desk.service;
    const enrolToken = await admin.createEnrolToken(closed.tenantId, 60);
    const guest = desk.application(closed, "guest", { enrolToken }).identity;
    assert.ok(await guest.ensureJwt());
    const careful = await desk.tenant({ registration: "approve" });
    const waiting = desk.application(careful, "waiting").identity;
    await assert.rejects(waiting.ensureJwt(), (e) => isLatchkeyError(e, "node-pending"));
    const { identityHash } = await waiting.whoAmI();
    await admin.approveNode(careful.tenantId, admin.applications.uid(identityHash));
    assert.ok(await waiting.ensureJwt());
  });

  it("leaves a trail: registration, login, role", async () => {
    const own = await desk.tenant();
    const { identity } = desk.application(own, "trail");
    await identity.ensureJwt();
    const { identityHash } = await identity.whoAmI();
    const { admin } = desk.desk.service;
    await admin.applications.setRole(own.tenantId, identityHash, "admin");
    const rows = await admin.auditRows(own.tenantId);
    assert.deepEqual(
      rows.map(({ kind }) => kind),
      ["node-registered", "application-login", "application-role"],
    );
    assert.match(rows[1]!.data, new RegExp(identityHash));
    assert.equal((await admin.verifyAudit(own.tenantId)).intact, true);
  });
});

describe("a key file", () => {
  let desk: AppDesk;
  const registration = () => ({
    tenantId: "00000000-0000-4000-8000-000000000000",
    clientNonce: new Uint8Array(16),
  });

  before(async () => {
    desk = await AppDesk.open();
  });
  after(() => desk.close());

  const born = async (name: string, passphrase?: string) => {
    const path = join(desk.folder, name);
    const options = passphrase === undefined ? { path } : { path, passphrase };
    const { key } = await keyFile(options).introduce(registration());
    return { path, publicKey: key.publicKey };
  };

  it("is for its owner's eyes, and refused when it was for others'", async () => {
    const { path } = await born("mode.key");
    assert.equal(statSync(path).mode & 0o777, 0o600);
    chmodSync(path, 0o640);
    await assert.rejects(keyFile({ path }).load(), (e) => isLatchkeyError(e, "file-unusable"));
  });

  it("does not exist before it is needed", async () => {
    const path = join(desk.folder, "none.key");
    assert.equal(await keyFile({ path }).load(), undefined);
    assert.equal(existsSync(path), false);
  });

  it("is made once, however many begin at once", async () => {
    const path = join(desk.folder, "race.key");
    const stores = [1, 2, 3, 4].map(() => keyFile({ path }));
    const made = await Promise.all(stores.map((store) => store.introduce(registration())));
    const keys = new Set(made.map(({ key }) => Buffer.from(key.publicKey).toString("hex")));
    assert.equal(keys.size, 1);
  });

  it("opens with its passphrase only", async () => {
    const { path, publicKey } = await born("wrapped.key", "correct horse");
    const text = readFileSync(path, "utf8");
    assert.equal(JSON.parse(text).seed, undefined);
    const opened = await keyFile({ path, passphrase: "correct horse" }).load();
    assert.deepEqual(opened?.publicKey, publicKey);
    const wrong = keyFile({ path, passphrase: "battery staple" });
    await assert.rejects(wrong.load(), (e) => isLatchkeyError(e, "passphrase-wrong"));
    await assert.rejects(keyFile({ path }).load(), (e) => isLatchkeyError(e, "passphrase-wrong"));
  });

  it("that somebody has put in place of a wrapped one is not taken", async () => {
    const { path } = await born("laid.key");
    const wrapped = keyFile({ path, passphrase: "correct horse" });
    await assert.rejects(wrapped.load(), (e) => isLatchkeyError(e, "passphrase-wrong"));
  });

  it("that is damaged is not replaced", async () => {
    for (const text of ["", "{}", '{"v":1}', '{"v":1,"seed":"00"}', '{"v":2,"seed":"00"}']) {
      const path = join(desk.folder, "damaged.key");
      writeFileSync(path, text, { mode: 0o600 });
      await assert.rejects(keyFile({ path }).introduce(registration()), (e) =>
        isLatchkeyError(e, "storage-corrupt"),
      );
      assert.equal(readFileSync(path, "utf8"), text);
    }
  });
});
