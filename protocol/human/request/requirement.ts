import type { CredentialType } from "../credential/types.ts";
import type { Persona } from "../pairwise-secret.ts";

/** A claim that has to be shown, with one of these values if any are given. */
export interface RequiredClaim {
  readonly name: string;
  readonly values?: readonly (string | boolean)[];
}

/** One credential that is asked for. */
export interface Requirement {
  /** Under which it is asked for and answered; letters, digits, `_` and `-` (OpenID4VP §6.1). */
  readonly id: string;
  readonly type: CredentialType;
  readonly claims: readonly RequiredClaim[];
}

/** All that a policy asks for. */
export interface Demand {
  readonly requirements: readonly Requirement[];
  /** Any of these; whoever the verifier trusts when empty. */
  readonly issuers: readonly string[];
  readonly persona?: Persona;
  /** A credential that was issued before so many days is not taken. */
  readonly maxAgeDays?: number;
}

/** The demand with a requirement more; two for one credential become one. */
export function withRequirement(demand: Demand, added: Requirement): Demand {
  const known = demand.requirements.find(({ id }) => id === added.id);
  if (known === undefined) return { ...demand, requirements: [...demand.requirements, added] };
  const others = known.claims.filter(({ name }) => !added.claims.some((one) => one.name === name));
  const merged = { ...known, claims: [...others, ...added.claims] };
  const requirements = demand.requirements.map((one) => (one === known ? merged : one));
  return { ...demand, requirements };
}
