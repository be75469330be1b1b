import type { Sha3 } from "../crypto/sha3.ts";
import { toHex } from "../encoding/hex.ts";
import { malformed } from "../errors.ts";
import { decodeAddress } from "./address.ts";
import { canonicalJson, digestOfText, type JsonPayload } from "./canonical-json.ts";
import {
  IDENTITY_CLAIM_TYPES,
  type IdentityClaim,
  type IdentityClaimType,
} from "./identity-types.ts";
import { checkMoment } from "./moment.ts";

export interface ClaimTimes {
  /** Unix milliseconds. The reference takes its own clock when it is absent. */
  readonly issuedAt: number;
  /** Unix milliseconds, the last one included; absent: no end. */
  readonly expiresAt?: number;
}

export interface ClaimParties {
  /** Address of who says so. */
  readonly issuer: string;
  /** Id of the identity that it is about. */
  readonly subject: string;
}

export interface ClaimFields extends ClaimTimes, ClaimParties {
  readonly type: IdentityClaimType;
  readonly object: string;
  readonly payload?: JsonPayload;
}

/** What a claim's id is the hash of: `expiresAt` is not in it. */
export type ClaimIdFields = Pick<
  IdentityClaim,
  "issuedAt" | "issuer" | "object" | "payload" | "subject" | "type"
>;

/** In the order in which canonical JSON has them. */
const ID_MEMBERS: readonly (keyof ClaimIdFields)[] = Object.freeze([
  "issuedAt",
  "issuer",
  "object",
  "payload",
  "subject",
  "type",
]);

/** The id of a claim: lower-case hexadecimal. @throws malformed */
export function computeClaimId(claim: ClaimIdFields, sha3: Sha3): string {
  const texts = ID_MEMBERS.map((name) => canonicalJson(claim[name], "claim"));
  return claimIdOf((name) => texts[ID_MEMBERS.indexOf(name)]!, sha3);
}

/** The same of the canonical texts of a claim's members. */
export function claimIdOf(textOf: (name: keyof ClaimIdFields) => string, sha3: Sha3): string {
  const members = ID_MEMBERS.map((name) => `"${name}":${textOf(name)}`);
  return toHex(digestOfText(sha3, `{${members.join(",")}}`));
}

function checkText(value: unknown, field: string): string {
  if (typeof value !== "string") throw malformed(field, "not a string");
  return value;
}

/** A claim of any type; what object and payload must be is left to the caller. @throws malformed */
export function createIdentityClaim(fields: ClaimFields, sha3: Sha3): IdentityClaim {
  const { type, issuer, subject, object, issuedAt, expiresAt, payload = {} } = fields;
  if (!IDENTITY_CLAIM_TYPES.includes(type)) throw malformed("type", "not a type of claim");
  checkText(issuer, "issuer");
  checkText(subject, "subject");
  checkText(object, "object");
  checkMoment(issuedAt, "issuedAt");
  if (expiresAt !== undefined && checkMoment(expiresAt, "expiresAt") < issuedAt)
    throw malformed("expiresAt", "before issuedAt");
  if (typeof payload !== "object" || payload === null || Array.isArray(payload))
    throw malformed("payload", "not an object");
  canonicalJson(payload, "payload");
  const id = computeClaimId({ type, issuer, subject, object, issuedAt, payload }, sha3);
  const claim = { id, type, issuer, subject, object, issuedAt };
  return expiresAt === undefined ? { ...claim, payload } : { ...claim, expiresAt, payload };
}

/** `expiresAt` only when it is there. */
function times({ issuedAt, expiresAt }: ClaimTimes): ClaimTimes {
  return expiresAt === undefined ? { issuedAt } : { issuedAt, expiresAt };
}

export interface DelegationFields extends ClaimTimes, ClaimParties {
  readonly delegatedAddress: string;
  /** Such as `manifest:sign`; `*` is everything, `identity:*` makes it a manager of the identity. */
  readonly scopes: readonly string[];
}

/** `delegates_to`: another key may act for the identity. @throws malformed */
export function createDelegationClaim(fields: DelegationFields, sha3: Sha3): IdentityClaim {
  const { issuer, subject, delegatedAddress: object, scopes } = fields;
  decodeAddress(sha3, object, "delegatedAddress");
  if (!Array.isArray(scopes) || scopes.some((scope) => typeof scope !== "string"))
    throw malformed("scopes", "not a list of words");
  const payload = { scopes: [...scopes] };
  const type = "delegates_to";
  return createIdentityClaim({ type, issuer, subject, object, payload, ...times(fields) }, sha3);
}

export interface PaymentRecipientFields extends ClaimTimes, ClaimParties {
  readonly address: string;
  readonly label?: string;
}

/** `payment_recipient`: where the identity is paid. @throws malformed */
export function createPaymentRecipientClaim(
  fields: PaymentRecipientFields,
  sha3: Sha3,
): IdentityClaim {
  const { issuer, subject, address: object, label } = fields;
  const payload: JsonPayload = label === undefined ? {} : { label };
  const type = "payment_recipient";
  return createIdentityClaim({ type, issuer, subject, object, payload, ...times(fields) }, sha3);
}

export interface ServiceEndpointFields extends ClaimTimes, ClaimParties {
  /** Such as `mqtt` or `https`. */
  readonly endpointType: string;
  readonly uri: string;
}

/** `service_endpoint`: where the identity is reached. @throws malformed */
export function createServiceEndpointClaim(
  fields: ServiceEndpointFields,
  sha3: Sha3,
): IdentityClaim {
  const { issuer, subject, uri: object, endpointType } = fields;
  const payload = { endpointType: checkText(endpointType, "endpointType") };
  const type = "service_endpoint";
  return createIdentityClaim({ type, issuer, subject, object, payload, ...times(fields) }, sha3);
}

export interface RotationFields extends ClaimParties {
  readonly newAddress: string;
  readonly issuedAt: number;
}

/** `rotates_to`, unsigned: the issuer's authority moves to another address. @throws malformed */
export function createRotationClaim(fields: RotationFields, sha3: Sha3): IdentityClaim {
  const { issuer, subject, newAddress: object, issuedAt } = fields;
  decodeAddress(sha3, object, "newAddress");
  return createIdentityClaim({ type: "rotates_to", issuer, subject, object, issuedAt }, sha3);
}

export interface RevocationFields extends ClaimParties {
  /** The identity itself when absent; else a delegate's address or the id of one claim. */
  readonly revoked?: string;
  readonly reason?: string;
  readonly issuedAt: number;
}

/** `revokes`, unsigned. @throws malformed */
export function createRevocationClaim(fields: RevocationFields, sha3: Sha3): IdentityClaim {
  const { issuer, subject, revoked: object = subject, reason, issuedAt } = fields;
  const payload: JsonPayload = reason === undefined ? {} : { reason };
  const type = "revokes";
  return createIdentityClaim({ type, issuer, subject, object, issuedAt, payload }, sha3);
}
