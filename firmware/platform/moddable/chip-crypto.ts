import { nativeCurves } from "../../../hal/native/native-curves.ts";
import { composeCrypto } from "../../../protocol/crypto/compose.ts";
import type { CryptoProvider } from "../../../protocol/crypto/provider.ts";
import { nativeCrypto } from "./native-crypto.ts";
import { type SdkCrypt, sdkSymmetric } from "./sdk-symmetric.ts";

/** The image's cryptography: hashes and ciphers of the SDK, curves in C. */
export function chipCrypto(crypt: SdkCrypt): CryptoProvider {
  return composeCrypto("sdk + C", sdkSymmetric(crypt), nativeCurves(nativeCrypto));
}
