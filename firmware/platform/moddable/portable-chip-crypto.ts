import { composeCrypto } from "../../../protocol/crypto/compose.ts";
import { portableCurves } from "../../../protocol/crypto/curve25519/curves.ts";
import type { CryptoProvider } from "../../../protocol/crypto/provider.ts";
import { type SdkCrypt, sdkSymmetric } from "./sdk-symmetric.ts";

/** In place of `chip-crypto.ts` where no C may be added: curves in JavaScript written for XS. */
export function chipCrypto(crypt: SdkCrypt): CryptoProvider {
  const symmetric = sdkSymmetric(crypt);
  return composeCrypto("sdk + portable", symmetric, portableCurves(symmetric.sha512));
}
