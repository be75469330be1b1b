import { Kysely, MysqlDialect, type MysqlPool, type MysqlPoolConnection, sql } from "kysely";
import { createPool, type PoolConnection } from "mysql2";
import { LatchkeyError } from "../../../protocol/errors.ts";
import type { ColumnTypes } from "../schema-parts.ts";
import type { DatabaseAddress } from "./database-url.ts";
import type { Flavour, Meaning } from "./flavour.ts";
import type { Tables } from "./tables.ts";

const CONNECTIONS = 10;
const CONNECT_TIMEOUT_MS = 5000;
/**
 * Of a connection. The server has 16,382 for everybody (`max_prepared_stmt_count`), and the driver
 * would keep as many for itself: whoever asks for pages of ever other lengths would use them up.
 */
const STATEMENTS_KEPT = 200;
const LOCK_NAME = "latchkey-schema";
const LOCK_WAIT_SECONDS = 30;

/**
 * STRICT: what does not fit is refused, never cut. ANSI_QUOTES: names are quoted as elsewhere.
 * READ COMMITTED: each statement sees what is committed by then, and no gaps are locked.
 */
const SESSION = [
  "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ANSI_QUOTES,NO_ENGINE_SUBSTITUTION," +
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE'",
  "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
  "SET SESSION innodb_lock_wait_timeout = 5",
];

/**
 * https://mariadb.com/kb/en/mariadb-error-codes/ and, from 3000 on,
 * https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html
 */
const MEANINGS: Readonly<Record<number, Meaning>> = Object.freeze({
  1213: "again", // deadlock found
  1020: "again", // record has changed since last read
  1062: "conflict", // duplicate entry
  1048: "conflict", // cannot be null
  1451: "conflict", // a foreign key needs it
  1452: "conflict", // a foreign key lacks it
  3819: "conflict", // check constraint, MySQL
  4025: "conflict", // check constraint, MariaDB
  1264: "too-long", // out of range
  1406: "too-long", // data too long
  1366: "too-long", // incorrect string value
  1050: "exists", // table
  1060: "exists", // column
  1061: "exists", // key
  1359: "exists", // trigger
  1044: "refused", // this user, this database
  1045: "refused", // user, password
  1049: "refused", // unknown database
  1698: "refused",
  1862: "refused", // password expired, MySQL
  3118: "refused", // account locked, MySQL
  3159: "refused", // TLS only, MySQL
  1021: "unavailable", // disk full
  1040: "unavailable", // too many connections
  1053: "unavailable", // shutdown in progress
  1114: "unavailable", // table full
  1205: "unavailable", // lock wait timeout
  1290: "unavailable", // read only
  1317: "unavailable", // query interrupted
  1836: "unavailable", // read only mode
  1927: "unavailable", // connection was killed
  1969: "unavailable", // statement timeout, MariaDB
  3024: "unavailable", // statement timeout, MySQL
  3168: "unavailable", // server is not available, MySQL
  3169: "unavailable", // session was killed, MySQL
  4031: "unavailable", // idle for too long, MySQL
});

/** Of the driver and of the operating system. */
const NETWORK = /^(PROTOCOL_|HANDSHAKE_|POOL_|ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_)/;

function meaning(error: unknown): Meaning | undefined {
  const { errno, code, message } = error as { errno?: number; code?: unknown; message?: string };
  const known = errno === undefined ? undefined : MEANINGS[errno];
  if (known !== undefined) return known;
  if (typeof code === "string" && NETWORK.test(code)) return "unavailable";
  const closed = /closed state|[Pp]ool is closed|Connection lost/.test(message ?? "");
  return closed ? "unavailable" : undefined;
}

/** The driver takes a Buffer for bytes; of any other object it makes JSON. */
function parameter(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value) : value;
}

/**
 * Values go beside the statement, in the binary protocol, and never become part of its text. What
 * has none is sent as text, because not every statement can be prepared.
 */
function prepared(connection: PoolConnection): MysqlPoolConnection {
  return {
    threadId: connection.threadId,
    query: ((text: string, values: readonly unknown[], callback: never) => {
      if (values.length === 0) return connection.query(text, callback);
      return connection.execute(text, values.map(parameter) as never, callback);
    }) as MysqlPoolConnection["query"],
    release: () => connection.release(),
  } as MysqlPoolConnection;
}

function openPool(address: DatabaseAddress): MysqlPool {
  const { host, port, user, password, database, tls } = address;
  const pool = createPool({
    ...{ host, port, user, password, database },
    connectionLimit: CONNECTIONS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxPreparedStatements: STATEMENTS_KEPT,
    charset: "utf8mb4_bin",
    // The driver would take a good certificate of anybody's.
    ...(tls && { ssl: { rejectUnauthorized: true, verifyIdentity: true } }),
  });
  // Sent before anything else on it; one that does not take them is not used.
  pool.on("connection", (connection) => {
    for (const text of SESSION) connection.query(text, (error) => error && connection.destroy());
  });
  const wrapped = new WeakMap<PoolConnection, MysqlPoolConnection>();
  return {
    getConnection(callback) {
      pool.getConnection((error, connection) => {
        if (error) return callback(error, undefined as never);
        const known = wrapped.get(connection) ?? prepared(connection);
        wrapped.set(connection, known);
        callback(undefined, known);
      });
    },
    end: (callback) => pool.end(callback),
  };
}

async function askVersion(db: Kysely<Tables>): Promise<string> {
  const { rows } = await sql<{ version: string }>`SELECT version() AS version`.execute(db);
  return rows[0]!.version;
}

/**
 * Blanks at the end count (NO PAD), as they do elsewhere; the two have different names for it.
 * @param version as the server says it: `10.11.6-MariaDB-0+deb12u1`, `8.4.3`
 */
export function columnTypes(version: string): ColumnTypes {
  const isMariaDb = version.includes("MariaDB");
  const collation = isMariaDb ? "utf8mb4_nopad_bin" : "utf8mb4_0900_bin";
  return {
    key: "VARCHAR(255)",
    text: "LONGTEXT",
    hash: "VARBINARY(64)",
    bytes: "MEDIUMBLOB",
    integer: "BIGINT",
    real: "DOUBLE",
    serial: "BIGINT AUTO_INCREMENT",
    numbered: "BIGINT PRIMARY KEY",
    end: `ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE ${collation}`,
  };
}

/** MariaDB 10.6 or MySQL 8.0.17 (which has `utf8mb4_0900_bin`) and later. */
export function openMariaDb(address: DatabaseAddress): Flavour {
  const kysely = new Kysely<Tables>({ dialect: new MysqlDialect({ pool: openPool(address) }) });
  return {
    name: "mariadb",
    kysely,
    types: async () => columnTypes(await askVersion(kysely)),
    schemaInTransactions: false,
    appendOnly: (table) =>
      ["UPDATE", "DELETE"].map(
        (change) =>
          `CREATE TRIGGER ${table}_no_${change.toLowerCase()} BEFORE ${change} ON ${table} ` +
          `FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '${table} is append-only'`,
      ),
    alone: (work) =>
      kysely.connection().execute(async (db) => {
        const name = `${LOCK_NAME}-${address.database}`.slice(0, 64);
        const taken = await sql<{ got: number | null }>`
          SELECT get_lock(${name}, ${sql.lit(LOCK_WAIT_SECONDS)}) AS got`.execute(db);
        if (taken.rows[0]?.got !== 1)
          throw new LatchkeyError("unavailable", { detail: { retry_after: LOCK_WAIT_SECONDS } });
        try {
          return await work(db);
        } finally {
          await sql`SELECT release_lock(${name})`.execute(db);
        }
      }),
    meaning,
  };
}
