import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { createConnection } from "mysql2/promise";

/** A database and a corner of Redis of one's own; see `LATCHKEY_DATABASE_URL`. */
export interface ScratchStores {
  readonly env: Readonly<Record<string, string>>;
  drop(): Promise<void>;
}

/** On the MariaDB and Redis of this machine; `undefined` where they do not answer. */
export async function mariaDbAndRedis(): Promise<ScratchStores | undefined> {
  const name = `latchkey_bench_${randomBytes(4).toString("hex")}`;
  const redis = new Redis({ lazyConnect: true, retryStrategy: () => null });
  redis.on("error", () => {});
  try {
    await redis.connect();
    const connection = await createConnection({ host: "127.0.0.1", user: "root" });
    await connection.query(`CREATE DATABASE ${name}`);
    return {
      env: {
        LATCHKEY_DATABASE_URL: `mysql://root@127.0.0.1:3306/${name}`,
        LATCHKEY_REDIS_URL: `redis://127.0.0.1:6379?prefix=${name}`,
      },
      async drop() {
        await connection.query(`DROP DATABASE ${name}`);
        await connection.end();
        const keys = await redis.keys(`${name}:*`);
        for (let at = 0; at < keys.length; at += 1000)
          await redis.del(...keys.slice(at, at + 1000));
        redis.disconnect();
      },
    };
  } catch (error) {
    redis.disconnect();
    console.log(`No figures for MariaDB and Redis: ${(error as Error).message}`);
    return undefined;
  }
}
