import { NODE_KEY_NAME } from "../protocol/node/node-key.ts";
import type { Storage } from "../protocol/platform.ts";
import { deviceKey } from "./device-key.ts";
import type { Journal } from "./journal/journal.ts";
import { SealedValues } from "./journal/sealed-values.ts";
import type { Platform } from "./platform.ts";

const SEED_BYTES = 32;

/**
 * A node's values, its key among them sealed for this board. Opened when it is first used, so that
 * what fails then is shown like every other trouble with the identity, and tried again.
 */
export function nodeStorage(
  { crypto, random, system }: Pick<Platform, "crypto" | "random" | "system">,
  journal: Journal,
): Storage {
  let opened: Storage | undefined;
  const open = (): Storage => {
    if (opened !== undefined) return opened;
    const key = deviceKey({ crypto, random, system, storage: journal });
    const sealed = Object.freeze({ [NODE_KEY_NAME]: SEED_BYTES });
    opened = new SealedValues({ storage: journal, crypto, random, key, sealed });
    return opened;
  };
  return {
    get: (key) => open().get(key),
    set: (key, value) => open().set(key, value),
    delete: (key) => open().delete(key),
  };
}
