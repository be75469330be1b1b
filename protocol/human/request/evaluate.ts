import type { HumanVerifier } from "../../crypto/p256.ts";
import { equalBytes } from "../../encoding/bytes.ts";
import type { ErrorCode } from "../../error-codes.ts";
import { LatchkeyError } from "../../errors.ts";
import { type JsonLimits, type JsonReader, parseObject } from "../../json/reader.ts";
import type { IssuerTrust } from "../credential/issuer-trust.ts";
import {
  checkOnePersona,
  type VerifiedCredential,
  verifyCredential,
} from "../credential/verify.ts";
import { SD_JWT_MAX } from "../sd-jwt/combined.ts";
import type { KeyBindingExpected } from "../sd-jwt/key-binding.ts";
import type { StatusChecker } from "../status/status-checker.ts";
import type { Demand, Requirement } from "./requirement.ts";

/** Credentials in one answer. */
const CREDENTIALS_MAX = 8;
const LIMITS: JsonLimits = Object.freeze({ length: 4 * SD_JWT_MAX, depth: 2 });
const DAY_SECONDS = 86_400;

export interface Verifier {
  readonly trust: IssuerTrust;
  readonly keyBinding: KeyBindingExpected;
  readonly nowUnix: number;
  /** Absent where the status of credentials is settled elsewhere. */
  readonly status?: StatusChecker;
}

/** A verified credential under the id that it was asked for by. */
export type Answered = ReadonlyMap<string, VerifiedCredential>;

function refuse(code: ErrorCode, id: string, claim?: string): LatchkeyError {
  return new LatchkeyError(code, { detail: { id, ...(claim !== undefined && { claim }) } });
}

/** The presentations of a `vp_token` (OpenID4VP 1.0 §8.1): one for each that was asked for. */
function presentationsIn(answer: JsonReader, asked: readonly Requirement[]): string[] {
  const extra = Object.keys(answer.value).find((id) => !asked.some((one) => one.id === id));
  // Not by its name, which is the other side's choice.
  if (extra !== undefined) throw refuse("answer-unexpected", "unknown");
  return asked.map(({ id }) => {
    if (!answer.has(id)) throw refuse("answer-incomplete", id);
    const given = answer.array(id, { max: CREDENTIALS_MAX });
    if (given.length === 0) throw refuse("answer-incomplete", id);
    if (given.length > 1) throw refuse("answer-unexpected", id);
    if (typeof given[0] !== "string") throw answer.wrong(id, "not text");
    return given[0];
  });
}

function checkRequirement({ id, claims }: Requirement, shown: VerifiedCredential["claims"]): void {
  for (const { name, values } of claims) {
    if (!Object.hasOwn(shown, name)) throw refuse("claim-not-shown", id, name);
    const value = shown[name] as string | boolean; // kinds are checked with the type
    if (values !== undefined && !values.includes(value))
      throw refuse("claim-value-refused", id, name);
  }
}

function checkContext(
  { issuers, persona, maxAgeDays }: Demand,
  credential: VerifiedCredential,
  nowUnix: number,
): void {
  if (issuers.length > 0 && !issuers.includes(credential.issuer))
    throw new LatchkeyError("issuer-untrusted");
  if (persona !== undefined && credential.persona !== persona)
    throw new LatchkeyError("persona-unexpected");
  const oldest = maxAgeDays === undefined ? 0 : nowUnix - maxAgeDays * DAY_SECONDS;
  if (credential.issuedAt < oldest) throw new LatchkeyError("credential-too-old");
}

/** One key for all, or one identifier: two people must not make up a third between them. */
function checkOneHolder(credentials: readonly VerifiedCredential[]): void {
  const [first, ...others] = credentials;
  const same = (one: VerifiedCredential): boolean =>
    equalBytes(one.holderKey, first!.holderKey) ||
    (one.subject !== undefined && one.subject === first!.subject);
  if (!others.every(same)) throw new LatchkeyError("holder-mixed");
}

/**
 * Verifies an answer (`vp_token` as JSON) and holds it against what was asked. Statuses are looked
 * up last, when all else is well.
 * @throws answer-incomplete, answer-unexpected, claim-not-shown, claim-value-refused,
 *   persona-unexpected, persona-mixed, holder-mixed, credential-too-old, malformed and the codes of
 *   `verifyCredential` and `StatusChecker`
 */
export async function evaluateAnswer(
  crypto: HumanVerifier,
  demand: Demand,
  vpToken: string,
  { trust, keyBinding, nowUnix, status }: Verifier,
): Promise<Answered> {
  const { requirements } = demand;
  if (requirements.length === 0) throw new RangeError("policy: asks for nothing");
  const presentations = presentationsIn(parseObject(vpToken, "vp_token", LIMITS), requirements);
  const credentials = requirements.map((requirement, i) => {
    const expected = { trust, keyBinding, nowUnix, types: [requirement.type.vct] };
    const credential = verifyCredential(crypto, presentations[i]!, expected);
    checkContext(demand, credential, nowUnix);
    checkRequirement(requirement, credential.claims);
    return credential;
  });
  checkOnePersona(credentials);
  checkOneHolder(credentials);
  for (const credential of credentials) await status?.check(credential, nowUnix);
  return new Map(requirements.map(({ id }, i) => [id, credentials[i]!]));
}
