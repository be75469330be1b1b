import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import { SCHEMA } from "../../server/store/schema.ts";
import { parseDatabaseUrl } from "../../server/store/sql/database-url.ts";
import { columnTypes, openMariaDb } from "../../server/store/sql/mariadb.ts";
import { needDatabase } from "../support/services.ts";
import { root } from "../support/test-files.ts";

// No MySQL answers on the machines where these tests run; what can be known without one is held.

const FOLDER = join(root, "server/store/sql");
const SOURCES = readdirSync(FOLDER).filter((name) => name !== "postgres.ts");

/** What MariaDB has and MySQL 8 has not, or means otherwise. */
const MARIADB_ONLY = new RegExp(
  [
    ...["\\.returning\\w*\\(", "\\bRETURNING\\b", "CREATE OR REPLACE", "\\bSEQUENCE\\b", "NEXTVAL"],
    ...["\\bIF NOT EXISTS\\b", "INET[46]\\b", "\\bUUID\\b", "SYSTEM VERSIONING"],
  ].join("|"),
);

/** Words that MySQL 8.0 to 9.x reserve and MariaDB or PostgreSQL do not all (§11.3, "(R)"). */
const RESERVED = new Set(
  (
    "cube cume_dist dense_rank empty except first_value function grouping groups intersect " +
    "json_table lag last_value lateral lead manual nth_value ntile of over parallel " +
    "percent_rank qualify rank recursive row rows row_number system tablesample window " +
    "accessible add all alter analyze as asc before between both by call cascade case change " +
    "condition continue convert database databases declare default delayed delete desc " +
    "describe distinct div drop dual each else exists exit explain fetch for force from " +
    "fulltext generated get grant group having high_priority if ignore in index infile inner " +
    "inout insert interval into is iterate join key keys kill leading leave left like limit " +
    "lines load lock long loop low_priority master_bind match maxvalue mod natural not null " +
    "on optimize option or order out outer partition precision primary procedure purge range " +
    "read reads real references regexp release rename repeat replace require resignal restrict " +
    "return revoke right schema schemas select sensitive separator set show signal spatial " +
    "specific sql ssl starting stored straight_join table terminated then to trailing trigger " +
    "true undo union unique unlock unsigned update usage use using values varying virtual when " +
    "where while with write xor zerofill"
  ).split(" "),
);

const statements = SCHEMA.flatMap((step) => step(columnTypes("8.0.17")));
const tables = statements.filter((text) => text.startsWith("CREATE TABLE"));

/** The columns of a table and what is said of each; constraints of the table are left out. */
function columnsOf(text: string): Map<string, string> {
  const inside = text.slice(text.indexOf("(") + 1, text.lastIndexOf(")"));
  const parts = inside.split(/,(?![^(]*\))/).map((part) => part.trim());
  const columns = parts.filter((part) => !/^(PRIMARY|FOREIGN|CHECK|UNIQUE)/.test(part));
  return new Map(
    columns.map((part) => [part.split(" ")[0]!, part.slice(part.indexOf(" ") + 1)] as const),
  );
}

function keyBytes(type: string): number {
  const length = Number(/^VAR(?:CHAR|BINARY)\((\d+)\)/.exec(type)?.[1] ?? 0);
  if (type.startsWith("VARCHAR")) return 4 * length;
  return type.startsWith("VARBINARY") ? length : 8;
}

describe("what is said to MySQL 8", () => {
  it("has the collation that MariaDB calls otherwise: no blanks are added when it compares", () => {
    assert.match(columnTypes("8.4.3").end, /utf8mb4_0900_bin/);
    assert.match(columnTypes("10.11.6-MariaDB-0+deb12u1").end, /utf8mb4_nopad_bin/);
  });

  it("is nothing that only MariaDB knows", () => {
    for (const name of SOURCES) {
      const found = MARIADB_ONLY.exec(readFileSync(join(FOLDER, name), "utf8"));
      assert.equal(found?.[0], undefined, name);
    }
  });

  it("names no column by a word that it reserves, but in quotes", () => {
    assert.ok(tables.length > 25);
    for (const text of tables)
      for (const name of columnsOf(text).keys())
        assert.ok(!RESERVED.has(name.toLowerCase()), `${name} in ${text}`);
  });

  it("gives each table a primary key, which clusters ask for", () => {
    for (const text of tables) assert.match(text, /PRIMARY KEY/);
  });

  it("has keys of 3072 bytes at most, and no text in one", () => {
    const types = new Map<string, Map<string, string>>();
    const added = /^ALTER TABLE (\w+) ADD COLUMN (\S+) (.*)$/;
    for (const text of tables) types.set(text.split(" ")[2]!, columnsOf(text));
    for (const text of statements) {
      const [, table = "", column = "", type = ""] = added.exec(text) ?? [];
      types.get(table)?.set(column, type);
    }
    const keys = statements.flatMap((text) => {
      const [, table = "", list = ""] = /INDEX \w+ ON (\w+) \((.*)\)$/.exec(text) ?? [];
      const primary = /PRIMARY KEY \(([^)]*)\)/.exec(text)?.[1];
      return [
        ...(table === "" ? [] : [{ table, list }]),
        ...(primary === undefined ? [] : [{ table: text.split(" ")[2]!, list: primary }]),
      ];
    });
    assert.ok(keys.length > 30);
    for (const { table, list } of keys) {
      const parts = list.split(", ").map((name) => types.get(table)!.get(name)!);
      assert.ok(!parts.some((type) => /TEXT|BLOB/.test(type)), `${table} (${list})`);
      const bytes = parts.reduce((sum, type) => sum + keyBytes(type), 0);
      assert.ok(bytes <= 3072, `${table} (${list}): ${bytes}`);
    }
  });
});

describe("a connection to MariaDB or MySQL", function () {
  this.timeout(20_000);

  it("keeps so many prepared statements, whatever lengths of pages are asked for", async function () {
    const database = await needDatabase(this, "MariaDB");
    const flavour = openMariaDb(parseDatabaseUrl(database.url));
    try {
      const counts = await flavour.kysely.connection().execute(async (db) => {
        for (let n = 1; n <= 600; n++) await sql`SELECT ${n} AS n LIMIT ${sql.lit(n)}`.execute(db);
        const asked = sql<{ Variable_name: string; Value: string }>`
          SHOW SESSION STATUS LIKE 'Com_stmt_%'`;
        const { rows } = await asked.execute(db);
        return new Map(rows.map((row) => [row.Variable_name, Number(row.Value)]));
      });
      const open = counts.get("Com_stmt_prepare")! - counts.get("Com_stmt_close")!;
      assert.ok(counts.get("Com_stmt_prepare")! >= 600);
      assert.ok(open <= 210, `${open} are open`);
    } finally {
      await flavour.kysely.destroy();
      await database.drop();
    }
  });
});
