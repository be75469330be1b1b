import type { Curves } from "../../protocol/crypto/compose.ts";
import type { NativeCurves } from "./native-crypto.ts";

/** The curves in C as a provider's. What is not of the right length is bad data here as there. */
export function nativeCurves(native: NativeCurves): Curves {
  return Object.freeze<Curves>({
    ed25519PublicKey: (seed) => new Uint8Array(native.ed25519PublicKey(seed)),
    ed25519SignAs: (seed, publicKey, message) =>
      new Uint8Array(native.ed25519Sign(seed, publicKey, message)),
    ed25519Verify: (publicKey, message, signature) =>
      publicKey.length === 32 &&
      signature.length === 64 &&
      native.ed25519Verify(publicKey, message, signature),
    x25519PublicKey: (privateKey) => new Uint8Array(native.x25519PublicKey(privateKey)),
    x25519: (privateKey, publicKey) => {
      const shared = native.x25519(privateKey, publicKey);
      return shared && new Uint8Array(shared);
    },
  });
}
