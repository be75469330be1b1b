import { Kysely, PostgresDialect, sql } from "kysely";
import { Pool, types } from "pg";
import type { ColumnTypes } from "../schema-parts.ts";
import type { DatabaseAddress } from "./database-url.ts";
import type { Flavour, Meaning } from "./flavour.ts";
import type { Tables } from "./tables.ts";

const CONNECTIONS = 10;
const CONNECT_TIMEOUT_MS = 5000;
/** On the server, so that what is given up is given up there too. */
const LOCK_TIMEOUT_MS = 5000;
const STATEMENT_TIMEOUT_MS = 20_000;
/** "LKEY", and the schema. */
const LOCK = [0x4c4b4559, 1] as const;
const INT8_OID = 20;

/** https://www.postgresql.org/docs/current/errcodes-appendix.html; whole classes by their two. */
const MEANINGS: Readonly<Record<string, Meaning>> = Object.freeze({
  "40001": "again", // serialization failure
  "40P01": "again", // deadlock detected
  "23": "conflict", // integrity constraint violation
  "22001": "too-long", // string data right truncation
  "22003": "too-long", // numeric value out of range
  "22021": "too-long", // a character that no text can hold
  "54000": "too-long", // an index row that is too long
  "42P07": "exists", // table
  "42701": "exists", // column
  "42710": "exists", // object
  "28": "refused", // invalid authorization
  "3D000": "refused", // no such database
  "42501": "refused", // no privilege
  "08": "unavailable", // connection exception
  "53": "unavailable", // insufficient resources: disk full, too many connections
  "57": "unavailable", // operator intervention: shutdown, statement timeout
  "58": "unavailable", // system error
  "55P03": "unavailable", // lock not available in time
  "25006": "unavailable", // read only
});

const NETWORK = /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_)/;

function meaning(error: unknown): Meaning | undefined {
  const { code, message } = error as { code?: unknown; message?: string };
  if (typeof code === "string") {
    if (NETWORK.test(code)) return "unavailable";
    return MEANINGS[code] ?? MEANINGS[code.slice(0, 2)];
  }
  const gone = /Connection terminated|timeout|not queryable|after calling end/.test(message ?? "");
  return gone ? "unavailable" : undefined;
}

const COLUMN_TYPES: ColumnTypes = Object.freeze({
  key: 'TEXT COLLATE "C"',
  text: 'TEXT COLLATE "C"',
  hash: "BYTEA",
  bytes: "BYTEA",
  integer: "BIGINT",
  real: "DOUBLE PRECISION",
  serial: "BIGINT GENERATED ALWAYS AS IDENTITY",
  numbered: "BIGINT PRIMARY KEY",
  end: "",
});

function openPool(address: DatabaseAddress): Pool {
  const { host, port, user, password, database, tls } = address;
  const pool = new Pool({
    ...{ host, port, user, password, database },
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    application_name: "latchkey",
    ssl: tls && { rejectUnauthorized: true },
    types: {
      // All of ours are below 2^53.
      getTypeParser: ((oid: number, format?: never) =>
        oid === INT8_OID ? Number : types.getTypeParser(oid, format)) as typeof types.getTypeParser,
    },
  });
  // Whoever has the connection hears of it by its query; without these the process would end.
  pool.on("connect", (client) => client.on("error", () => {}));
  pool.on("error", () => {});
  return pool;
}

/** PostgreSQL 13 and later. */
export function openPostgres(address: DatabaseAddress): Flavour {
  const kysely = new Kysely<Tables>({
    dialect: new PostgresDialect({ pool: openPool(address) }),
  });
  return {
    name: "postgres",
    kysely,
    types: async () => COLUMN_TYPES,
    schemaInTransactions: true,
    appendOnly: (table) => [
      `CREATE FUNCTION ${table}_append_only() RETURNS trigger LANGUAGE plpgsql AS ` +
        `$$ BEGIN RAISE EXCEPTION '${table} is append-only'; END $$`,
      `CREATE TRIGGER ${table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${table} ` +
        `FOR EACH STATEMENT EXECUTE FUNCTION ${table}_append_only()`,
    ],
    alone: (work) =>
      kysely.connection().execute(async (db) => {
        // Waits as long as another one works, whatever the limits of statements are.
        await sql`SET lock_timeout = 30000`.execute(db);
        await sql`SELECT pg_advisory_lock(${sql.lit(LOCK[0])}, ${sql.lit(LOCK[1])})`.execute(db);
        try {
          return await work(db);
        } finally {
          await sql`SELECT pg_advisory_unlock(${sql.lit(LOCK[0])}, ${sql.lit(LOCK[1])})`.execute(
            db,
          );
          await sql`SET lock_timeout = ${sql.lit(LOCK_TIMEOUT_MS)}`.execute(db);
        }
      }),
    meaning,
  };
}
