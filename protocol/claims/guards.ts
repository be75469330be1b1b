import { canonicalJson } from "./canonical-json.ts";
import {
  IDENTITY_CLAIM_TYPES,
  IDENTITY_KINDS,
  type IdentityClaim,
  type RevocationClaim,
  type RotationClaim,
  type SignedIdentityClaim,
  type TotemIdentityDocument,
} from "./identity-types.ts";

type Fields = Readonly<Record<string, unknown>>;

/** An object of plain JSON within the limits of what is hashed: no getter answers twice. */
function isPlainObject(value: unknown): value is Fields {
  if (!isObject(value)) return false;
  try {
    canonicalJson(value);
    return true;
  } catch {
    return false;
  }
}

const isText = (value: unknown): value is string => typeof value === "string";
const isMoment = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
const isAbsentOr = (value: unknown, check: (value: unknown) => boolean) =>
  value === undefined || check(value);
const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * The five guards look at every member, and hold for what the constructors make. They know no
 * hash: whether an id fits is the business of `verifyIdentityClaim` and `checkIdentityDocument`.
 */
export function isTotemIdentityDocument(value: unknown): value is TotemIdentityDocument {
  return (
    isPlainObject(value) &&
    IDENTITY_KINDS.some((kind) => kind === value["kind"]) &&
    isText(value["id"]) &&
    value["id"].startsWith(`totem:id:${value["kind"]}:`) &&
    value["version"] === 1 &&
    isText(value["rootAddress"]) &&
    isText(value["controllerAddress"]) &&
    isMoment(value["createdAt"]) &&
    isAbsentOr(value["metadata"], isObject)
  );
}

/** What remains to be seen once everything is known to be plain JSON. */
function hasClaimForm(value: Fields): boolean {
  return (
    IDENTITY_CLAIM_TYPES.some((type) => type === value["type"]) &&
    [value["id"], value["issuer"], value["subject"], value["object"]].every(isText) &&
    isMoment(value["issuedAt"]) &&
    isAbsentOr(value["expiresAt"], isMoment) &&
    isObject(value["payload"])
  );
}

export function isIdentityClaim(value: unknown): value is IdentityClaim {
  return isPlainObject(value) && hasClaimForm(value);
}

export function isSignedIdentityClaim(value: unknown): value is SignedIdentityClaim {
  return isPlainObject(value) && hasSignedClaimForm(value);
}

/** What remains to be seen of a signed claim that is known to be plain JSON. */
export function hasSignedClaimForm(value: unknown): value is SignedIdentityClaim {
  if (!isObject(value)) return false;
  const { claim, proof, rootIdentityProof } = value;
  return (
    isObject(claim) &&
    hasClaimForm(claim) &&
    isObject(proof) &&
    [proof["address"], proof["publicKey"], proof["signature"]].every(isText) &&
    isAbsentOr(proof["message"], isText) &&
    isAbsentOr(rootIdentityProof, isText)
  );
}

/** A claim of the type, signed with {@link isSignedIdentityClaim}'s envelope or not. */
function isClaimOf(value: unknown, type: "rotates_to" | "revokes"): value is IdentityClaim {
  return isIdentityClaim(value) && value.type === type;
}

function isConcrete(value: unknown, members: readonly string[]): value is Fields {
  return (
    isPlainObject(value) &&
    Object.keys(value).every((name) => members.includes(name)) &&
    [value["claimId"], value["issuer"], value["subject"]].every(isText) &&
    isMoment(value["issuedAt"])
  );
}

const ROTATION = Object.freeze(["claimId", "issuer", "subject", "newAddress", "issuedAt"]);
const REVOCATION = Object.freeze(["claimId", "issuer", "subject", "reason", "issuedAt"]);

/** A {@link RotationClaim}, or a `rotates_to` claim as `createRotationClaim` makes it. */
export function isRotationClaim(value: unknown): value is RotationClaim | IdentityClaim {
  if (isClaimOf(value, "rotates_to")) return true;
  return isConcrete(value, ROTATION) && isText(value["newAddress"]);
}

/** A {@link RevocationClaim}, or a `revokes` claim as `createRevocationClaim` makes it. */
export function isRevocationClaim(value: unknown): value is RevocationClaim | IdentityClaim {
  if (isClaimOf(value, "revokes")) return true;
  return isConcrete(value, REVOCATION) && isAbsentOr(value["reason"], isText);
}
