import type { ErrorCode } from "../error-codes.ts";
import type { JsonPayload } from "./canonical-json.ts";
import type { DomainTag } from "./domain-tag.ts";

export const IDENTITY_KINDS = Object.freeze([
  "person",
  "device",
  "agent",
  "service",
  "organization",
  "sensor",
  "robot",
  "gateway",
] as const);
export type IdentityKind = (typeof IDENTITY_KINDS)[number];

export const IDENTITY_CLAIM_TYPES = Object.freeze([
  "delegates_to",
  "payment_recipient",
  "service_endpoint",
  "rotates_to",
  "revokes",
] as const);
export type IdentityClaimType = (typeof IDENTITY_CLAIM_TYPES)[number];

/** Who an identity is. Not signed: only `id` ties it to its root, so only the root is believed. */
export interface TotemIdentityDocument {
  /** `totem:id:<kind>:<hash of kind and root>`. */
  readonly id: string;
  readonly kind: IdentityKind;
  readonly version: number;
  readonly rootAddress: string;
  /** What the document says; it has authority only by a claim of the root. */
  readonly controllerAddress: string;
  /** Unix milliseconds; believed by nobody. */
  readonly createdAt: number;
  readonly metadata?: JsonPayload;
}

/** A statement about an identity. Whatever else stands in it is signed with it. */
export interface IdentityClaim {
  /** Hash of the six members without `expiresAt`. */
  readonly id: string;
  readonly type: IdentityClaimType;
  /** Address of who says so. */
  readonly issuer: string;
  /** The identity that it is about. */
  readonly subject: string;
  /** An address, a URI, or what is revoked. */
  readonly object: string;
  /** Unix milliseconds. */
  readonly issuedAt: number;
  /** Unix milliseconds, the last one included; absent: no end. */
  readonly expiresAt?: number;
  readonly payload: JsonPayload;
  /** Ours: what was signed. The reference takes it for one more member. */
  readonly latchkey?: DomainTag;
}

export interface ClaimProof {
  /** Address of the signing key, in the form for claims. */
  readonly address: string;
  /** 32 bytes, hexadecimal: the hash of the WOTS key, or the root of a key tree. */
  readonly publicKey: string;
  /** Hexadecimal: 1,088 bytes of a one-time key, 4,125 of a key tree. */
  readonly signature: string;
  /** In the reference's type; never made, never signed, never read. */
  readonly message?: string;
}

export interface SignedIdentityClaim {
  readonly claim: IdentityClaim;
  readonly proof: ClaimProof;
  /** In the reference's type; strict rules never look at it (docs/claims.md, D16 and D17). */
  readonly rootIdentityProof?: string;
}

export interface DelegationClaim {
  readonly claimId: string;
  readonly issuer: string;
  readonly subject: string;
  readonly delegatedAddress: string;
  readonly scopes: readonly string[];
  readonly issuedAt: number;
  readonly expiresAt?: number;
}

export interface PaymentRecipientClaim {
  readonly claimId: string;
  readonly issuer: string;
  readonly address: string;
  readonly label?: string;
  readonly issuedAt: number;
  readonly expiresAt?: number;
}

export interface ServiceEndpointClaim {
  readonly claimId: string;
  readonly issuer: string;
  readonly endpointType: string;
  readonly uri: string;
  readonly issuedAt: number;
  readonly expiresAt?: number;
}

export interface RotationClaim {
  readonly claimId: string;
  readonly issuer: string;
  readonly subject: string;
  readonly newAddress: string;
  readonly issuedAt: number;
}

export interface RevocationClaim {
  readonly claimId: string;
  readonly issuer: string;
  readonly subject: string;
  readonly reason?: string;
  readonly issuedAt: number;
}

export type IdentityStatus = "active" | "rotated" | "revoked";

export interface ResolvedIdentity {
  readonly document: TotemIdentityDocument;
  readonly status: IdentityStatus;
  readonly rootAddress: string;
  /** Who is in control now: the end of the root's rotations, or a controller that it named. */
  readonly controllerAddress: string;
  /** Addresses of all delegates. */
  readonly controlledAddresses: readonly string[];
  /** Those that may sign manifests. */
  readonly authorizedAddresses: readonly string[];
  readonly delegates: readonly DelegationClaim[];
  readonly paymentRecipients: readonly PaymentRecipientClaim[];
  readonly serviceEndpoints: readonly ServiceEndpointClaim[];
  readonly rotationTarget?: string;
  readonly revokedAt?: number;
}

export interface IdentityGraph {
  readonly document: TotemIdentityDocument;
  readonly claims: readonly SignedIdentityClaim[];
}

/** Why a claim, or the whole graph, was refused. */
export interface IdentityResolutionError {
  readonly code: ErrorCode;
  readonly message: string;
  /** Place in `claims`; absent when the graph as a whole was refused. */
  readonly index?: number;
  /** The id that the claim states, when it states one. */
  readonly claimId?: string;
}

export interface IdentityResolutionResult {
  /** `null` when nobody can say who is in control. */
  readonly resolved: ResolvedIdentity | null;
  readonly errors: readonly IdentityResolutionError[];
}

export interface IdentityVerifyResult {
  readonly valid: boolean;
  readonly code?: ErrorCode;
  readonly reason?: string;
  readonly signerAddress?: string;
}

export interface ManifestIdentityBinding {
  readonly valid: boolean;
  readonly code?: ErrorCode;
  readonly reason?: string;
  /** Empty when the manifest has no id that could be computed. */
  readonly manifestId: string;
  readonly identityId: string;
  readonly signerAddress: string;
  readonly resolvedStatus: IdentityStatus;
}
