import type { HumanVerifier } from "../../crypto/p256.ts";
import { malformed } from "../../errors.ts";
import type { JsonObject } from "../../json/reader.ts";
import type { IssuerTrust } from "../credential/issuer-trust.ts";
import { CREDENTIAL_TYPES } from "../credential/types.ts";
import type { VerifiedCredential } from "../credential/verify.ts";
import type { Persona } from "../pairwise-secret.ts";
import { toDcql } from "./dcql.ts";
import { type Answered, evaluateAnswer, type Verifier } from "./evaluate.ts";
import { type Demand, type RequiredClaim, withRequirement } from "./requirement.ts";

/** Ages that an issuer says yes or no to. */
export type AgeLimit = 12 | 14 | 16 | 18 | 21 | 65;
const AGES: readonly AgeLimit[] = Object.freeze([12, 14, 16, 18, 21, 65]);

/** What an employer may say beyond that somebody works there. */
export type EmploymentDetail = "role" | "department" | "employed_since";
export type VisitDetail = "visitor" | "host";

type Texts<Names extends string> = { readonly [Name in Names]: string };
/** Shows a type member by member instead of as what it was put together from. */
type Flat<T> = { [K in keyof T]: T[K] };
/** What is known so far, and what the next call adds. */
type And<Known, Added> = Flat<Known & Added>;

/** What is behind an answer that a policy accepts. */
export interface Accepted<C> {
  /** Exactly what was asked for, of the types that were asked for. */
  readonly claims: C;
  readonly persona: Persona;
  /** The person to this verifier, if the credentials say it. */
  readonly subject?: string;
  /** 65 bytes. */
  readonly holderKey: Uint8Array;
  readonly credentials: readonly VerifiedCredential[];
}

type Read = (answered: Answered) => object;

/** Claims of one credential, by name. */
function shown(answered: Answered, id: string, names: readonly string[]): Record<string, string> {
  const { claims } = answered.get(id)!;
  return Object.fromEntries(names.map((name) => [name, claims[name] as string]));
}

/**
 * What a verifier wants to know of a person: single facts, of one persona. Policies never change;
 * each method gives a new one, whose result has the facts that were asked for and no others.
 *
 * @example
 *   const policy = new PersonaPolicy().forPersona("work").requireEmployment("role").maxAge({ days: 7 });
 *   const query = policy.toDcql(trust);            // to the wallet
 *   const { claims } = await policy.evaluate(crypto, vpToken, verifier);
 *   claims.employment.role;                        // a string
 */
// biome-ignore lint/complexity/noBannedTypes: a policy that asks for nothing has no claims
export class PersonaPolicy<C extends object = {}> {
  readonly #demand: Demand;
  readonly #read: Read;

  constructor(demand: Demand = { requirements: [], issuers: [] }, read: Read = () => ({})) {
    this.#demand = demand;
    this.#read = read;
  }

  /** `claims.displayName` */
  requireDisplayName(): PersonaPolicy<And<C, { readonly displayName: string }>> {
    return this.#with("display_name", "displayName", [{ name: "display_name" }], (answered) => ({
      displayName: shown(answered, "display_name", ["display_name"])["display_name"],
    }));
  }

  /** `claims.email.email` and the day on which it was verified. */
  requireVerifiedEmail(): PersonaPolicy<
    And<C, { readonly email: Texts<"email" | "verified_on"> }>
  > {
    const names = ["email", "verified_on"];
    return this.#with("email", "verifiedEmail", names.map(claimOf), (answered) => ({
      email: shown(answered, "email", names),
    }));
  }

  /** `claims.employment.employer` and the details that are asked for. */
  requireEmployment<const D extends EmploymentDetail = never>(
    ...details: readonly D[]
  ): PersonaPolicy<And<C, { readonly employment: Flat<Texts<"employer" | D>> }>> {
    const names = ["employer", ...details];
    return this.#with("employment", "employment", names.map(claimOf), (answered) => ({
      employment: shown(answered, "employment", names),
    }));
  }

  /** `claims.ageOver[18]`, which is `true`, or there is no answer. @throws malformed */
  requireAgeOver<const N extends AgeLimit>(
    age: N,
  ): PersonaPolicy<And<C, { readonly ageOver: { readonly [K in N]: true } }>> {
    if (!AGES.includes(age)) throw malformed("age", `not one of ${AGES.join(", ")}`);
    const claims = [{ name: `age_over_${age}`, values: [true] }];
    return this.#with("age", "age", claims, () => ({ ageOver: { [age]: true } }));
  }

  /** `claims.visit`: on which day the holder may enter the zone of this site. */
  requireVisit<const D extends VisitDetail = never>(
    { tenant, zone, day }: { readonly tenant: string; readonly zone: string; readonly day: string },
    ...details: readonly D[]
  ): PersonaPolicy<And<C, { readonly visit: Flat<Texts<"tenant" | "zone" | "valid_on" | D>> }>> {
    const open = [
      { name: "tenant", values: [tenant] },
      { name: "zone", values: [zone] },
      { name: "valid_on", values: [day] },
    ];
    const names = [...open.map(({ name }) => name), ...details];
    const claims = [...open, ...details.map(claimOf)];
    return this.#with("visit", "doorVisitor", claims, (answered) => ({
      visit: shown(answered, "visit", names),
    }));
  }

  /** Only credentials of this issuer, a URL or DID; of any of them after several calls. */
  fromIssuer(issuer: string): PersonaPolicy<C> {
    const issuers = [...this.#demand.issuers, issuer];
    return new PersonaPolicy({ ...this.#demand, issuers }, this.#read);
  }

  /** Only credentials of this persona. Without it: of any, but all of one. */
  forPersona(persona: Persona): PersonaPolicy<C> {
    return new PersonaPolicy({ ...this.#demand, persona }, this.#read);
  }

  /** Only credentials that were issued in the last days; they tell no more than the day. */
  maxAge({ days }: { readonly days: number }): PersonaPolicy<C> {
    if (!Number.isSafeInteger(days) || days < 1) throw malformed("days", "not a number of days");
    return new PersonaPolicy({ ...this.#demand, maxAgeDays: days }, this.#read);
  }

  /** What to ask a wallet (`toDcql`). */
  toDcql(trust: IssuerTrust): JsonObject {
    return toDcql(this.#demand, trust);
  }

  /** Verifies an answer and gives what was asked for. @throws as `evaluateAnswer` */
  async evaluate(crypto: HumanVerifier, vpToken: string, verifier: Verifier): Promise<Accepted<C>> {
    const answered = await evaluateAnswer(crypto, this.#demand, vpToken, verifier);
    const credentials = [...answered.values()];
    const { persona, holderKey, subject } = credentials[0]!;
    return {
      ...{ persona, holderKey, credentials, claims: this.#read(answered) as C },
      ...(subject !== undefined && { subject }),
    };
  }

  #with<Next extends object>(
    id: string,
    type: keyof typeof CREDENTIAL_TYPES,
    claims: readonly RequiredClaim[],
    read: Read,
  ): PersonaPolicy<Next> {
    const added = { id, type: CREDENTIAL_TYPES[type], claims };
    const before = this.#read;
    return new PersonaPolicy(withRequirement(this.#demand, added), (answered) =>
      merged(before(answered), read(answered)),
    );
  }
}

const claimOf = (name: string): RequiredClaim => ({ name });

/** Members of both; an object in both is merged in turn, so that two ages are both there. */
function merged(a: object, b: object): object {
  const members = Object.entries(b).map(([name, value]) => {
    const known = (a as Record<string, unknown>)[name];
    const both = typeof known === "object" && typeof value === "object";
    return [name, both ? { ...known, ...value } : value];
  });
  return { ...a, ...Object.fromEntries(members) };
}
