import { malformed } from "../../protocol/errors.ts";
import { generateHumanKey, type HumanKey, type HumanKeyPair, humanKeyOf } from "../human-key.ts";
import { getOrPut } from "./indexed-db.ts";

/**
 * The key of that name of a person's device, made the first time: in the browser's own key store,
 * one for each origin. Use a name for each verifier: two who see one key know it again.
 * @throws malformed, key-unsupported, storage-failed, storage-corrupt
 */
export async function browserHumanKey(name: string): Promise<HumanKey> {
  if (!/^[a-z0-9][a-z0-9.-]{0,252}$/.test(name)) throw malformed("name", "of a-z, 0-9, . and -");
  const at = `human-key ${name}`;
  const known = await getOrPut<HumanKeyPair>(at);
  const pair = known ?? (await getOrPut(at, await generateHumanKey()));
  return humanKeyOf(pair!);
}
