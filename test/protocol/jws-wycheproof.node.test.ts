import assert from "node:assert/strict";
import { nobleHuman } from "../../protocol/crypto/noble-p256.ts";
import { checkJws, parseCompact } from "../../protocol/human/jose/compact-jws.ts";
import { parseP256Jwk } from "../../protocol/human/jose/p256-jwk.ts";
import { type JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import { nodeHuman } from "../../server/node-p256.ts";
import { readVectors } from "../support/vectors.ts";
import { parses } from "./error-code.ts";

type Test = { tcId: number; comment: string; jws: string; result: string };
type Group = { public?: JsonObject; private?: JsonObject; tests: Test[] };

const CODES = ["jws-malformed", "jws-algorithm", "jws-critical", "signature-invalid"] as const;

for (const [name, crypto] of [
  ["noble", nobleHuman],
  ["node:crypto", nodeHuman],
] as const)
  describe(`Wycheproof: JWS, verified with ${name}`, () => {
    const accepts = (jwk: JsonObject, jws: string): boolean =>
      parses(
        () => {
          const key = parseP256Jwk(crypto, new JsonReader(jwk));
          checkJws(crypto, parseCompact(jws, "test"), key, "test");
        },
        "malformed",
        ...CODES,
      );

    it("agrees on every vector of a P-256 key, and knows no other key or algorithm", function () {
      const file = readVectors(this, "wycheproof/json_web_signature_test.json") as {
        numberOfTests: number;
        testGroups: Group[];
      };
      const counts = { run: 0, accepted: 0, outside: 0 };
      for (const { public: publicKey, private: privateKey, tests } of file.testGroups)
        for (const { tcId, comment, jws, result } of tests) {
          const jwk = publicKey ?? privateKey!;
          const verdict = accepts(jwk, jws);
          if (jwk["crv"] !== "P-256") {
            // HMAC, RSA and P-521: refused for the key alone, whatever the vector is about.
            counts.outside++;
            assert.equal(verdict, false, `tcId ${tcId}`);
          } else {
            counts.run++;
            if (verdict) counts.accepted++;
            assert.equal(verdict, result === "valid", `tcId ${tcId}: ${comment}`);
          }
        }
      assert.deepEqual(counts, { run: 41, accepted: 2, outside: 360 });
      assert.equal(file.numberOfTests, 401);
    });
  });
