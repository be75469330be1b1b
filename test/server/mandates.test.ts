import assert from "node:assert/strict";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { transcript } from "../../protocol/encoding/transcript.ts";
import type { Provisioning } from "../../server/admin.ts";
import {
  COLLECT_EXPORT_PATH,
  LIST_AUDIT_PATH,
  LIST_MANDATES_PATH,
  MANDATE_LOG_PATH,
  WITHDRAW_MANDATE_PATH,
} from "../../server/api/management-paths.ts";
import { COUNTRIES } from "../../server/mandate/countries.ts";
import type { Role } from "../../server/roles.ts";
import { chipOf, codeOf, Desk, nextUid, type TestNode } from "./desk.ts";

const HOUR_MS = 3_600_000;
const ORDER = { mandate_number: "5 Gs 17/26", country: "DE", court: "Amtsgericht Mitte" };

describe("the mandate log", () => {
  let desk: Desk;
  let tenant: Provisioning;
  let reader: TestNode;
  let target: string;
  let badgeUid: Uint8Array;

  beforeEach(async () => {
    tokens.clear();
    desk = new Desk();
    tenant = await desk.tenant();
    const { admin } = desk.service;
    const { tenantId } = tenant;
    reader = await desk.node(tenant).boot();
    badgeUid = nextUid();
    const issued = await admin.issueBadge({ tenantId, badgeUid, mode: "STD", holder: "Ada Byron" });
    await reader.tap(chipOf(issued));
    const bob = { tenantId, badgeUid: nextUid(), mode: "STD", holder: "Bob Byrne" } as const;
    await reader.tap(chipOf(await admin.issueBadge(bob)));
    const stored = await admin.badge(tenantId, badgeUid);
    target = toHex(nobleCrypto.sha256(stored!.badgePk));
  });
  afterEach(() => desk.close());

  const tokens = new Map<Role, string>();
  async function ask(path: string, body: object, role: Role = "admin") {
    const { tenantId } = tenant;
    if (!tokens.has(role))
      tokens.set(role, await desk.service.admin.createOperator({ name: role, role, tenantId }));
    const authorization = `Bearer ${tokens.get(role)}`;
    const answer = await desk.post(path, { tenant_id: tenantId, ...body }, { authorization });
    return { code: codeOf(answer), body: JSON.parse(answer.body) };
  }
  const register = async (change: object = {}) =>
    (await ask(MANDATE_LOG_PATH, { ...ORDER, identity_hash: target, ...change })).body;
  const collect = (
    { mandate_id, collection_key }: { mandate_id: string; collection_key: string },
    role?: Role,
  ) => ask(COLLECT_EXPORT_PATH, { mandate_id, collection_key }, role);
  const rows = async () => desk.service.admin.auditRows(tenant.tenantId, 10_000);
  const kinds = async () =>
    (await rows()).map(({ kind }) => kind).filter((kind) => kind.startsWith("mandate"));

  it("gives the export of an identity once, and then it is gone", async () => {
    const made = await register();
    assert.equal(made.window_ends_at - made.registered_at, 72 * 3600);
    const { code, body } = await collect(made);
    assert.equal(code, "ok");
    assert.equal(body.sha256, toHex(nobleCrypto.sha256(Buffer.from(body.export))));
    const exported = JSON.parse(body.export);
    assert.deepEqual(
      exported.subjects.map(({ kind, uid }: { kind: string; uid: string }) => [kind, uid]),
      [["badge", toHex(badgeUid)]],
    );
    const decision = exported.entries.find((e: { kind: string }) => e.kind === "badge-decision");
    assert.equal(decision.node_uid, reader.nodeUid);
    assert.equal(decision.granted, true);
    for (let again = 0; again < 2; again++)
      assert.equal((await collect(made)).code, "mandate-closed");
    const [listed] = (await ask(LIST_MANDATES_PATH, {})).body.mandates;
    assert.equal(listed.state, "collected");
    assert.deepEqual(
      [listed.mandate_number, listed.country, listed.court, listed.identity_hash],
      [...Object.values(ORDER), target],
    );
  });

  it("exports metadata only: no name, no key, and no other person's badge", async () => {
    const exportOf = async (hash: string) =>
      (await collect(await register({ identity_hash: hash }))).body.export as string;
    const stored = await desk.service.admin.badge(tenant.tenantId, badgeUid);
    const key = Buffer.from(stored!.badgePk);
    const whole = await exportOf(target);
    for (const secret of ["Byron", "Byrne", "Ada", key.toString("base64url"), key.toString("hex")])
      assert.ok(!whole.includes(secret), secret);
    const entries = JSON.parse(whole).entries as Record<string, unknown>[];
    const fields = new Set(entries.flatMap((entry) => Object.keys(entry)));
    const allowed = ["seq", "at", "kind", "node_uid", "badge_uid", "granted", "reason", "mode"];
    for (const field of fields) assert.ok([...allowed, "profile", "cause"].includes(field), field);
    // A reader is an identity as well; whose badges it has seen is nobody's business here.
    const ofReader = await exportOf(toHex(nobleCrypto.sha256(reader.nodePk)));
    const seen = JSON.parse(ofReader).entries as Record<string, unknown>[];
    assert.ok(seen.filter(({ kind }) => kind === "badge-decision").length >= 2);
    assert.ok(seen.every((entry) => !("badge_uid" in entry)));
  });

  it("registers an identity that nobody knows like any other; its export says so", async () => {
    const nobody = "ab".repeat(32);
    const exported = JSON.parse(
      (await collect(await register({ identity_hash: nobody }))).body.export,
    );
    assert.deepEqual([exported.subjects, exported.entries], [[], []]);
  });

  it("does not know an identity of another tenant", async () => {
    const other = await desk.tenant();
    const order = {
      tenantId: other.tenantId,
      badgeUid: nextUid(),
      mode: "STD",
      holder: "x",
    } as const;
    await desk.service.admin.issueBadge(order);
    const foreign = await desk.service.admin.badge(other.tenantId, order.badgeUid);
    const hash = toHex(nobleCrypto.sha256(foreign!.badgePk));
    const exported = JSON.parse(
      (await collect(await register({ identity_hash: hash }))).body.export,
    );
    assert.deepEqual(exported.subjects, []);
  });

  it("is for admins alone, in every step", async () => {
    const made = await register();
    for (const role of ["manager", "operator", "auditor"] as const) {
      const order = { ...ORDER, identity_hash: target };
      assert.equal((await ask(MANDATE_LOG_PATH, order, role)).code, "forbidden-role");
      assert.equal((await collect(made, role)).code, "forbidden-role");
      assert.equal((await ask(WITHDRAW_MANDATE_PATH, made, role)).code, "forbidden-role");
      assert.equal((await ask(LIST_MANDATES_PATH, {}, role)).code, "forbidden-role");
    }
    assert.equal((await collect(made)).code, "ok");
  });

  it("takes no mandate without number, court, a country that there is and a whole hash", async () => {
    for (const wrong of [
      { mandate_number: "" },
      { mandate_number: "a\nb" },
      { court: "x".repeat(129) },
      { country: "XX" },
      { country: "de" },
      { country: "DEU" },
      { identity_hash: target.slice(1) },
      { identity_hash: `${target}0` },
      { identity_hash: target.toUpperCase() },
      { identity_hash: `${target.slice(0, 63)}g` },
      { identity_hash: null },
    ])
      assert.equal((await register(wrong)).code, "malformed", JSON.stringify(wrong));
    assert.deepEqual(await kinds(), []);
  });

  it("shuts the window after 72 hours to the second, and destroys what nobody came for", async () => {
    const [late, early] = [await register(), await register()];
    desk.nowMs += 72 * HOUR_MS - 1000;
    assert.equal((await collect(early)).code, "ok");
    desk.nowMs += 1000;
    assert.equal((await collect(late)).code, "mandate-closed");
    const { mandates } = (await ask(LIST_MANDATES_PATH, {})).body;
    const states = mandates.map(({ state }: { state: string }) => state).sort();
    assert.deepEqual(states, ["collected", "expired"]);
    assert.equal((await kinds()).filter((kind) => kind === "mandate-export-expired").length, 1);
    desk.nowMs -= 72 * HOUR_MS;
    assert.equal(
      (await collect(late)).code,
      "mandate-closed",
      "a clock set back brings nothing back",
    );
  });

  it("a wrong key opens nothing, destroys nothing, and is written down", async () => {
    const made = await register();
    const other = await register();
    const wrong = { ...made, collection_key: other.collection_key };
    assert.equal((await collect(wrong)).code, "collection-key-wrong");
    assert.ok((await kinds()).includes("mandate-collection-refused"));
    assert.equal((await collect(made)).code, "ok");
    const unknown = { ...made, mandate_id: crypto.randomUUID() };
    assert.equal((await collect(unknown)).code, "not-found");
  });

  it("of many who collect at once, one gets the export", async () => {
    const made = await register();
    const answers = await Promise.all(Array.from({ length: 20 }, () => collect(made)));
    const codes = answers.map(({ code }) => code).sort();
    assert.deepEqual(codes, [...Array(19).fill("mandate-closed"), "ok"].sort());
  });

  it("takes back what was registered by mistake, before it is collected", async () => {
    const made = await register();
    assert.equal((await ask(WITHDRAW_MANDATE_PATH, { mandate_id: made.mandate_id })).code, "ok");
    assert.equal((await collect(made)).code, "mandate-closed");
    const again = await ask(WITHDRAW_MANDATE_PATH, { mandate_id: made.mandate_id });
    assert.equal(again.code, "mandate-closed");
    const unknown = await ask(WITHDRAW_MANDATE_PATH, { mandate_id: crypto.randomUUID() });
    assert.equal(unknown.code, "not-found");
  });

  it("writes every step down, and nobody who reads the audit log learns whom it is about", async () => {
    const made = await register();
    await collect({ ...made, collection_key: "A".repeat(43) });
    await collect(made);
    await ask(LIST_MANDATES_PATH, {});
    await ask(WITHDRAW_MANDATE_PATH, { mandate_id: (await register()).mandate_id });
    assert.deepEqual(await kinds(), [
      ...["mandate-registered", "mandate-collection-refused", "mandate-export-collected"],
      ...["mandates-listed", "mandate-registered", "mandate-withdrawn"],
    ]);
    const audit = JSON.stringify((await ask(LIST_AUDIT_PATH, {}, "auditor")).body);
    assert.ok(!audit.includes(target), "the hash");
    assert.ok(!audit.includes(made.collection_key), "the key");
    assert.ok(!desk.log.join().includes(target));
    const by = (await rows()).filter(({ kind }) => kind.startsWith("mandate"));
    assert.ok(by.every(({ data }) => JSON.parse(data).by === "admin"));
    assert.equal((await desk.service.admin.verifyAudit(tenant.tenantId)).intact, true);
  });

  it("proves with the salt whom a row of the audit log is about", async () => {
    const { mandate_id } = await register();
    const { mandates } = (await ask(LIST_MANDATES_PATH, {})).body;
    const { salt, identity_hash } = mandates[0];
    const row = (await rows()).find(({ kind }) => kind === "mandate-registered");
    const data = JSON.parse(row!.data);
    assert.equal(data.mandate_id, mandate_id);
    const proof = transcript("latchkey/v1/mandate-target", fromHex(salt), identity_hash);
    assert.equal(data.target, toHex(nobleCrypto.sha256(proof)));
  });

  it("says how many older entries an export leaves out", async () => {
    const { EXPORT_ENTRIES_MAX } = await import("../../server/mandate/mandate-export.ts");
    const { openSqliteRecords } = await import("../../server/store/sqlite-records.ts");
    const { assembleExport } = await import("../../server/mandate/mandate-export.ts");
    const records = openSqliteRecords(":memory:");
    const page = 1000;
    const data = JSON.stringify({ identity_hash: target, audience: "shop" });
    const auditRows = async (_: string, limit: number, after = 0) =>
      Array.from({ length: Math.min(limit, EXPORT_ENTRIES_MAX + 5 - after, page) }, (_, i) => ({
        ...{ seq: after + i + 1, tenantId: "t", at: 1, kind: "application-login", data },
        ...{ previousHash: new Uint8Array(32), hash: new Uint8Array(32) },
      }));
    const context = { records: { ...records, auditRows }, crypto: nobleCrypto };
    const exported = await assembleExport(context, "t", target);
    const entries = exported["entries"] as { seq: number }[];
    assert.deepEqual([entries.length, exported["omitted"]], [EXPORT_ENTRIES_MAX, 5]);
    assert.deepEqual([entries[0]?.seq, entries.at(-1)?.seq], [6, EXPORT_ENTRIES_MAX + 5]);
    records.close();
  });
});

describe("the countries of ISO 3166-1", () => {
  it("are those that the Unicode data know, but for what the standard reserves", () => {
    const names = new Intl.DisplayNames("en", { type: "region", fallback: "none" });
    const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
    const known = letters
      .flatMap((a) => letters.map((b) => a + b))
      .filter((code) => names.of(code) !== undefined)
      .filter((code) => new Intl.Locale(`und-${code}`).region === code);
    assert.equal(COUNTRIES.length, 249);
    assert.deepEqual(
      COUNTRIES.filter((code) => !known.includes(code)),
      [],
    );
    // Reserved by the standard for other uses, or left to its users.
    const reserved = ["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "FX", "IC", "SU", "TA", "UK", "UN"];
    const besides = known.filter((code) => !COUNTRIES.includes(code));
    assert.deepEqual(
      besides.filter((code) => !reserved.includes(code) && !/^(AA|Q[M-Z]|X[A-Z]|ZZ)$/.test(code)),
      [],
    );
  });
});
