import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { PROVIDERS } from "./portable-provider.ts";
import { testCurves, testSymmetric } from "./wycheproof.ts";

describe("Wycheproof: the hashes and ciphers of noble", () => {
  testSymmetric(nobleCrypto);
});

for (const crypto of PROVIDERS)
  describe(`Wycheproof: the curves of ${crypto.name}`, () => {
    testCurves(crypto);
  });
