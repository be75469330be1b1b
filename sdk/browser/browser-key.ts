import { LatchkeyError } from "../../protocol/errors.ts";
import type { KeyStore } from "../identity-key.ts";
import { introduceSoftwareKey, type SoftwareKey, softwareIdentity } from "../software-key.ts";
import { getOrPut } from "./indexed-db.ts";

const NAME = "software-key";

type WebKey = InstanceType<typeof CryptoKey>;

interface StoredPair {
  readonly privateKey: WebKey;
  readonly publicKey: WebKey;
}

/**
 * A pair whose private half no script can read, this one included.
 * @throws key-unsupported: there is no other algorithm to fall back on, the protocol has one
 */
async function generate(): Promise<StoredPair> {
  try {
    return (await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"])) as StoredPair;
  } catch (cause) {
    throw new LatchkeyError("key-unsupported", { cause });
  }
}

async function keyOf({ privateKey, publicKey }: StoredPair): Promise<SoftwareKey> {
  // Whoever can write into this origin's storage could have laid a key that he can read.
  if (privateKey.extractable) throw new LatchkeyError("storage-corrupt");
  return {
    publicKey: new Uint8Array(await crypto.subtle.exportKey("raw", publicKey)),
    sign: async (message) =>
      new Uint8Array(await crypto.subtle.sign("Ed25519", privateKey, new Uint8Array(message))),
  };
}

/**
 * An identity of the level STD for web pages: an Ed25519 key in the browser's own key store, one
 * for each origin. A script that gets into the page can use it while it is there; it cannot take
 * it away.
 */
export function browserKey(): KeyStore {
  return {
    async load() {
      const pair = await getOrPut<StoredPair>(NAME);
      return pair && softwareIdentity(await keyOf(pair));
    },
    async introduce(registration) {
      const pair = (await getOrPut<StoredPair>(NAME)) ?? (await getOrPut(NAME, await generate()));
      return introduceSoftwareKey(await keyOf(pair!), registration);
    },
  };
}
