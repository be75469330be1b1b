import type { CryptoProvider } from "../crypto/provider.ts";
import { LatchkeyError } from "../errors.ts";

/**
 * Which of the pinned server keys made the signature. There is a list only so that a server can
 * change its key: one that is not on it counts for nothing, whoever vouches for it.
 * @throws server-untrusted if none did
 */
export function signingServerKey(
  crypto: CryptoProvider,
  serverKeys: readonly Uint8Array[],
  message: Uint8Array,
  signature: Uint8Array,
): Uint8Array {
  const found = serverKeys.find((key) => crypto.ed25519Verify(key, message, signature));
  if (found === undefined) throw new LatchkeyError("server-untrusted");
  return found;
}
