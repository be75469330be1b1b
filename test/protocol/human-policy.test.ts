import assert from "node:assert/strict";
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { CREDENTIAL_TYPES } from "../../protocol/human/credential/types.ts";
import { didOf } from "../../protocol/human/pairwise-secret.ts";
import { type Accepted, PersonaPolicy } from "../../protocol/human/request/persona-policy.ts";
import { rejectsCode, throwsCode } from "./error-code.ts";
import { contoso, EMPLOYMENT, issue, mallory, present, trustOf } from "./human-agency.ts";
import { NOW, type TestKey } from "./human-family.ts";
import { AUDIENCE, holder, NONCE, thief } from "./human-issuer.ts";

const DAY = 86_400;
const trust = trustOf(contoso.anchor, mallory.anchor);
const verifier = { trust, nowUnix: NOW, keyBinding: { audience: AUDIENCE, nonce: NONCE } };

type Input = NonNullable<Parameters<typeof issue>[0]>;
type Type = keyof typeof CREDENTIAL_TYPES;

const CLAIMS: Partial<Record<Type, Record<string, string | boolean>>> = {
  employment: EMPLOYMENT,
  displayName: { display_name: "Alice" },
  verifiedEmail: { email: "a@contoso.example", verified_on: "2023-11-01" },
  age: { age_over_18: true, age_over_21: false },
};

/** A presentation of that type that shows those claims. */
async function shows(
  type: Type,
  names: readonly string[],
  input: Input = {},
  { key = holder, issuer = contoso.issuer }: { key?: TestKey; issuer?: typeof contoso.issuer } = {},
): Promise<string> {
  const holderKey = key.publicKey;
  const whole = { type: CREDENTIAL_TYPES[type], claims: CLAIMS[type] ?? {}, holderKey, ...input };
  const queries = names.map((name) => [name]);
  return present(await issue(whole, issuer), queries, key);
}

const evaluate = <C extends object>(
  policy: PersonaPolicy<C>,
  answer: Record<string, unknown>,
): Promise<Accepted<C>> => policy.evaluate(crypto, JSON.stringify(answer), verifier);

/** `true` if two types are the same, which the compiler finds out and not the test. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <T extends true>(): T => true as T;

describe("a persona policy", () => {
  it("gives the claims that were asked for, of the types that were asked for", async () => {
    const policy = new PersonaPolicy()
      .requireDisplayName()
      .requireEmployment("role", "employed_since")
      .requireVerifiedEmail()
      .requireAgeOver(18);
    const { claims, persona, holderKey } = await evaluate(policy, {
      display_name: [await shows("displayName", ["display_name"])],
      employment: [await shows("employment", ["employer", "role", "employed_since"])],
      email: [await shows("verifiedEmail", ["email", "verified_on"])],
      age: [await shows("age", ["age_over_18"])],
    });
    same<Same<typeof claims.displayName, string>>();
    same<Same<keyof typeof claims.employment, "employer" | "role" | "employed_since">>();
    same<Same<typeof claims.employment.role, string>>();
    same<Same<(typeof claims.ageOver)[18], true>>();
    same<Same<keyof typeof claims, "displayName" | "employment" | "email" | "ageOver">>();
    // @ts-expect-error nobody asked for the department
    assert.equal(claims.employment.department, undefined);
    // @ts-expect-error nobody asked for that age
    assert.equal(claims.ageOver[21], undefined);
    assert.deepEqual(claims, {
      displayName: "Alice",
      employment: EMPLOYMENT,
      email: { email: "a@contoso.example", verified_on: "2023-11-01" },
      ageOver: { 18: true },
    });
    assert.equal(persona, "work");
    assert.deepEqual(holderKey, holder.publicKey);
  });

  it("has no type for claims without asking", async () => {
    const policy = new PersonaPolicy().requireEmployment();
    const employment = [await shows("employment", ["employer", "role"])];
    const { claims } = await evaluate(policy, { employment });
    same<Same<typeof claims, { readonly employment: { readonly employer: string } }>>();
    // @ts-expect-error nobody asked for a name
    assert.equal(claims.displayName, undefined);
    // More was shown than was asked for: it goes no further.
    assert.deepEqual(claims, { employment: { employer: "Contoso" } });
    // @ts-expect-error no such age, and no such detail
    throwsCode(() => new PersonaPolicy().requireAgeOver(17).requireEmployment("pay"), "malformed");
  });

  it("is never changed by what is built on it", async () => {
    const base = new PersonaPolicy().requireDisplayName();
    base.requireAgeOver(18).forPersona("personal").fromIssuer("x").maxAge({ days: 1 });
    const display_name = [await shows("displayName", ["display_name"])];
    assert.equal((await evaluate(base, { display_name })).claims.displayName, "Alice");
    await assert.rejects(evaluate(new PersonaPolicy(), {}), RangeError);
  });

  it("asks once for two ages of one credential, and wants both", async () => {
    const policy = new PersonaPolicy().requireAgeOver(18).requireAgeOver(12);
    const claims = { age_over_18: true, age_over_12: true };
    const age = [await shows("age", ["age_over_18", "age_over_12"], { claims })];
    const accepted = await evaluate(policy, { age });
    same<Same<typeof accepted.claims.ageOver, { readonly 18: true } & { readonly 12: true }>>();
    assert.deepEqual(accepted.claims.ageOver, { 12: true, 18: true });
    const one = [await shows("age", ["age_over_18"], { claims })];
    await rejectsCode(evaluate(policy, { age: one }), "claim-not-shown");
  });

  it("refuses a claim that was kept back or has another value", async () => {
    const employed = new PersonaPolicy().requireEmployment("role");
    const kept = await rejectsCode(
      evaluate(employed, { employment: [await shows("employment", ["role"])] }),
      "claim-not-shown",
    );
    assert.deepEqual(kept.detail, { id: "employment", claim: "employer" });
    const adult = new PersonaPolicy().requireAgeOver(21);
    const age = [await shows("age", ["age_over_21"])];
    await rejectsCode(evaluate(adult, { age }), "claim-value-refused");
  });

  it("takes exactly one presentation for each thing asked", async () => {
    const policy = new PersonaPolicy().requireDisplayName();
    const good = await shows("displayName", ["display_name"]);
    const age = await shows("age", ["age_over_18"]);
    for (const [answer, code] of [
      [{}, "answer-incomplete"],
      [{ display_name: [] }, "answer-incomplete"],
      [{ display_name: [good, good] }, "answer-unexpected"],
      [{ display_name: [good], age: [age] }, "answer-unexpected"],
      [{ display_name: [good], ["__proto__"]: [age] }, "answer-unexpected"],
      [{ display_name: good }, "malformed"],
      [{ display_name: [7] }, "malformed"],
      [{ display_name: [age] }, "credential-type-unexpected"],
      [{ display_name: Array(9).fill(good) }, "malformed"],
    ] as const)
      await rejectsCode(evaluate(policy, answer), code);
    await rejectsCode(policy.evaluate(crypto, "[]", verifier), "malformed");
    const endless = JSON.stringify({ display_name: ["x".repeat(300_000)] });
    await rejectsCode(policy.evaluate(crypto, endless, verifier), "malformed");
  });

  it("does not let two people make up a third", async () => {
    const policy = new PersonaPolicy().requireEmployment().requireAgeOver(18);
    const employment = [await shows("employment", ["employer"])];
    const ofThief = (subject: string) => shows("age", ["age_over_18"], { subject }, { key: thief });
    const [alice, bob] = [holder, thief].map((key) => didOf(crypto, key.publicKey)) as [
      string,
      string,
    ];
    const without = { employment, age: [await ofThief(bob)] };
    await rejectsCode(evaluate(policy, without), "holder-mixed");
    const named = [await shows("employment", ["employer"], { subject: alice })];
    await rejectsCode(
      evaluate(policy, { employment: named, age: [await ofThief(bob)] }),
      "holder-mixed",
    );
    // Two keys of one identifier, as two devices of a person have.
    const { subject } = await evaluate(policy, { employment: named, age: [await ofThief(alice)] });
    assert.equal(subject, alice);
  });

  it("keeps personas apart", async () => {
    const policy = new PersonaPolicy().requireEmployment().requireAgeOver(18);
    const employment = [await shows("employment", ["employer"])];
    const age = [await shows("age", ["age_over_18"], { persona: "personal" })];
    await rejectsCode(evaluate(policy, { employment, age }), "persona-mixed");
    const personal = new PersonaPolicy().requireEmployment().forPersona("personal");
    await rejectsCode(evaluate(personal, { employment }), "persona-unexpected");
  });

  it("takes credentials of the issuers that it names, and no older ones than it says", async () => {
    const named = new PersonaPolicy().requireEmployment().fromIssuer(contoso.issuer.id);
    const employment = [await shows("employment", ["employer"])];
    assert.equal((await evaluate(named, { employment })).claims.employment.employer, "Contoso");
    const foreign = [await shows("employment", ["employer"], {}, { issuer: mallory.issuer })];
    await rejectsCode(evaluate(named, { employment: foreign }), "issuer-untrusted");
    await evaluate(named.fromIssuer(mallory.issuer.id), { employment: foreign });
    const recent = new PersonaPolicy().requireEmployment().maxAge({ days: 7 });
    for (const [age, good] of [
      [6, true],
      [8, false],
    ] as const) {
      const old = [await shows("employment", ["employer"], { nowUnix: NOW - age * DAY })];
      if (good) await evaluate(recent, { employment: old });
      else await rejectsCode(evaluate(recent, { employment: old }), "credential-too-old");
    }
    for (const days of [0, -1, 1.5, Number.NaN])
      throwsCode(() => recent.maxAge({ days }), "malformed");
  });

  it("asks for the status last, and not for that of a refused answer", async () => {
    const asked: string[] = [];
    const status = {
      check: async ({ type }: { type: { name: string } }) => void asked.push(type.name),
    } as never;
    const policy = new PersonaPolicy().requireEmployment().requireAgeOver(18);
    const employment = [await shows("employment", ["employer"])];
    const answer = { employment, age: [await shows("age", ["age_over_21"])] };
    const withStatus = (given: object) =>
      policy.evaluate(crypto, JSON.stringify(given), { ...verifier, status });
    await rejectsCode(withStatus(answer), "claim-not-shown");
    assert.deepEqual(asked, []);
    await withStatus({ employment, age: [await shows("age", ["age_over_18"])] });
    assert.deepEqual(asked, ["LastID.Employment", "LastID.Age"]);
  });

  it("lets a visitor in at one site, in one zone, on one day", async () => {
    const place = { tenant: "acme", zone: "lab", valid_on: "2023-11-14" };
    const { valid_on: day, ...where } = place;
    const policy = new PersonaPolicy().requireVisit({ ...where, day }, "visitor");
    const visit = async (claims: Record<string, string>) => [
      await shows("doorVisitor", ["visitor"], { claims: { ...place, visitor: "Bo", ...claims } }),
    ];
    const { claims } = await evaluate(policy, { visit: await visit({}) });
    same<Same<keyof typeof claims.visit, "tenant" | "zone" | "valid_on" | "visitor">>();
    assert.deepEqual(claims.visit, { ...place, visitor: "Bo" });
    for (const other of [{ zone: "vault" }, { tenant: "umbrella" }, { valid_on: "2023-11-15" }])
      await rejectsCode(evaluate(policy, { visit: await visit(other) }), "claim-value-refused");
  });
});
