import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Secret } from "../../protocol/crypto/secret.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { nodeCrypto } from "../../server/node-crypto.ts";
import { RateLimiter, subjectOf } from "../../server/rate-limiter.ts";
import { firstBrokenRow } from "../../server/store/audit-chain.ts";
import type { StoredChallenge, StoredSession } from "../../server/store/ephemera.ts";
import { MemoryEphemera } from "../../server/store/memory-ephemera.ts";
import { MIGRATIONS } from "../../server/store/migrations.ts";
import { SqliteDatabase } from "../../server/store/sqlite-database.ts";
import { openSqliteRecords } from "../../server/store/sqlite-records.ts";
import { systemRandom } from "../../server/system-random.ts";
import { Vault } from "../../server/vault.ts";
import { badge, Desk, warm } from "./desk.ts";

describe("SQLite database", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "latchkey-"));
    path = join(folder, "latchkey.db");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("writes ahead, and waits for the disk at every commit", () => {
    const db = new SqliteDatabase(path, ["CREATE TABLE t (a) "]);
    assert.equal(db.get("PRAGMA journal_mode")?.["journal_mode"], "wal");
    assert.equal(db.get("PRAGMA synchronous")?.["synchronous"], 2); // FULL
    assert.equal(db.get("PRAGMA foreign_keys")?.["foreign_keys"], 1);
    db.close();
  });

  it("takes the migration steps that are missing, each once", () => {
    const steps = ["CREATE TABLE t (a)", "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)"];
    new SqliteDatabase(path, steps.slice(0, 2)).close();
    new SqliteDatabase(path, steps).close();
    const db = new SqliteDatabase(path, steps);
    assert.deepEqual(
      db.all("SELECT a FROM t").map(({ a }) => a),
      [1, 2],
    );
    db.close();
  });

  it("takes all steps or none", () => {
    new SqliteDatabase(path, ["CREATE TABLE t (a)"]).close();
    const bad = ["CREATE TABLE t (a)", "INSERT INTO t VALUES (1)", "nonsense"];
    assert.throws(() => new SqliteDatabase(path, bad));
    const db = new SqliteDatabase(path, ["CREATE TABLE t (a)"]);
    assert.equal(db.get("SELECT count(*) AS n FROM t")?.["n"], 0);
    db.close();
  });

  it("refuses a database from a newer program, of another program, or that is none", () => {
    new SqliteDatabase(path, ["CREATE TABLE t (a)", "CREATE TABLE u (a)"]).close();
    const open = () => new SqliteDatabase(path, ["CREATE TABLE t (a)"]);
    assert.throws(open, { code: "unsupported-version" });
    path = join(folder, "other.db");
    const other = new DatabaseSync(path);
    other.exec("CREATE TABLE mine (a)");
    other.close();
    assert.throws(open, { code: "storage-corrupt" });
    path = join(folder, "text.db");
    writeFileSync(path, "This is not a database, but it is long enough to look at.".repeat(20));
    assert.throws(open, { code: "storage-corrupt" });
  });

  it("rolls a failed transaction back", () => {
    const db = new SqliteDatabase(path, ["CREATE TABLE t (a PRIMARY KEY)"]);
    const twice = () =>
      db.transaction(() => {
        db.run("INSERT INTO t VALUES (1)");
        db.run("INSERT INTO t VALUES (1)");
      });
    assert.throws(twice, { code: "conflict" });
    assert.equal(db.get("SELECT count(*) AS n FROM t")?.["n"], 0);
    db.close();
  });

  it("says unavailable when another process holds the lock too long", () => {
    const db = new SqliteDatabase(path, ["CREATE TABLE t (a)"]);
    db.exec("PRAGMA busy_timeout = 20");
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    const write = () => db.transaction(() => db.run("INSERT INTO t VALUES (1)"));
    assert.throws(write, (error: unknown) => {
      assert.ok(isLatchkeyError(error, "unavailable"));
      return error.detail["retry_after"] === 2;
    });
    other.exec("ROLLBACK");
    write();
    other.close();
    db.close();
  });

  it("a full disk refuses the write with unavailable and loses nothing that was there", () => {
    const db = new SqliteDatabase(path, ["CREATE TABLE t (a)"]);
    db.run("INSERT INTO t VALUES ('kept')");
    db.exec(`PRAGMA max_page_count = ${Number(db.get("PRAGMA page_count")?.["page_count"])}`);
    const fill = () => db.run("INSERT INTO t VALUES (?)", "x".repeat(100_000));
    assert.throws(fill, { code: "unavailable" });
    assert.deepEqual(
      db.all("SELECT a FROM t").map(({ a }) => a),
      ["kept"],
    );
    db.close();
  });
});

describe("audit log", () => {
  it("cannot be changed or shortened through the database, and shows when it was", async () => {
    const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
    const databasePath = join(folder, "latchkey.db");
    const desk = new Desk({ databasePath });
    const { tenantId } = await desk.tenant();
    for (let i = 0; i < 5; i++) await badge(desk.service, tenantId);
    const db = new DatabaseSync(databasePath);
    assert.throws(() => db.exec("UPDATE audit SET kind = 'x'"), /append-only/);
    assert.throws(() => db.exec("DELETE FROM audit"), /append-only/);
    const { admin } = desk.service;
    const good = await admin.verifyAudit(tenantId);
    assert.deepEqual([good.intact, good.rows], [true, 5]);
    // Whoever owns the file can drop the triggers; the chain tells.
    db.exec("DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete");
    db.exec("UPDATE audit SET data = replace(data, 'Ada', 'Eve') WHERE seq = 3");
    const changed = await admin.verifyAudit(tenantId);
    assert.deepEqual([changed.intact, changed.brokenAtSeq, changed.rows], [false, 3, 2]);
    db.exec("DELETE FROM audit WHERE seq = 2");
    assert.equal((await admin.verifyAudit(tenantId)).brokenAtSeq, 3);
    db.close();
    desk.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("has a chain for every tenant, whatever the others write in between", async () => {
    const desk = new Desk();
    const [a, b] = [await desk.tenant(), await desk.tenant()];
    for (let i = 0; i < 3; i++) {
      await badge(desk.service, a.tenantId);
      await badge(desk.service, b.tenantId);
    }
    for (const { tenantId } of [a, b]) {
      const rows = await desk.service.admin.auditRows(tenantId);
      assert.equal(rows.length, 3);
      assert.equal(firstBrokenRow(rows), undefined);
      assert.equal(firstBrokenRow([rows[1]!, rows[0]!, rows[2]!]), rows[1]);
    }
    desk.close();
  });
});

describe("records", () => {
  it("keep what was posted before readings had a form, and count it as nothing", async () => {
    const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
    const path = join(folder, "old.db");
    const old = new SqliteDatabase(path, MIGRATIONS.slice(0, 4));
    const sql =
      "INSERT INTO telemetry (tenant_id, node_uid, at, request, payload) VALUES (?,?,?,?,?)";
    for (const at of [100, 200])
      old.run(sql, "t", "n", at, "record_sensor_data", `{"value":${at}}`);
    old.close();
    const records = openSqliteRecords(path);
    const query = { tenantId: "t", order: "asc", limit: 10, throughId: 9 } as const;
    const rows = await records.readings(query);
    assert.deepEqual(
      rows.map(({ at, refused }) => [at, refused?.code, refused?.said]),
      [
        [100, "malformed", { value: 100 }],
        [200, "malformed", { value: 200 }],
      ],
    );
    records.close();
    rmSync(folder, { recursive: true });
  });

  it("keep readings for their time and no longer, by when they arrived", async () => {
    const records = openSqliteRecords(":memory:");
    const arrive = (receivedAt: number, at: number, seq: number) =>
      records.recordReadings({
        ...{ tenantId: "t", nodeUid: "n", logId: "aa", receivedAt, bytesMax: 1e9 },
        readings: [
          { at, timeKnown: true, kind: "telemetry", reading: warm(seq), refused: undefined },
        ],
        evicted: () => assert.fail("there is room"),
      });
    await arrive(100, 99, 1);
    await arrive(200, 50, 2);
    await records.sweep(300, 150);
    const query = { tenantId: "t", order: "asc", limit: 10, throughId: 9 } as const;
    assert.deepEqual(
      (await records.readings(query)).map(({ at }) => at),
      [50],
    );
    assert.equal(await records.lastReadingId(), 2);
    records.close();
  });
});

describe("ephemera", () => {
  const challenge = (challengeId: string, change: Partial<StoredChallenge> = {}) => ({
    challengeId,
    kind: "badge" as const,
    tenantId: "t",
    nodeUid: "n",
    badgeUid: undefined,
    nonce: new Uint8Array(32),
    ephemeral: undefined,
    expiresAt: 100,
    ...change,
  });
  const session = (sid: string): StoredSession => {
    const material = new Uint8Array(104).fill(1);
    return { sid, tenantId: "t", nodeUid: "n", material, expiresAt: 100, endsAt: 200 };
  };

  it("give a challenge to one taker, of its kind and node only", async () => {
    const store = new MemoryEphemera();
    await store.putChallenge(challenge("a"), 4);
    assert.equal(await store.takeChallenge("a", "node"), undefined);
    assert.equal(await store.takeChallenge("a", "badge", "other"), undefined);
    const takers = Array.from({ length: 50 }, () => store.takeChallenge("a", "badge", "n"));
    const taken = (await Promise.all(takers)).filter((each) => each !== undefined);
    assert.equal(taken.length, 1);
    store.close();
  });

  it("keep the newest challenges of a node, and do not mix tenants", async () => {
    const store = new MemoryEphemera();
    await store.putChallenge(challenge("other tenant", { tenantId: "u" }), 2);
    for (const id of ["1", "2", "3"]) await store.putChallenge(challenge(id), 2);
    assert.equal(await store.takeChallenge("1", "badge"), undefined);
    for (const id of ["2", "3", "other tenant"])
      assert.ok(await store.takeChallenge(id, "badge"), id);
    store.close();
  });

  it("refuse a flood, and take again once there is room", async () => {
    const store = new MemoryEphemera({ challengesMax: 3 });
    for (const nodeUid of ["1", "2", "3"])
      await store.putChallenge(challenge(nodeUid, { nodeUid }), 2);
    const more = () => store.putChallenge(challenge("4", { nodeUid: "4" }), 2);
    await assert.rejects(more(), { code: "unavailable" });
    await store.sweep(159); // still told from never issued
    await assert.rejects(more(), { code: "unavailable" });
    await store.sweep(160);
    await more();
    await store.takeChallenge("4", "badge");
    await store.closeNode("t", "nobody");
    for (const nodeUid of ["5", "6", "7"])
      await store.putChallenge(challenge(nodeUid, { nodeUid }), 2);
    store.close();
  });

  it("hand out copies of a session's keys and wipe their own when it ends", async () => {
    const store = new MemoryEphemera();
    const opened = session("a");
    await store.openSession(opened, 4);
    const lent = await store.session("a");
    await store.closeNode("t", "n");
    assert.ok(lent!.material.every((byte) => byte === 1));
    assert.ok(opened.material.every((byte) => byte === 0));
    assert.equal(await store.session("a"), undefined);
    assert.equal(await store.acceptSequence("a", 1), false);
    assert.equal(await store.renewSession("a", 500), false);
    store.close();
  });

  it("forget sessions that are over and keep those that were renewed", async () => {
    const store = new MemoryEphemera();
    await store.openSession(session("a"), 4);
    await store.openSession(session("b"), 4);
    assert.equal(await store.renewSession("b", 150), true);
    await store.sweep(100);
    assert.equal(await store.session("a"), undefined);
    assert.ok(await store.session("b"));
    store.close();
  });

  it("keep the newest sessions of a node", async () => {
    const store = new MemoryEphemera();
    for (const sid of ["a", "b", "c", "d"]) await store.openSession(session(sid), 2);
    const open = await Promise.all(["a", "b", "c", "d"].map((sid) => store.session(sid)));
    assert.deepEqual(
      open.map((each) => each?.sid),
      [undefined, undefined, "c", "d"],
    );
    store.close();
  });
});

describe("vault", () => {
  const vault = new Vault(nodeCrypto, systemRandom, new Secret(new Uint8Array(32).fill(1)));
  const plain = new Uint8Array(16).fill(7);

  it("opens what it sealed, at its place only", () => {
    const sealed = vault.seal(["key", "tenant-a", "df1"], plain);
    assert.deepEqual(vault.open(["key", "tenant-a", "df1"], sealed).bytes, plain);
    for (const place of [
      ["key", "tenant-b", "df1"],
      ["key", "tenant-a", "x"],
      ["key", "tenant-adf1"],
      [],
    ])
      assert.throws(() => vault.open(place, sealed), { code: "storage-corrupt" });
  });

  it("opens nothing cut, bent or sealed with another key", () => {
    const sealed = vault.seal(["p"], plain);
    for (let length = 0; length < sealed.length; length++)
      assert.throws(() => vault.open(["p"], sealed.subarray(0, length)), {
        code: "storage-corrupt",
      });
    const other = new Vault(nodeCrypto, systemRandom, new Secret(new Uint8Array(32).fill(2)));
    assert.throws(() => other.open(["p"], sealed), { code: "storage-corrupt" });
  });

  it("never seals twice alike", () => {
    assert.notDeepEqual(vault.seal(["p"], plain), vault.seal(["p"], plain));
  });
});

describe("rate limiter", () => {
  const rate = { burst: 2, perSecond: 0.5 };
  const store = new MemoryEphemera();
  after(() => store.close());
  const limited = { code: "rate-limited" };

  it("lets a burst through, then the rate, and counts each subject by itself", async () => {
    let nowMs = 0;
    const rates = new RateLimiter(new MemoryEphemera(), { unixMs: () => nowMs });
    const take = (subject: string) => rates.take({ limit: "x", rate, subject });
    await take("a");
    await take("a");
    await assert.rejects(take("a"), (error: unknown) => {
      assert.ok(isLatchkeyError(error, "rate-limited"));
      assert.deepEqual(error.detail, { limit: "x", retry_after: 2 });
      return true;
    });
    await take("b");
    nowMs = 1999;
    await assert.rejects(take("a"), limited);
    nowMs = 2000;
    await take("a");
    await assert.rejects(take("a"), limited);
  });

  it("does not count whoever has no subject, and survives a clock that goes back", async () => {
    let nowMs = 10_000;
    const rates = new RateLimiter(store, { unixMs: () => nowMs });
    const take = (subject: string | undefined) => rates.take({ limit: "y", rate, subject });
    for (let i = 0; i < 100; i++) await take(undefined);
    await take("a");
    await take("a");
    nowMs = 0;
    await assert.rejects(take("a"), limited);
    nowMs = 2000;
    await take("a");
  });

  it("remembers a bounded number of subjects", async () => {
    const rates = new RateLimiter(store, { unixMs: () => 0 });
    const strict = { burst: 1, perSecond: 1 };
    const take = (subject: string) => rates.take({ limit: "z", rate: strict, subject });
    await take("first");
    for (let i = 0; i < 20_000; i++) await take(`s${i}`);
    await take("first"); // forgotten: would be refused otherwise
    await assert.rejects(take("first"), limited);
  });

  it("gives no two subjects one name", () => {
    const names = [["a", "b"], ["a/1:b"], ["1:a", "b"], ["a", "", "b"], ["a", "b", ""]];
    const subjects = new Set(names.map((parts) => subjectOf(...parts)));
    assert.equal(subjects.size, names.length);
    assert.equal(subjectOf("a", undefined), undefined);
  });
});
