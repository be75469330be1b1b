import { SCHEMA } from "./schema.ts";
import type { ColumnTypes } from "./schema-parts.ts";

const TYPES: ColumnTypes = Object.freeze({
  ...{ key: "TEXT", text: "TEXT", hash: "BLOB", bytes: "BLOB", integer: "INTEGER", real: "REAL" },
  ...{ serial: "INTEGER", numbered: "INTEGER PRIMARY KEY AUTOINCREMENT" },
  end: "STRICT, WITHOUT ROWID",
  isFile: true,
});

/** The steps of the schema in the words of SQLite; `PRAGMA user_version` counts those taken. */
export const MIGRATIONS: readonly string[] = Object.freeze(
  SCHEMA.map((step) => step(TYPES).join(";\n")),
);
