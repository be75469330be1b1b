import type { Curves } from "../compose.ts";
import * as ed25519 from "./ed25519.ts";
import * as x25519 from "./x25519.ts";

/**
 * The curves in JavaScript written for XS: for boards where no C may be added, and a second
 * implementation beside noble's everywhere. The table lies in flash when the module is preloaded;
 * noble's is made at run time and is larger than the RAM of an RP2350.
 *
 * Signing and key agreement run through the same operations whatever the key is, but a BigInt's
 * own arithmetic is not constant-time (docs/security.md).
 */
export function portableCurves(sha512: ed25519.Sha512): Curves {
  return Object.freeze<Curves>({
    ed25519PublicKey: (seed) => ed25519.publicKeyOf(sha512, seed),
    ed25519SignAs: (seed, publicKey, message) => ed25519.sign(sha512, seed, message, publicKey),
    ed25519Verify: (publicKey, message, signature) =>
      ed25519.verify(sha512, publicKey, message, signature),
    x25519PublicKey: x25519.publicKeyOf,
    x25519: x25519.agree,
  });
}
