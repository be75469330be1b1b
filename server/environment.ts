import { LatchkeyError } from "../protocol/errors.ts";
import { type FolderKeys, parseKey } from "./key-folder.ts";

/** Where a server's data is, and its keys where they are not in the folder. */
export interface StoreChoice {
  readonly database?: string;
  readonly redis?: string;
  readonly keys?: Partial<FolderKeys>;
}

type Environment = Readonly<Record<string, string | undefined>>;

const PASSWORDS = {
  LATCHKEY_DATABASE_URL: "LATCHKEY_DATABASE_PASSWORD",
  LATCHKEY_REDIS_URL: "LATCHKEY_REDIS_PASSWORD",
} as const;

/** The URL, with the password that stands beside it. Without one of its own, it may be shown. */
function urlOf(env: Environment, name: keyof typeof PASSWORDS, given?: string) {
  const text = given ?? env[name];
  const password = env[PASSWORDS[name]];
  const url = text === undefined || password === undefined ? null : URL.parse(text);
  if (url === null || url.password !== "") return text;
  url.password = encodeURIComponent(password!);
  return url.href;
}

/**
 * What the environment says of the stores; `given` is what a command line says. Credentials are
 * for the environment: every user of a machine sees its command lines.
 * @throws config-invalid, which names the variable and quotes nothing
 */
export function storesFrom(env: Environment, given: StoreChoice = {}): StoreChoice {
  const database = urlOf(env, "LATCHKEY_DATABASE_URL", given.database);
  const redis = urlOf(env, "LATCHKEY_REDIS_URL", given.redis);
  const keyOf = (name: string) => {
    const text = env[name];
    return text === undefined ? [] : [parseKey(text, name)];
  };
  const vaultKeys = [...keyOf("LATCHKEY_VAULT_KEY"), ...keyOf("LATCHKEY_VAULT_KEY_NEXT")];
  if (env["LATCHKEY_VAULT_KEY"] === undefined && vaultKeys.length > 0)
    throw new LatchkeyError("config-invalid", {
      message: "LATCHKEY_VAULT_KEY_NEXT takes over from LATCHKEY_VAULT_KEY, which is not set.",
      detail: { field: "LATCHKEY_VAULT_KEY" },
    });
  const signingSeeds = keyOf("LATCHKEY_SIGNING_KEY");
  const keys = {
    ...(vaultKeys.length > 0 && { vaultKeys }),
    ...(signingSeeds.length > 0 && { signingSeeds }),
  };
  return {
    ...(database !== undefined && { database }),
    ...(redis !== undefined && { redis }),
    ...(Object.keys(keys).length > 0 && { keys }),
  };
}
