import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import type { Context } from "mocha";
import { createConnection } from "mysql2/promise";
import { Client } from "pg";

/** Where the services answer on a developer's machine and in CI. */
const MARIADB = { host: "127.0.0.1", port: 3306, user: "root" } as const;
const POSTGRES = { host: "127.0.0.1", port: 5432, user: "postgres" } as const;
export const REDIS_URL = "redis://127.0.0.1:6379";

/** A database of its own for a run, dropped at its end. */
export interface ScratchDatabase {
  readonly url: string;
  /** Whatever a test wants to do behind the server's back. */
  execute(sql: string): Promise<readonly Record<string, unknown>[]>;
  /** Throws out everybody who is connected. */
  killConnections(): Promise<void>;
  drop(): Promise<void>;
}

const scratchName = (): string => `latchkey_${process.pid}_${randomBytes(4).toString("hex")}`;

async function scratchMariaDb(): Promise<ScratchDatabase> {
  const name = scratchName();
  const connection = await createConnection({ ...MARIADB, multipleStatements: true });
  await connection.query(`CREATE DATABASE ${name}`);
  await connection.query(`USE ${name}`);
  const execute = async (sql: string) =>
    (await connection.query(sql))[0] as Record<string, unknown>[];
  return {
    url: `mysql://${MARIADB.user}@${MARIADB.host}:${MARIADB.port}/${name}`,
    execute,
    async killConnections() {
      const others =
        "SELECT id FROM information_schema.processlist " +
        `WHERE db = '${name}' AND id <> connection_id()`;
      for (const { id } of await execute(others))
        await connection.query(`KILL ${Number(id)}`).catch(() => {});
    },
    async drop() {
      await connection.query(`DROP DATABASE ${name}`);
      await connection.end();
    },
  };
}

async function scratchPostgres(): Promise<ScratchDatabase> {
  const name = scratchName();
  const maintenance = new Client({ ...POSTGRES, database: "postgres" });
  await maintenance.connect();
  await maintenance.query(`CREATE DATABASE ${name}`);
  const client = new Client({ ...POSTGRES, database: name });
  await client.connect();
  return {
    url: `postgres://${POSTGRES.user}@${POSTGRES.host}:${POSTGRES.port}/${name}`,
    execute: async (sql) => (await client.query(sql)).rows,
    async killConnections() {
      await client.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity " +
          `WHERE datname = '${name}' AND pid <> pg_backend_pid()`,
      );
    },
    async drop() {
      await client.end();
      await maintenance.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await maintenance.end();
    },
  };
}

const SCRATCH = { MariaDB: scratchMariaDb, PostgreSQL: scratchPostgres } as const;
export type DatabaseName = keyof typeof SCRATCH;
export const DATABASES = Object.keys(SCRATCH) as readonly DatabaseName[];

/** Skips loudly where a service does not answer; fails where it must. */
async function need<T>(test: Context, name: string, reach: () => Promise<T>): Promise<T> {
  try {
    return await reach();
  } catch (error) {
    const why = `${name} does not answer on this machine: ${(error as Error).message}`;
    const required =
      process.env["CI"] === "true" || process.env["LATCHKEY_REQUIRE_SERVICES"] === "1";
    if (required) throw new Error(why, { cause: error });
    console.warn(`SKIPPED: ${why}`);
    return test.skip();
  }
}

export function needDatabase(test: Context, name: DatabaseName): Promise<ScratchDatabase> {
  return need(test, name, SCRATCH[name]);
}

/** A client of the test's own, beside the server's. */
export function needRedis(test: Context): Promise<Redis> {
  return need(test, "Redis", async () => {
    const redis = new Redis(REDIS_URL, { lazyConnect: true, retryStrategy: () => null });
    redis.on("error", () => {});
    try {
      await redis.connect();
      return redis;
    } catch (error) {
      redis.disconnect();
      throw error;
    }
  });
}
