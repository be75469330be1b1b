import { nativeCurves } from "../../../hal/native/native-curves.ts";
import { nativeSymmetric } from "../../../hal/native/native-symmetric.ts";
import { composeCrypto } from "../../../protocol/crypto/compose.ts";
import type { CryptoProvider } from "../../../protocol/crypto/provider.ts";
import { nativeCrypto } from "./native-crypto.ts";

/** The image's cryptography: all of it in our C. */
export function chipCrypto(): CryptoProvider {
  return composeCrypto("C", nativeSymmetric(nativeCrypto), nativeCurves(nativeCrypto));
}
