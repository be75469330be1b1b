import { existsSync } from "node:fs";
import { join } from "node:path";
import { LatchkeyError } from "../protocol/errors.ts";
import { storesFrom } from "../server/environment.ts";
import type { Service } from "../server/service.ts";
import { openServiceFolder } from "../server/start.ts";

/**
 * The service over a data folder, or over the database that the environment names: whoever can
 * read it needs no token. A server that runs on it at the same time is no hindrance.
 * @throws network-failed when there is none; as `openServiceFolder`
 */
export async function openLocalService(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Service> {
  const stores = storesFrom(env);
  if (stores.database === undefined && !existsSync(join(folder, "latchkey.db")))
    throw new LatchkeyError("network-failed", {
      message: `${folder} holds no server's data: run \`latchkey init\`, or name one with --url`,
    });
  return (await openServiceFolder({ folder, ...stores })).service;
}
