import assert from "node:assert/strict";
import { fdatasync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SqliteDatabase } from "../../server/store/sqlite-database.ts";
import { WalSync } from "../../server/store/wal-sync.ts";

describe("a log of commits on its way to the disk", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "latchkey-"));
    path = join(folder, "log");
    writeFileSync(path, "commits");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const told = (wal: WalSync) => new Promise<unknown>((resolve) => wal.after(resolve));

  it("tells everybody, also those who come while it is under way, and not at once", async () => {
    const wal = new WalSync(path);
    const heard: number[] = [];
    const all = [1, 2, 3].map((n) => told(wal).then(() => heard.push(n)));
    await Promise.resolve();
    assert.deepEqual(heard, [], "the event loop goes on");
    await Promise.all(all);
    assert.deepEqual(heard.sort(), [1, 2, 3]);
    wal.close();
  });

  it("says what went wrong, and works on", async () => {
    const wal = new WalSync("/dev/null");
    const errors = await Promise.all([told(wal), told(wal)]);
    assert.ok(errors.every((error) => error instanceof Error));
    assert.ok((await told(wal)) instanceof Error);
    wal.close();
  });

  it("leaves nobody waiting when it is closed, and gives its descriptor back", async () => {
    const wal = new WalSync(path);
    const all = [told(wal), told(wal), told(wal)];
    wal.close();
    assert.deepEqual(await Promise.all(all), [undefined, undefined, undefined]);
    const reopened = new WalSync(path);
    reopened.close();
  });

  it("takes commits together that come while it is at work, whichever turn they come in", async () => {
    const file = join(folder, "t.db");
    const begun: ((error: Error | null) => void)[] = [];
    const db = new SqliteDatabase(file, ["CREATE TABLE t (n INTEGER) STRICT"], {
      sync: (_log, done) => begun.push(done),
    });
    const beside = new DatabaseSync(file);
    const committed = () => beside.prepare("SELECT n FROM t").all().length;
    const done: number[] = [];
    const all: Promise<void>[] = [];
    for (let n = 1; n <= 5; n++) {
      const add = db.shared(() => db.run("INSERT INTO t VALUES (?)", n));
      all.push(add.then(() => void done.push(n)));
      for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual([begun.length, committed(), done], [1, 1, []]);
    begun[0]!(null);
    assert.deepEqual([begun.length, committed()], [2, 5]);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(done, [1], "the others are not on the disk yet");
    begun[1]!(null);
    await Promise.all(all);
    assert.deepEqual(done, [1, 2, 3, 4, 5]);
    beside.close();
    db.close();
  });

  it("is put into the database when it may be torn, before anything else is committed", async () => {
    const file = join(folder, "t.db");
    let failures = 1;
    const db = new SqliteDatabase(file, ["CREATE TABLE t (n INTEGER) STRICT"], {
      sync: (log, done) => (failures-- > 0 ? done(new Error("EIO")) : fdatasync(log, done)),
    });
    const lost = db.shared(() => db.run("INSERT INTO t VALUES (1)"));
    await assert.rejects(lost, { code: "unavailable" });
    assert.ok(statSync(`${file}-wal`).size > 0);
    const other = new DatabaseSync(file);
    other.exec("BEGIN; SELECT * FROM t");
    const behind = db.shared(() => db.run("INSERT INTO t VALUES (2)"));
    await assert.rejects(behind, { code: "unavailable" }, "somebody still reads in the log");
    other.close();
    const logged = await db.shared(() => {
      db.run("INSERT INTO t VALUES (3)");
      return statSync(`${file}-wal`).size;
    });
    assert.equal(logged, 0, "nothing stands before it");
    assert.deepEqual(
      db.all("SELECT n FROM t").map(({ n }) => n),
      [1, 3],
    );
    db.close();
  }).timeout(10_000);

  it("is synced before a commit that asks for no wait of its own counts as done", async () => {
    const file = join(folder, "t.db");
    const db = new SqliteDatabase(file, ["CREATE TABLE t (n INTEGER) STRICT"]);
    const level = () => Number(db.get("PRAGMA synchronous")?.["synchronous"]);
    assert.equal(level(), 2, "FULL");
    const inside = await db.shared(() => {
      db.run("INSERT INTO t VALUES (1)");
      return level();
    });
    assert.deepEqual([inside, level()], [1, 2], "NORMAL within, and FULL for all others");
    const failed = await db.shared(() => db.run("INSERT INTO nowhere VALUES (1)")).catch(() => -1);
    assert.deepEqual([failed, level()], [-1, 2]);
    const last = db.shared(() => db.run("INSERT INTO t VALUES (2)"));
    db.close();
    assert.equal(await last, 1, "also what was asked for right before the end");
    const again = new SqliteDatabase(file, [""]);
    assert.equal(again.all("SELECT n FROM t").length, 2);
    again.close();
  });
});
