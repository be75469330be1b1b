import { closeSync, openSync } from "node:fs";
import type { Ephemera } from "./store/ephemera.ts";
import { MemoryEphemera } from "./store/memory-ephemera.ts";
import type { Records } from "./store/records.ts";
import { isDatabaseUrl, parseDatabaseUrl } from "./store/sql/database-url.ts";
import { openSqliteRecords } from "./store/sqlite-records.ts";
import type { Vault } from "./vault.ts";
import type { WallClock } from "./wall-clock.ts";

/** Made before SQLite does it, which would go by the umask; `-wal` and `-shm` take its mode. */
function createPrivateFile(path: string): void {
  closeSync(openSync(path, "a", 0o600));
}

/**
 * Records in a file, or in the database behind a URL. What speaks to the network is loaded only
 * then.
 * @throws unavailable, storage-corrupt, unsupported-version, config-invalid
 */
export async function openRecords(database: string): Promise<Records> {
  if (!isDatabaseUrl(database)) {
    createPrivateFile(database);
    return openSqliteRecords(database);
  }
  const address = parseDatabaseUrl(database);
  const { openSqlRecords } = await import("./store/sql/sql-records.ts");
  return openSqlRecords(address);
}

/**
 * In the memory of this process, or of the Redis behind a URL.
 * @throws config-invalid, unavailable
 */
export async function openEphemera(
  url: string | undefined,
  vault: Vault,
  clock: WallClock,
): Promise<Ephemera> {
  if (url === undefined) return new MemoryEphemera();
  const { RedisEphemera } = await import("./store/redis/redis-ephemera.ts");
  return RedisEphemera.open({ url, vault, clock });
}
