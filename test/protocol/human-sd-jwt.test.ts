import assert from "node:assert/strict";
import fc from "fast-check";
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { p256Jwk } from "../../protocol/human/jose/p256-jwk.ts";
import { type Claims, fold, hidden } from "../../protocol/human/sd-jwt/fold.ts";
import { issueSdJwt } from "../../protocol/human/sd-jwt/issue.ts";
import { bindKey } from "../../protocol/human/sd-jwt/key-binding.ts";
import {
  type ClaimQuery,
  readOwnSdJwt,
  selectDisclosures,
} from "../../protocol/human/sd-jwt/present.ts";
import { unfold } from "../../protocol/human/sd-jwt/unfold.ts";
import { throwsCode } from "./error-code.ts";
import { NOW } from "./human-family.ts";
import {
  AUDIENCE,
  baseClaims,
  countingRandom,
  holder,
  issuer,
  NONCE,
  TYP,
  verify,
} from "./human-issuer.ts";

const claims: Claims = {
  ...(baseClaims() as Claims),
  given_name: hidden("Alice"),
  address: hidden({ country: "DE", street: hidden("Hauptstr. 1"), city: hidden("Köln") }),
  nationalities: [hidden("DE"), "FR", hidden("US")],
  employment: { employer: "Contoso", role: hidden("engineer") },
  degrees: hidden([hidden({ name: "BSc", year: hidden(2011) }), { name: "MSc" }]),
};

const issue = (padTo = 1): Promise<string> =>
  issueSdJwt(claims, { typ: TYP }, issuer.sign, { crypto, random: countingRandom(), padTo });

async function present(queries: readonly ClaimQuery[]): Promise<Record<string, unknown>> {
  const selected = selectDisclosures(crypto, await issue(), queries);
  const input = { audience: AUDIENCE, nonce: NONCE, nowUnix: NOW, sign: holder.sign };
  const { claims: shown } = verify(await bindKey(crypto, selected, input));
  const { iss, iat, exp, vct, cnf, ...rest } = shown;
  assert.deepEqual({ iss, iat, exp, vct, cnf }, baseClaims());
  return rest;
}

/** What shows although nothing was disclosed. */
const bare = { nationalities: ["FR"], employment: { employer: "Contoso" } };

describe("a credential's holder", () => {
  it("shows nothing that is hidden unless asked", async () => {
    assert.deepEqual(await present([]), bare);
  });

  it("shows a claim", async () => {
    assert.deepEqual(await present([["given_name"]]), { ...bare, given_name: "Alice" });
  });

  it("shows a nested claim with the one in which it is hidden", async () => {
    assert.deepEqual(await present([["address", "city"]]), {
      ...bare,
      address: { country: "DE", city: "Köln" },
    });
    assert.deepEqual(await present([["employment", "role"]]), {
      ...bare,
      employment: { employer: "Contoso", role: "engineer" },
    });
  });

  it("shows a claim with all that is hidden in it", async () => {
    const address = { country: "DE", street: "Hauptstr. 1", city: "Köln" };
    assert.deepEqual(await present([["address"]]), { ...bare, address });
  });

  it("shows one element of an array, or all of them", async () => {
    const one = await present([["nationalities", 2]]);
    assert.deepEqual(one["nationalities"], ["FR", "US"]);
    const all = await present([["nationalities", null]]);
    assert.deepEqual(all["nationalities"], ["DE", "FR", "US"]);
  });

  it("shows what is hidden three deep", async () => {
    const { degrees } = await present([["degrees", null, "year"]]);
    assert.deepEqual(degrees, [{ name: "BSc", year: 2011 }, { name: "MSc" }]);
    const { degrees: names } = await present([["degrees", 1, "name"]]);
    assert.deepEqual(names, [{ name: "MSc" }]);
  });

  it("is told what the credential does not have", async () => {
    const sdJwt = await issue();
    const wrong: ClaimQuery[] = [
      ["age"],
      ["given_name", "x"],
      ["nationalities", 3],
      ["address", 0],
    ];
    for (const query of [...wrong, ["toString"], ["address", null]])
      throwsCode(() => selectDisclosures(crypto, sdJwt, [query]), "claim-unavailable");
  });

  it("cannot present what is a presentation already", async () => {
    const input = { audience: AUDIENCE, nonce: NONCE, nowUnix: NOW, sign: holder.sign };
    const presentation = await bindKey(crypto, await issue(), input);
    throwsCode(() => selectDisclosures(crypto, presentation, []), "key-binding-unexpected");
  });
});

describe("a credential as issued", () => {
  it("has digests whose order says nothing, and no claim twice", async () => {
    const { payload } = fold(claims, { crypto, random: countingRandom() });
    const digests = payload["_sd"] as string[];
    assert.deepEqual(digests, [...digests].sort());
    assert.equal(digests.length, 3);
    assert.ok(!JSON.stringify(payload).includes("Alice"));
  });

  it("has decoys in each place that hides something, which nobody can tell or disclose", () => {
    const { payload, disclosures } = fold(claims, { crypto, random: countingRandom(), padTo: 4 });
    const plain = fold(claims, { crypto, random: countingRandom() });
    assert.equal((payload["_sd"] as string[]).length, 4);
    assert.equal((payload["nationalities"] as unknown[]).length, 5);
    assert.equal(disclosures.length, plain.disclosures.length);
    const all = unfold(payload, disclosures).claims;
    assert.deepEqual(all, unfold(plain.payload, plain.disclosures).claims);
  });

  it("has salts of 128 bits that are never used twice", () => {
    const lengths: number[] = [];
    const source = countingRandom();
    const random = {
      bytes: (length: number) => {
        lengths.push(length);
        return source.bytes(length);
      },
    };
    const { disclosures } = fold(claims, { crypto, random });
    assert.deepEqual(lengths, new Array(disclosures.length).fill(16));
  });

  it("hides nothing under a name that is reserved", () => {
    for (const name of ["_sd", "...", "_sd_alg", "__proto__"]) {
      const wrong = Object.fromEntries([[name, hidden(1)]]);
      throwsCode(() => fold(wrong, { crypto, random: countingRandom() }), "claim-name-reserved");
      const open = Object.fromEntries([["a", Object.fromEntries([[name, 1]])]]);
      throwsCode(() => fold(open, { crypto, random: countingRandom() }), "claim-name-reserved");
    }
  });

  it("is read by its holder without the issuer's key", async () => {
    const { claims: all, placed } = readOwnSdJwt(crypto, await issue(8));
    assert.equal(placed.length, 10);
    assert.equal(all["given_name"], "Alice");
    assert.deepEqual(all["cnf"], { jwk: p256Jwk(holder.publicKey) });
  });
});

describe("any claims, hidden in any way", () => {
  const name = fc
    .string({ minLength: 1, maxLength: 6 })
    .filter((text) => !/^(_sd|\.\.\.|__p)/.test(text));
  const { tree } = fc.letrec<{ tree: Claims; claim: never }>((tie) => ({
    claim: fc.oneof(
      { depthSize: "small" },
      fc.string({ maxLength: 5 }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(fc.oneof(tie("claim"), tie("claim").map(hidden)), { maxLength: 3 }),
      tie("tree"),
    ) as never,
    tree: fc.dictionary(name, fc.oneof(tie("claim"), tie("claim").map(hidden)), { maxKeys: 3 }),
  }));

  const open = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(open);
    if (Object.hasOwn(value, "value") && value.constructor?.name === "Hidden")
      return open((value as { value: unknown }).value);
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, open(inner)]));
  };

  it("come back whole when all is disclosed, in any order", () => {
    fc.assert(
      fc.property(tree, fc.integer({ min: 1, max: 5 }), fc.boolean(), (given, padTo, backwards) => {
        const { payload, disclosures } = fold(given, { crypto, random: countingRandom(), padTo });
        const order = backwards ? [...disclosures].reverse() : disclosures;
        assert.deepEqual(unfold(payload, order).claims, open(given));
      }),
      { numRuns: 100 },
    );
  });

  it("keep to themselves what is not disclosed", () => {
    fc.assert(
      fc.property(tree, (given) => {
        const secret = { ...given, own: hidden("secret-value") };
        const { payload } = fold(secret, { crypto, random: countingRandom() });
        const { claims: shown } = unfold(payload, []);
        assert.ok(!JSON.stringify([payload, shown]).includes("secret-value"));
        assert.equal(Object.hasOwn(shown, "own"), false);
      }),
      { numRuns: 50 },
    );
  });
});
