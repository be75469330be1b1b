/** RFC 9901's own tokens and disclosures. */
import assert from "node:assert/strict";
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { parseP256Jwk } from "../../protocol/human/jose/p256-jwk.ts";
import { parseDisclosure } from "../../protocol/human/sd-jwt/disclosure.ts";
import { readOwnSdJwt, selectDisclosures } from "../../protocol/human/sd-jwt/present.ts";
import { verifySdJwt } from "../../protocol/human/sd-jwt/verify.ts";
import { type JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import { nodeHuman } from "../../server/node-p256.ts";
import { throwsCode } from "./error-code.ts";
import { humanSet } from "./human-vectors.ts";

interface Rfc9901 {
  readonly issuer_jwk: JsonObject;
  readonly vectors: readonly { section: string; line: number; compact: string }[];
  readonly disclosures: readonly { hash: string; disclosure: string; line: number }[];
}

/** When the RFC's holder signed; its credentials are good until 2029. */
const SIGNED_AT = 1_748_537_244;
const KEY_BINDING = { audience: "https://verifier.example.org", nonce: "1234567890" };

describe("RFC 9901's examples", () => {
  it("have 87 disclosures with the digests that it prints", function () {
    const { disclosures } = humanSet<Rfc9901>(this, "rfc9901_sd_jwt");
    for (const { hash, disclosure, line } of disclosures)
      assert.equal(parseDisclosure(crypto, disclosure).digest, hash, `line ${line}`);
    assert.equal(disclosures.length, 87);
  });

  it("verify: 9 tokens, 3 of them presentations with key binding, 1 without a tilde", function () {
    const { issuer_jwk, vectors } = humanSet<Rfc9901>(this, "rfc9901_sd_jwt");
    const key = parseP256Jwk(crypto, new JsonReader(issuer_jwk));
    const counts = { bound: 0, unbound: 0, bare: 0, placed: 0 };
    for (const { section, line, compact } of vectors) {
      const typ = compact.startsWith("eyJhbGciOiAiRVMyNTYiLCAidHlwIjogImRj")
        ? "dc+sd-jwt"
        : "example+sd-jwt";
      const options = { typ, nowUnix: SIGNED_AT, issuerKey: () => key };
      // §5.1 prints the JWT by itself first: that is a JWT, and an SD-JWT once it ends in a tilde.
      const bare = !compact.includes("~");
      const bound = !bare && !compact.endsWith("~");
      if (bare) throwsCode(() => verifySdJwt(crypto, compact, options), "jws-malformed");
      for (const provider of [crypto, nodeHuman]) {
        const { placed, claims } = verifySdJwt(provider, bare ? `${compact}~` : compact, {
          ...options,
          ...(bound && { keyBinding: KEY_BINDING }),
        });
        assert.ok(!/"(_sd|\.\.\.)"/.test(JSON.stringify(claims)), `${section}, line ${line}`);
        counts.placed += placed.length;
      }
      counts[bare ? "bare" : bound ? "bound" : "unbound"]++;
    }
    assert.deepEqual(counts, { bound: 3, unbound: 5, bare: 1, placed: 2 * 70 });
  });

  it("give §5.2's presentation out of §5.1's credential, but for the order", function () {
    const { vectors } = humanSet<Rfc9901>(this, "rfc9901_sd_jwt");
    const [, issued, presented] = vectors.map(({ compact }) => compact);
    const queries = [["family_name"], ["given_name"], ["address"], ["nationalities", 0]];
    const ours = selectDisclosures(crypto, issued!, queries).split("~");
    const theirs = presented!.split("~").slice(0, -1);
    assert.deepEqual(new Set(ours), new Set([...theirs, ""]));
    const { claims } = readOwnSdJwt(crypto, issued!);
    assert.equal((claims["address"] as JsonObject)["locality"], "Anytown");
  });
});
