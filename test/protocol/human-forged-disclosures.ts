/** Presentations whose disclosures, digests or claims must be refused. */
import type { ErrorCode } from "../../protocol/error-codes.ts";
import { p256Jwk } from "../../protocol/human/jose/p256-jwk.ts";
import { NOW } from "./human-family.ts";
import { attempt, digest, holder, jwsOf, rawDisclosure, TYP, thief } from "./human-issuer.ts";

export interface Forgery {
  readonly name: string;
  readonly code: ErrorCode;
  readonly presentation: string;
}

const name = rawDisclosure(["salt1", "name", "Alice"]);
const element = rawDisclosure(["salt2", "DE"]);

/** A credential that hides one claim in a disclosure of that content. */
const hiding = (parts: unknown, claims: Record<string, unknown> = {}): string => {
  const encoded = rawDisclosure(parts);
  return attempt({ claims: { _sd: [digest(encoded)], ...claims }, disclosures: [encoded] });
};

function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

export const FORGED_DISCLOSURES: readonly Forgery[] = [
  {
    name: "a disclosure changed after signing",
    code: "disclosure-unreferenced",
    presentation: attempt({
      claims: { _sd: [digest(name)] },
      disclosures: [rawDisclosure(["salt1", "name", "Mallory"])],
    }),
  },
  {
    name: "a disclosure that no digest calls for",
    code: "disclosure-unreferenced",
    presentation: attempt({ disclosures: [name] }),
  },
  {
    name: "a disclosure twice",
    code: "disclosure-repeated",
    presentation: attempt({ claims: { _sd: [digest(name)] }, disclosures: [name, name] }),
  },
  {
    name: "a digest twice",
    code: "digest-repeated",
    presentation: attempt({ claims: { _sd: [digest(name), digest(name)] }, disclosures: [name] }),
  },
  {
    name: "a digest twice, in two objects",
    code: "digest-repeated",
    presentation: attempt({ claims: { _sd: [digest(name)], a: { _sd: [digest(name)] } } }),
  },
  {
    name: "a disclosed claim over vct",
    code: "claim-collision",
    presentation: hiding(["s", "vct", "urn:admin"]),
  },
  {
    name: "two disclosures of one claim",
    code: "claim-collision",
    presentation: attempt({
      claims: { _sd: [digest(name), digest(rawDisclosure(["salt9", "name", "Eve"]))] },
      disclosures: [name, rawDisclosure(["salt9", "name", "Eve"])],
    }),
  },
  {
    name: "exp as a disclosure",
    code: "claim-not-disclosable",
    presentation: hiding(["s", "exp", NOW + 9], { exp: undefined }),
  },
  {
    name: "status as a disclosure",
    code: "claim-not-disclosable",
    presentation: hiding(["s", "status", {}]),
  },
  {
    name: "cnf as a disclosure",
    code: "claim-not-disclosable",
    presentation: hiding(["s", "cnf", { jwk: p256Jwk(thief.publicKey) }], { cnf: undefined }),
  },
  {
    name: "a digest inside of status",
    code: "claim-not-disclosable",
    presentation: attempt({ claims: { status: { _sd: [digest(name)] } } }),
  },
  {
    name: "a hidden element inside of cnf",
    code: "claim-not-disclosable",
    presentation: attempt({
      claims: { cnf: { jwk: p256Jwk(holder.publicKey), x: [{ "...": digest(element) }] } },
    }),
  },
  {
    name: "an unknown _sd_alg",
    code: "sd-alg-unsupported",
    presentation: attempt({ claims: { _sd_alg: "sha-512" } }),
  },
  {
    name: "_sd_alg md5",
    code: "sd-alg-unsupported",
    presentation: attempt({ claims: { _sd_alg: "md5" } }),
  },
  {
    name: "_sd_alg null",
    code: "sd-alg-unsupported",
    presentation: attempt({ claims: { _sd_alg: null } }),
  },
  {
    name: "a disclosure of four elements",
    code: "disclosure-invalid",
    presentation: hiding(["s", "name", "Alice", 1]),
  },
  { name: "a disclosure of one element", code: "disclosure-invalid", presentation: hiding(["s"]) },
  {
    name: "a disclosure that is an object",
    code: "disclosure-invalid",
    presentation: hiding({ 0: "s", 1: "name", 2: "x" }),
  },
  { name: "a disclosure that is not JSON", code: "disclosure-invalid", presentation: hiding("[") },
  {
    name: "a disclosure whose salt is a number",
    code: "disclosure-invalid",
    presentation: hiding([1, "name", "x"]),
  },
  {
    name: "a disclosure whose name is a number",
    code: "disclosure-invalid",
    presentation: hiding(["s", 1, "x"]),
  },
  {
    name: "an empty disclosure",
    code: "disclosure-invalid",
    presentation: attempt({ disclosures: [""] }),
  },
  {
    name: "an element's disclosure for a claim",
    code: "disclosure-invalid",
    presentation: hiding(["s", "DE"]),
  },
  {
    name: "a claim's disclosure for an element",
    code: "disclosure-invalid",
    presentation: attempt({ claims: { list: [{ "...": digest(name) }] }, disclosures: [name] }),
  },
  {
    name: "a claim named _sd",
    code: "claim-name-reserved",
    presentation: hiding(["s", "_sd", []]),
  },
  {
    name: "a claim named ...",
    code: "claim-name-reserved",
    presentation: hiding(["s", "...", "x"]),
  },
  {
    name: "a claim named __proto__",
    code: "claim-name-reserved",
    presentation: hiding('["s","__proto__",{"admin":true}]'),
  },
  {
    name: "a claim named __proto__ in the open",
    code: "claim-name-reserved",
    presentation: `${jwsOf({ alg: "ES256", typ: TYP }, '{"a":{"__proto__":{"admin":true}}}')}~`,
  },
  {
    name: "_sd that is no array",
    code: "malformed",
    presentation: attempt({ claims: { _sd: digest(name) } }),
  },
  {
    name: "a digest that is a number",
    code: "malformed",
    presentation: attempt({ claims: { _sd: [1] } }),
  },
  {
    name: "... beside another member",
    code: "malformed",
    presentation: attempt({ claims: { list: [{ "...": digest(element), x: 1 }] } }),
  },
  {
    name: "a megabyte of disclosures",
    code: "sd-jwt-too-large",
    presentation: attempt({ disclosures: new Array(30_000).fill(name) }),
  },
  {
    name: "129 disclosures",
    code: "sd-jwt-too-large",
    presentation: attempt({ disclosures: new Array(129).fill(name) }),
  },
  {
    name: "a disclosure nested too deeply",
    code: "disclosure-invalid",
    presentation: hiding(["s", "name", deep(40)]),
  },
  {
    name: "claims nested too deeply",
    code: "jws-malformed",
    presentation: attempt({ claims: { x: deep(40) } }),
  },
];
