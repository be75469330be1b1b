import { sha512 } from "@noble/hashes/sha2.js";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { portableCrypto } from "../../protocol/crypto/portable.ts";

/** The curves for XS over noble's hashes and ciphers. */
export const portableOnNoble = portableCrypto("portable", {
  ...nobleCrypto,
  sha512: (message) => sha512(message),
});

/** Every provider that runs anywhere; node:crypto has a suite of its own. */
export const PROVIDERS = [nobleCrypto, portableOnNoble] as const;
