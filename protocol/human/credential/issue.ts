import type { HumanCrypto, SignEs256 } from "../../crypto/p256.ts";
import { toBase64 } from "../../encoding/base64.ts";
import { LatchkeyError } from "../../errors.ts";
import type { JsonValue } from "../../json/reader.ts";
import type { Random } from "../../platform.ts";
import { p256Jwk } from "../jose/p256-jwk.ts";
import type { Persona } from "../pairwise-secret.ts";
import { type Claims, hidden } from "../sd-jwt/fold.ts";
import { issueSdJwt } from "../sd-jwt/issue.ts";
import { type StatusReference, writeStatus } from "./status-reference.ts";
import { type CredentialType, fitsKind } from "./types.ts";

/** `typ` of a credential (SD-JWT VC §3.2.1). */
export const CREDENTIAL_TYP = "dc+sd-jwt";

const DAY_SECONDS = 86_400;
/** Digests come in this number, or a multiple: more than any type of ours hides claims. */
const DIGESTS = 8;

/** Who issues, and signs. */
export interface Issuer {
  /** `iss`: a URL or a DID. */
  readonly id: string;
  /** DER, leaf first, without the anchor. */
  readonly chain: readonly Uint8Array[];
  readonly sign: SignEs256;
}

export interface CredentialInput {
  readonly type: CredentialType;
  readonly persona: Persona;
  /** Values of the type's other claims. */
  readonly claims: Readonly<Record<string, JsonValue>>;
  /** The key of the holder's device, 65 bytes; a fresh one per verifier keeps them apart. */
  readonly holderKey: Uint8Array;
  /** The holder's pairwise identifier, if the credential names one. */
  readonly subject?: string;
  readonly status?: StatusReference;
  /** Unix seconds. */
  readonly nowUnix: number;
  readonly lifetimeDays: number;
}

const invalid = (claim: string): LatchkeyError =>
  new LatchkeyError("credential-claim-invalid", { detail: { claim } });

/** The type's claims, each hidden or open as the type has it. */
function claimsOf(type: CredentialType, values: Readonly<Record<string, JsonValue>>): Claims {
  const unknown = Object.keys(values).find((name) => !type.claims.some((one) => one.name === name));
  if (unknown !== undefined) throw invalid(unknown);
  const members = type.claims.flatMap(({ name, kind, mandatory, sd }) => {
    if (!Object.hasOwn(values, name)) {
      if (mandatory) throw invalid(name);
      return [];
    }
    const value = values[name]!;
    if (!fitsKind(value, kind)) throw invalid(name);
    return [[name, sd === "always" ? hidden(value) : value] as const];
  });
  return Object.fromEntries(members);
}

/**
 * Issues a credential bound to the holder's key. Its times are whole days: the second of issue
 * would tell verifiers which of their visitors are one. Decoys hide how much there is.
 * @throws credential-claim-invalid (`claim`)
 */
export async function issueCredential(
  { crypto, random }: { readonly crypto: HumanCrypto; readonly random: Random },
  issuer: Issuer,
  input: CredentialInput,
): Promise<string> {
  const { type, persona, claims, holderKey, subject, status, nowUnix, lifetimeDays } = input;
  const own = claimsOf(type, { ...claims, persona });
  const today = nowUnix - (nowUnix % DAY_SECONDS);
  const payload: Claims = {
    iss: issuer.id,
    iat: today,
    exp: today + (lifetimeDays + 1) * DAY_SECONDS,
    vct: type.vct,
    ...(subject !== undefined && { sub: subject }),
    cnf: { jwk: p256Jwk(holderKey) as Claims },
    ...(status !== undefined && { status: writeStatus(status) as Claims }),
    ...own,
  };
  const header = { typ: CREDENTIAL_TYP, x5c: issuer.chain.map(toBase64) };
  return issueSdJwt(payload, header, issuer.sign, { crypto, random, padTo: DIGESTS });
}
