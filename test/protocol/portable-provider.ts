import { sha512 } from "@noble/hashes/sha2.js";
import { composeCrypto } from "../../protocol/crypto/compose.ts";
import { portableCurves } from "../../protocol/crypto/curve25519/curves.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";

/** The curves for XS over noble's hashes and ciphers. */
export const portableOnNoble = composeCrypto(
  "portable curves",
  nobleCrypto,
  portableCurves((message) => sha512(message)),
);

/** Every provider that runs anywhere; node:crypto and the image's C have suites of their own. */
export const PROVIDERS = [nobleCrypto, portableOnNoble] as const;
