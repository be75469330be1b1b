import type { Sha3 } from "../crypto/sha3.ts";
import { malformed } from "../errors.ts";
import { isAddress } from "./address.ts";
import type {
  DelegationClaim,
  IdentityClaim,
  PaymentRecipientClaim,
  ServiceEndpointClaim,
} from "./identity-types.ts";

/** The concrete form of a claim, by its type; what it means is checked here and nowhere else. */
export type ClaimContent =
  | { readonly type: "delegates_to"; readonly view: DelegationClaim }
  | { readonly type: "payment_recipient"; readonly view: PaymentRecipientClaim }
  | { readonly type: "service_endpoint"; readonly view: ServiceEndpointClaim }
  | { readonly type: "rotates_to"; readonly newAddress: string }
  | { readonly type: "revokes"; readonly revoked: string };

/** A URI, a label or a reason: one line that can be shown to a person. */
const MAX_TEXT = 1024;
const MAX_SCOPES = 32;
const MAX_SCOPE_LENGTH = 64;
const CLAIM_ID = /^[0-9a-f]{64}$/;

function checkLine(value: unknown, field: string): string {
  if (typeof value !== "string" || value.length === 0 || value.length > MAX_TEXT)
    throw malformed(field, `not a text of 1 to ${MAX_TEXT} characters`);
  for (let i = 0; i < value.length; i++)
    if (value.charCodeAt(i) < 0x20) throw malformed(field, "not one line of text");
  return value;
}

function checkScopes(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length > MAX_SCOPES) throw malformed("scopes", "not a list");
  for (const scope of value)
    if (checkLine(scope, "scopes").length > MAX_SCOPE_LENGTH) throw malformed("scopes", "too long");
  return [...value];
}

function requireAddress(sha3: Sha3, claim: IdentityClaim): string {
  if (!isAddress(sha3, claim.object)) throw malformed("object", "not a Minima address");
  return claim.object;
}

function delegationView(sha3: Sha3, claim: IdentityClaim): DelegationClaim {
  const { id: claimId, issuer, subject, issuedAt, expiresAt, payload } = claim;
  const delegatedAddress = requireAddress(sha3, claim);
  const scopes = checkScopes(payload["scopes"]);
  const view = { claimId, issuer, subject, delegatedAddress, scopes, issuedAt };
  return expiresAt === undefined ? view : { ...view, expiresAt };
}

function paymentView(claim: IdentityClaim): PaymentRecipientClaim {
  const { id: claimId, issuer, object, issuedAt, expiresAt, payload } = claim;
  const address = checkLine(object, "object");
  const label = payload["label"];
  return {
    ...{ claimId, issuer, address },
    ...(label === undefined ? {} : { label: checkLine(label, "label") }),
    issuedAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

function endpointView(claim: IdentityClaim): ServiceEndpointClaim {
  const { id: claimId, issuer, object, issuedAt, expiresAt, payload } = claim;
  const uri = checkLine(object, "object");
  const endpointType = checkLine(payload["endpointType"], "endpointType");
  const view = { claimId, issuer, endpointType, uri, issuedAt };
  return expiresAt === undefined ? view : { ...view, expiresAt };
}

/** What a claim says, checked by its type. @throws malformed */
export function claimContent(sha3: Sha3, claim: IdentityClaim): ClaimContent {
  switch (claim.type) {
    case "delegates_to":
      return { type: claim.type, view: delegationView(sha3, claim) };
    case "payment_recipient":
      return { type: claim.type, view: paymentView(claim) };
    case "service_endpoint":
      return { type: claim.type, view: endpointView(claim) };
    case "rotates_to":
      return { type: claim.type, newAddress: requireAddress(sha3, claim) };
    case "revokes": {
      const { object } = claim;
      const known = object === claim.subject || CLAIM_ID.test(object) || isAddress(sha3, object);
      if (!known) throw malformed("object", "neither the identity, nor an address, nor a claim");
      return { type: claim.type, revoked: object };
    }
  }
}
