import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SqliteDatabase } from "../../server/store/sqlite-database.ts";

describe("commits that are shared in SQLite", () => {
  let folder: string;
  let db: SqliteDatabase;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "latchkey-"));
    const schema = "CREATE TABLE t (n INTEGER PRIMARY KEY CHECK (n < 100)) STRICT";
    db = new SqliteDatabase(join(folder, "t.db"), [schema]);
  });
  afterEach(() => {
    db.close();
    rmSync(folder, { recursive: true });
  });

  const add = (n: number) => db.run("INSERT INTO t VALUES (?)", n);
  const numbers = (of = db) => of.all("SELECT n FROM t ORDER BY n").map(({ n }) => n);
  const beside = () => new SqliteDatabase(join(folder, "t.db"), [""]);

  it("are on the disk when they resolve, and not seen before", async () => {
    const other = beside();
    const both = Promise.all([db.shared(() => add(1)), db.shared(() => add(2))]);
    assert.deepEqual(numbers(other), []);
    assert.deepEqual(await both, [1, 1]);
    assert.deepEqual(numbers(other), [1, 2]);
    other.close();
  });

  it("undo what failed, alone, whatever it had done before", async () => {
    const outcomes = await Promise.allSettled([
      db.shared(() => add(1)),
      db.shared(() => add(2) + add(1)),
      db.shared(() => add(3)),
      db.shared(() => {
        add(4);
        throw new RangeError("ours");
      }),
    ]);
    assert.deepEqual(
      outcomes.map((each) => (each.status === "fulfilled" ? each.value : each.reason.name)),
      [1, "LatchkeyError", 1, "RangeError"],
    );
    assert.deepEqual(numbers(), [1, 3]);
  });

  it("fail together when the database cannot be written, and leave nothing", async () => {
    const other = beside();
    other.exec("BEGIN IMMEDIATE");
    const both = Promise.allSettled([db.shared(() => add(1)), db.shared(() => add(2))]);
    for (const each of await both) {
      assert.equal(each.status, "rejected");
      assert.equal((each as PromiseRejectedResult).reason.code, "unavailable");
    }
    other.exec("ROLLBACK");
    other.close();
    assert.deepEqual(numbers(), []);
    assert.equal(await db.shared(() => add(5)), 1);
  }).timeout(10_000);

  it("are made before the database is closed", async () => {
    const late = db.shared(() => add(7));
    db.close();
    assert.equal(await late, 1);
    const other = beside();
    assert.deepEqual(numbers(other), [7]);
    other.close();
  });

  it("take turns with transactions of their own", async () => {
    const first = db.shared(() => add(1));
    db.transaction(() => add(2));
    const second = db.shared(() => add(3));
    await Promise.all([first, second]);
    assert.deepEqual(numbers(), [1, 2, 3]);
  });
});
