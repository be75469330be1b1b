import type { Sha3 } from "../crypto/sha3.ts";
import { LatchkeyError } from "../errors.ts";
import { isAddressOf } from "./address.ts";
import { canonicalDigest } from "./canonical-json.ts";
import { computeClaimId, createRevocationClaim, createRotationClaim } from "./claim.ts";
import { type DomainTag, TAG_MEMBER } from "./domain-tag.ts";
import type {
  IdentityClaim,
  SignedIdentityClaim,
  TotemIdentityDocument,
} from "./identity-types.ts";
import { toKeyHex } from "./key-hex.ts";
import type { LeasedSigner } from "./signers.ts";

export interface SignClaimOptions {
  readonly sha3: Sha3;
  /** Leaves the domain tag out, for a verifier that takes no further members. */
  readonly untagged?: boolean;
}

const TAG: DomainTag = Object.freeze({ domain: "latchkey/v1/claim" });

/**
 * Signs a claim as its issuer. The claim carries the domain tag unless told otherwise: the
 * reference signs and verifies it like any other member, and its id does not change.
 * @throws signer-mismatch when the issuer is another key; id-mismatch; malformed; lease errors
 */
export async function signIdentityClaim(
  claim: IdentityClaim,
  signer: LeasedSigner,
  { sha3, untagged = false }: SignClaimOptions,
): Promise<SignedIdentityClaim> {
  if (!isAddressOf(signer.addresses, claim.issuer))
    throw new LatchkeyError("signer-mismatch", { message: "the issuer is not the signer" });
  if (claim.id !== computeClaimId(claim, sha3)) throw new LatchkeyError("id-mismatch");
  const tagged: IdentityClaim = untagged ? claim : { ...claim, [TAG_MEMBER]: TAG };
  // Before a use is spent: what cannot be hashed is refused here.
  const digest = canonicalDigest(sha3, tagged, "claim");
  const signature = toKeyHex(await signer.sign(digest));
  const publicKey = toKeyHex(signer.publicKey);
  return { claim: tagged, proof: { address: signer.addresses.claim, publicKey, signature } };
}

export interface SignAsOptions extends SignClaimOptions {
  /** Unix milliseconds. */
  readonly issuedAt: number;
}

/**
 * A signed claim that moves the signer's authority over an identity to another address. The
 * reference's README promises it; its code gives an unsigned claim without issuer or subject.
 * @throws as {@link signIdentityClaim}
 */
export async function rotateIdentity(
  document: TotemIdentityDocument,
  newAddress: string,
  signer: LeasedSigner,
  options: SignAsOptions,
): Promise<SignedIdentityClaim> {
  const { sha3, issuedAt } = options;
  const parties = { issuer: issuerOf(document, signer), subject: document.id };
  const claim = createRotationClaim({ ...parties, newAddress, issuedAt }, sha3);
  return signIdentityClaim(claim, signer, options);
}

export interface RevokeOptions extends SignAsOptions {
  /** The identity itself when absent; else a delegate's address or the id of one claim. */
  readonly revoked?: string;
}

/**
 * A signed claim that revokes an identity, one of its delegates or one claim.
 * @throws as {@link signIdentityClaim}
 */
export async function revokeIdentity(
  document: TotemIdentityDocument,
  reason: string | undefined,
  signer: LeasedSigner,
  options: RevokeOptions,
): Promise<SignedIdentityClaim> {
  const { sha3, issuedAt, revoked } = options;
  const claim = createRevocationClaim(
    {
      ...{ issuer: issuerOf(document, signer), subject: document.id, issuedAt },
      ...(revoked === undefined ? {} : { revoked }),
      ...(reason === undefined ? {} : { reason }),
    },
    sha3,
  );
  return signIdentityClaim(claim, signer, options);
}

/** The root in the form in which the document has it; any other signer in the form for claims. */
function issuerOf({ rootAddress }: TotemIdentityDocument, { addresses }: LeasedSigner): string {
  return isAddressOf(addresses, rootAddress) ? rootAddress : addresses.claim;
}
