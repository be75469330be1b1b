import assert from "node:assert/strict";
import type { KyselyPlugin } from "kysely";
import { MIGRATIONS } from "../../server/store/migrations.ts";
import { SCHEMA } from "../../server/store/schema.ts";
import { parseDatabaseUrl } from "../../server/store/sql/database-url.ts";
import type { Flavour } from "../../server/store/sql/flavour.ts";
import { migrateSql } from "../../server/store/sql/sql-migrate.ts";
import { openFlavour, openSqlRecords } from "../../server/store/sql/sql-records.ts";
import { SqliteDatabase } from "../../server/store/sqlite-database.ts";
import { DATABASES, needDatabase, type ScratchDatabase } from "../support/services.ts";
import { addTenant } from "./record-stores.ts";

/** What is kept besides: rows to hold while a number is given out. */
const HELD = ["audit_heads", "latchkey_schema", "reading_head"];
const COLUMNS =
  "SELECT table_name AS t, column_name AS c FROM information_schema.columns " +
  "WHERE table_schema IN (SELECT * FROM (SELECT current_schema() AS s) AS one)";

/** Ends the process, as it were, before the statement of that number. */
function killAt(at: number): KyselyPlugin {
  let count = 0;
  return {
    transformQuery({ node }) {
      if (++count === at) throw new Error("killed");
      return node;
    },
    transformResult: async ({ result }) => result,
  };
}

function sqliteColumns(): string[] {
  const db = new SqliteDatabase(":memory:", MIGRATIONS);
  const sql =
    "SELECT m.name AS t, c.name AS c FROM sqlite_schema m, pragma_table_info(m.name) c " +
    "WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'";
  const columns = db.all(sql).map(({ t, c }) => `${t}.${c}`);
  db.close();
  return columns.sort();
}

describe("the schema", () => {
  it("takes as many steps in every database", () => {
    assert.equal(SCHEMA.length, MIGRATIONS.length);
  });

  it("has no column for a credential in clear", () => {
    const suspicious = sqliteColumns().filter((column) =>
      /password|secret|pin|seed|private|(?<!node_|badge_)key|token/.test(column),
    );
    // What is sealed is called so; of tokens there are hashes.
    const known = ["enrol_tokens.hash", "operator_tokens.token_hash", "tenant_keys.sealed"];
    const plain = [
      "at",
      "node_pk",
      "node_uid",
      "tenant_id",
      "expires_at",
      "spent_by",
      "name",
      "role",
      "created_at",
    ];
    assert.deepEqual(
      suspicious.filter((column) => !plain.includes(column.split(".")[1]!)),
      known,
    );
  });
});

for (const name of DATABASES)
  describe(`the schema in ${name}`, function () {
    this.timeout(30_000);
    let database: ScratchDatabase;
    let flavour: Flavour | undefined;
    beforeEach(async function () {
      database = await needDatabase(this, name);
    });
    afterEach(async () => {
      await flavour?.kysely.destroy();
      flavour = undefined;
      await database?.drop();
    });

    const open = () => openSqlRecords(parseDatabaseUrl(database.url));
    const columns = async (): Promise<string[]> => {
      const schema =
        name === "MariaDB" ? COLUMNS.replace("current_schema()", "database()") : COLUMNS;
      return (await database.execute(schema)).map(({ t, c }) => `${t}.${c}`).sort();
    };

    it("has the same tables and columns as that in SQLite", async () => {
      await (await open()).close();
      const here = (await columns()).filter((column) => !HELD.includes(column.split(".")[0]!));
      assert.deepEqual(here, sqliteColumns());
    });

    it("is made once by many that start at the same time, and found by those that come later", async () => {
      const replicas = await Promise.all(Array.from({ length: 6 }, open));
      await addTenant(replicas[0]!, "t");
      for (const replica of replicas) assert.ok(await replica.tenant("t"));
      const later = await open();
      assert.ok(await later.tenant("t"));
      for (const replica of [...replicas, later]) await replica.close();
    });

    it("of a newer program is refused, and nothing is changed in it", async () => {
      await (await open()).close();
      await database.execute("UPDATE latchkey_schema SET step = step + 1");
      await assert.rejects(open(), { code: "unsupported-version" });
      const [row] = await database.execute("SELECT step FROM latchkey_schema");
      assert.equal(Number(row?.["step"]), SCHEMA.length + 1);
    });

    it("is not made over a table of somebody else's", async () => {
      await database.execute("CREATE TABLE nodes (mine INT)");
      await assert.rejects(open(), { code: "storage-corrupt" });
      await database.execute("INSERT INTO nodes VALUES (1)");
    });

    it("is finished when it was interrupted, before or after any of its statements", async () => {
      flavour = openFlavour(parseDatabaseUrl(database.url));
      const { alone } = flavour;
      // By turns between a statement and its note, and between a note and the next statement;
      // where a step is one transaction it is undone whole, so that it needs to get further.
      const deadly = name === "MariaDB" ? [5, 6] : [5, 9, 20, 40];
      let kills = 0;
      for (let attempt = 0; attempt < 200; attempt++) {
        const at = name === "MariaDB" ? deadly[attempt % 2] : deadly[attempt];
        const dying: Flavour = {
          ...flavour,
          alone: (work) => alone((db) => work(at ? db.withPlugin(killAt(at)) : db)),
        };
        try {
          await migrateSql(dying);
          break;
        } catch (error) {
          assert.equal((error as Error).message, "killed");
          kills++;
        }
      }
      assert.ok(kills >= (name === "MariaDB" ? 50 : 4), `${kills} times`);
      const here = (await columns()).filter((column) => !HELD.includes(column.split(".")[0]!));
      assert.deepEqual(here, sqliteColumns());
      const records = await open();
      await addTenant(records, "t");
      assert.equal(await records.lastReadingId(), 0);
      await records.close();
    });

    it("lets nobody change or delete an audit row, not even us", async () => {
      const records = await open();
      await records.audit({ tenantId: "t", at: 1, kind: "k", data: {} });
      await assert.rejects(database.execute("UPDATE audit SET kind = 'x'"), /append-only/);
      await assert.rejects(database.execute("DELETE FROM audit"), /append-only/);
      assert.equal((await records.auditRows("t", 9))[0]?.kind, "k");
      await records.close();
    });

    it("takes the database away from nobody for long: it is unavailable, and then it is back", async () => {
      const records = await open();
      await addTenant(records, "t");
      await database.killConnections();
      const outcomes = await Promise.allSettled(
        Array.from({ length: 30 }, () => records.setZone("t", "hall", 5)),
      );
      for (const each of outcomes)
        if (each.status === "rejected") assert.equal(each.reason.code, "unavailable");
      for (let attempt = 0; attempt < 20; attempt++) await records.tenant("t").catch(() => {});
      await records.setZone("t", "hall", 6);
      assert.equal(await records.zoneRelayMs("t", "hall"), 6);
      await records.close();
    });
  });
