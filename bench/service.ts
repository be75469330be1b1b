/** The server over HTTP: authentications beside oidc-provider, readings, and how large it is. */
import { benchAuthentications } from "./service/authentications.ts";
import { benchIngest } from "./service/ingest.ts";
import { mariaDbAndRedis } from "./service/scratch-stores.ts";
import { printServerSize } from "./service/server-size.ts";

/** @param profile a folder for a processor profile of the server on SQLite */
export async function benchService(profile?: string): Promise<void> {
  const stores = await mariaDbAndRedis();
  try {
    const beside = stores === undefined ? [] : [["MariaDB + Redis", stores.env] as const];
    await benchAuthentications(beside, profile);
  } finally {
    await stores?.drop();
  }
  await benchIngest();
  await printServerSize();
}

if (import.meta.main) await benchService(process.argv[2]);
