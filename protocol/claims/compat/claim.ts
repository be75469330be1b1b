import type { Secret } from "../../crypto/secret.ts";
import type { Sha3 } from "../../crypto/sha3.ts";
import { toHex } from "../../encoding/hex.ts";
import { addressesOf } from "../address.ts";
import type { IdentityClaim, SignedIdentityClaim } from "../identity-types.ts";
import { toKeyHex } from "../key-hex.ts";
import { wotsVerify } from "../wots.ts";
import { unsafeWotsSign } from "../wots-secret.ts";
import { compatDigest } from "./canonical.ts";
import { compatFromHex } from "./hex.ts";

export interface CompatVerifyResult {
  readonly valid: boolean;
  readonly reason?: string;
  readonly signerAddress: string;
}

/** The sentence of whatever was thrown. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The id of a claim as the reference makes it, of whatever it is. */
export function compatClaimId(claim: IdentityClaim, sha3: Sha3): string {
  const { issuedAt, issuer, object, payload, subject, type } = claim;
  return toHex(compatDigest(sha3, { issuedAt, issuer, object, payload, subject, type }));
}

/**
 * The reference's decision on a signed claim: the id is not looked at, nor the issuer.
 * @throws TypeError for an envelope that is none
 */
export function compatVerifyIdentityClaim(
  signed: SignedIdentityClaim,
  sha3: Sha3,
): CompatVerifyResult {
  const { claim, proof } = signed;
  const signerAddress = proof.address;
  const refused = (reason: string) => ({ valid: false, reason, signerAddress });
  let publicKey: Uint8Array;
  try {
    publicKey = compatFromHex(proof.publicKey);
  } catch (error) {
    return refused(`publicKey hex decode failed: ${sentenceOf(error)}`);
  }
  if (addressesOf(sha3, publicKey).claim !== proof.address)
    return refused("public key does not match declared address");
  let signature: Uint8Array;
  try {
    signature = compatFromHex(proof.signature);
  } catch (error) {
    return refused(`hex decode failed: ${sentenceOf(error)}`);
  }
  if (!wotsVerify(sha3, publicKey, compatDigest(sha3, claim), signature))
    return refused("WOTS signature invalid");
  return { valid: true, signerAddress };
}

/**
 * Signs as the reference does, with a bare index and without a lease: **unsafe**, for vectors and
 * for what must be compared with it.
 */
export function unsafeSignIdentityClaim(
  claim: IdentityClaim,
  seed: Secret,
  keyIndex: number,
  sha3: Sha3,
): SignedIdentityClaim {
  const digest = compatDigest(sha3, claim);
  const { publicKey, signature } = unsafeWotsSign(sha3, seed, keyIndex, digest);
  const address = addressesOf(sha3, publicKey).claim;
  const proof = {
    address,
    publicKey: toKeyHex(publicKey),
    signature: toKeyHex(signature),
  };
  return { claim, proof };
}

/** The index that the reference makes of anything: ToUint32. */
export function compatKeyIndex(index: unknown): number {
  return (index as number) >>> 0;
}
