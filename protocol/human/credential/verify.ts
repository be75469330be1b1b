import type { HumanVerifier } from "../../crypto/p256.ts";
import { LatchkeyError } from "../../errors.ts";
import { type JsonObject, JsonReader } from "../../json/reader.ts";
import { PERSONAS, type Persona } from "../pairwise-secret.ts";
import type { KeyBindingExpected } from "../sd-jwt/key-binding.ts";
import { verifySdJwt } from "../sd-jwt/verify.ts";
import { CREDENTIAL_TYP } from "./issue.ts";
import type { IssuerTrust } from "./issuer-trust.ts";
import { readStatus, type StatusReference } from "./status-reference.ts";
import { type CredentialType, credentialType, fitsKind } from "./types.ts";

/** Claims that all must see (SD-JWT VC §3.2.2.2). */
const NEVER_HIDDEN: readonly string[] = Object.freeze([
  ...["iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"],
]);

export interface CredentialExpected {
  readonly trust: IssuerTrust;
  /** `vct`s that were asked for. */
  readonly types: readonly string[];
  readonly keyBinding: KeyBindingExpected;
  readonly nowUnix: number;
}

/** A credential whose issuer, holder and form were checked. Its status is another question. */
export interface VerifiedCredential {
  readonly type: CredentialType;
  readonly issuer: string;
  readonly persona: Persona;
  /** The holder's pairwise identifier, if the credential names one. */
  readonly subject?: string;
  /** 65 bytes. */
  readonly holderKey: Uint8Array;
  /** What was shown of the type's claims. */
  readonly claims: JsonObject;
  /** Unix seconds; whole days. */
  readonly issuedAt: number;
  readonly status?: StatusReference;
}

function checkClaims(type: CredentialType, all: JsonObject): JsonObject {
  const shown: [string, JsonObject[string]][] = [];
  for (const { name, kind, mandatory, sd } of type.claims) {
    const there = Object.hasOwn(all, name);
    // What may be kept back is missing for a good reason.
    const missing = !there && mandatory && sd === "never";
    if (missing || (there && !fitsKind(all[name]!, kind)))
      throw new LatchkeyError("credential-claim-invalid", { detail: { claim: name } });
    if (there && name !== "persona") shown.push([name, all[name]!]);
  }
  return Object.fromEntries(shown);
}

/** The issuer's key, if it may issue what it has issued. */
function issuerKey(
  { header, payload }: { header: JsonReader; payload: JsonReader },
  { trust, types, nowUnix }: CredentialExpected,
): Uint8Array {
  const { iss, vct } = payload.value;
  if (typeof iss !== "string" || typeof vct !== "string")
    throw new LatchkeyError("issuer-untrusted");
  if (!types.includes(vct)) throw new LatchkeyError("credential-type-unexpected");
  if (!trust.mayIssue(iss, vct)) throw new LatchkeyError("issuer-untrusted");
  return trust.keyOf(header, iss, nowUnix, vct);
}

/**
 * Verifies a presentation of a credential: issuer, form, times, holder. Asks nobody anything: its
 * status is looked up afterwards, by `StatusChecker`.
 * @throws issuer-untrusted, credential-type-unexpected, credential-claim-invalid,
 *   status-reference-invalid and all that `verifySdJwt` throws
 */
export function verifyCredential(
  crypto: HumanVerifier,
  presentation: string,
  expected: CredentialExpected,
): VerifiedCredential {
  const { nowUnix, keyBinding } = expected;
  const { claims: all, holderKey } = verifySdJwt(crypto, presentation, {
    typ: CREDENTIAL_TYP,
    nowUnix,
    neverHidden: NEVER_HIDDEN,
    keyBinding,
    headers: expected.trust.headers,
    issuerKey: (jws) => issuerKey(jws, expected),
  });
  const type = credentialType(all["vct"]);
  if (type === undefined) throw new LatchkeyError("credential-type-unexpected");
  const claims = checkClaims(type, all);
  const body = new JsonReader(all);
  const persona = PERSONAS.find((one) => one === all["persona"]);
  if (persona === undefined)
    throw new LatchkeyError("credential-claim-invalid", { detail: { claim: "persona" } });
  const status = readStatus(body);
  const subject = body.optionalString("sub", { max: 255 });
  return {
    ...{ type, issuer: body.string("iss", { max: 2048 }), persona, claims },
    holderKey: holderKey!, // a key binding was checked, so there is a key
    issuedAt: body.optionalUint("iat") ?? 0,
    ...(subject !== undefined && { subject }),
    ...(status !== undefined && { status }),
  };
}

/**
 * Whether credentials that are used together belong to one persona: work never meets personal.
 * @throws persona-mixed
 */
export function checkOnePersona(credentials: readonly VerifiedCredential[]): void {
  if (credentials.some(({ persona }) => persona !== credentials[0]!.persona))
    throw new LatchkeyError("persona-mixed");
}
