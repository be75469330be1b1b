/** Our queries and our verdicts, beside those of an independent parser and evaluator of DCQL. */
import assert from "node:assert/strict";
import { DcqlPresentationResult, DcqlQuery } from "dcql";
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { CREDENTIAL_TYPES } from "../../protocol/human/credential/types.ts";
import { PersonaPolicy } from "../../protocol/human/request/persona-policy.ts";
import { readOwnSdJwt } from "../../protocol/human/sd-jwt/present.ts";
import { parseCertificate } from "../../protocol/human/x509/certificate.ts";
import { contoso, EMPLOYMENT, issue, mallory, present, trustOf } from "./human-agency.ts";
import { NOW } from "./human-family.ts";
import { AUDIENCE, holder, NONCE } from "./human-issuer.ts";

const trust = trustOf(contoso.anchor, mallory.anchor);

function parsed(policy: PersonaPolicy<object>) {
  const query = DcqlQuery.parse(policy.toDcql(trust) as never);
  DcqlQuery.validate(query);
  return query;
}

/** A presentation as that library wants it: read, not verified. */
function given(presentation: string, { chain }: typeof contoso.issuer) {
  const { claims } = readOwnSdJwt(crypto, presentation);
  const aki = parseCertificate(crypto, chain[0]!).authorityKeyId!;
  return {
    credential_format: "dc+sd-jwt" as const,
    ...{ vct: claims["vct"] as string, claims: claims as never },
    authority: { type: "aki" as const, values: [toBase64Url(aki)] as [string] },
    cryptographic_holder_binding: true,
  };
}

interface Case {
  readonly name: string;
  readonly policy: PersonaPolicy<object>;
  readonly answers: Record<
    string,
    { type: keyof typeof CREDENTIAL_TYPES; show: string[]; claims: object }
  >;
  readonly issuer?: typeof contoso.issuer;
  readonly persona?: "personal";
  readonly good: boolean;
}

const employment = (...show: string[]) => ({
  type: "employment" as const,
  show,
  claims: EMPLOYMENT,
});
const age = (over18: boolean, ...show: string[]) => ({
  ...{ type: "age" as const, show },
  claims: { age_over_18: over18, age_over_21: false },
});
const visit = (zone: string) => ({
  ...{ type: "doorVisitor" as const, show: [] },
  claims: { tenant: "acme", zone, valid_on: "2023-11-14" },
});
const lab = { tenant: "acme", zone: "lab", day: "2023-11-14" };
const ask = () => new PersonaPolicy();

const CASES: readonly Case[] = [
  {
    name: "all shown",
    policy: ask().requireEmployment("role"),
    answers: { employment: employment("employer", "role") },
    good: true,
  },
  {
    name: "more shown",
    policy: ask().requireEmployment(),
    answers: { employment: employment("employer", "role") },
    good: true,
  },
  {
    name: "one kept back",
    policy: ask().requireEmployment("role"),
    answers: { employment: employment("role") },
    good: false,
  },
  {
    name: "all kept back",
    policy: ask().requireEmployment(),
    answers: { employment: employment() },
    good: false,
  },
  {
    name: "of age",
    policy: ask().requireAgeOver(18),
    answers: { age: age(true, "age_over_18") },
    good: true,
  },
  {
    name: "not of age",
    policy: ask().requireAgeOver(18),
    answers: { age: age(false, "age_over_18") },
    good: false,
  },
  {
    name: "another age",
    policy: ask().requireAgeOver(18),
    answers: { age: age(true, "age_over_21") },
    good: false,
  },
  {
    name: "two credentials",
    policy: ask().requireAgeOver(18).requireEmployment(),
    answers: { age: age(true, "age_over_18"), employment: employment("employer") },
    good: true,
  },
  {
    name: "one of two",
    policy: ask().requireAgeOver(18).requireEmployment(),
    answers: { age: age(true, "age_over_18") },
    good: false,
  },
  {
    name: "another type",
    policy: ask().requireEmployment(),
    answers: { employment: age(true, "age_over_18") },
    good: false,
  },
  {
    name: "the issuer named",
    policy: ask().requireEmployment().fromIssuer(contoso.issuer.id),
    answers: { employment: employment("employer") },
    good: true,
  },
  {
    name: "another issuer",
    policy: ask().requireEmployment().fromIssuer(contoso.issuer.id),
    answers: { employment: employment("employer") },
    issuer: mallory.issuer,
    good: false,
  },
  {
    name: "the persona named",
    policy: ask().requireEmployment().forPersona("work"),
    answers: { employment: employment("employer") },
    good: true,
  },
  {
    name: "another persona",
    policy: ask().requireEmployment().forPersona("work"),
    answers: { employment: employment("employer") },
    persona: "personal",
    good: false,
  },
  {
    name: "the zone",
    policy: ask().requireVisit(lab),
    answers: { visit: visit("lab") },
    good: true,
  },
  {
    name: "another zone",
    policy: ask().requireVisit(lab),
    answers: { visit: visit("vault") },
    good: false,
  },
];

describe("policies as DCQL", () => {
  it("are read by an independent parser, as they were meant", () => {
    const policy = ask().requireEmployment("role").requireAgeOver(18).fromIssuer(contoso.issuer.id);
    const { credentials } = parsed(policy.forPersona("work"));
    const [{ subjectKeyId }] = [parseCertificate(crypto, contoso.anchor.certificate)];
    assert.deepEqual(
      credentials.map(({ id }) => id),
      ["employment", "age"],
    );
    const [first, second] = credentials as unknown as [
      Record<string, unknown>,
      Record<string, unknown>,
    ];
    assert.deepEqual(first["claims"], [
      { path: ["persona"], values: ["work"] },
      { path: ["employer"] },
      { path: ["role"] },
    ]);
    assert.deepEqual(first["meta"], { vct_values: [CREDENTIAL_TYPES.employment.vct] });
    assert.deepEqual(first["trusted_authorities"], [
      { type: "aki", values: [toBase64Url(subjectKeyId!)] },
    ]);
    assert.equal(first["require_cryptographic_holder_binding"], true);
    assert.deepEqual((second["claims"] as unknown[])[1], { path: ["age_over_18"], values: [true] });
  });

  it("give no hint at issuers when one of them could not be named by it", () => {
    const policy = ask()
      .requireEmployment()
      .fromIssuer(contoso.issuer.id)
      .fromIssuer("did:lastid:unknown");
    assert.equal(
      "trusted_authorities" in (policy.toDcql(trust)["credentials"] as object[])[0]!,
      false,
    );
  });

  for (const { name, policy, answers, issuer = contoso.issuer, persona, good } of CASES)
    it(`accept or refuse as an independent evaluator does: ${name}`, async () => {
      const presentations = await Promise.all(
        Object.entries(answers).map(async ([id, { type, show, claims }]) => {
          const input = {
            type: CREDENTIAL_TYPES[type],
            claims: claims as never,
            ...(persona && { persona }),
          };
          const queries = show.map((claim) => [claim]);
          return [id, await present(await issue(input, issuer), queries)] as const;
        }),
      );
      const theirs = DcqlPresentationResult.fromDcqlPresentation(
        Object.fromEntries(presentations.map(([id, one]) => [id, [given(one, issuer)]])) as never,
        { dcqlQuery: parsed(policy) },
      );
      assert.equal(theirs.can_be_satisfied, good);
      const vpToken = JSON.stringify(
        Object.fromEntries(presentations.map(([id, one]) => [id, [one]])),
      );
      const keyBinding = { audience: AUDIENCE, nonce: NONCE };
      const ours = policy.evaluate(crypto, vpToken, { trust, nowUnix: NOW, keyBinding });
      if (good) assert.deepEqual((await ours).holderKey, holder.publicKey);
      else await assert.rejects(ours);
    });
});
