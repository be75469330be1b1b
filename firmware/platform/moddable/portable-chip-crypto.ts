import crypt from "crypt";
import { composeCrypto } from "../../../protocol/crypto/compose.ts";
import { portableCurves } from "../../../protocol/crypto/curve25519/curves.ts";
import type { CryptoProvider } from "../../../protocol/crypto/provider.ts";
import { sdkSymmetric } from "./sdk-symmetric.ts";

/**
 * In place of `chip-crypto.ts` where no C may be added: hashes and ciphers of the SDK, curves in
 * JavaScript written for XS.
 */
export function chipCrypto(): CryptoProvider {
  const symmetric = sdkSymmetric(crypt);
  return composeCrypto("sdk + portable", symmetric, portableCurves(symmetric.sha512));
}
