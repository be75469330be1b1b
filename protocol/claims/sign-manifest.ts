import type { Sha3 } from "../crypto/sha3.ts";
import { LatchkeyError } from "../errors.ts";
import { isAddressOf } from "./address.ts";
import { canonicalDigest } from "./canonical-json.ts";
import { type Domain, TAG_MEMBER } from "./domain-tag.ts";
import { toKeyHex } from "./key-hex.ts";
import { checkManifest, declaredAuthor } from "./manifest-form.ts";
import type { Manifest, SignedManifest } from "./manifest-types.ts";
import { checkMoment } from "./moment.ts";
import type { LeasedSigner } from "./signers.ts";

export interface SignManifestOptions {
  readonly sha3: Sha3;
  /** Unix milliseconds. */
  readonly signedAt: number;
  /** Leaves the domain tag out: then nobody signs `signedAt`. */
  readonly untagged?: boolean;
  /** What the tag says; a manifest when absent. */
  readonly domain?: Domain;
}

/**
 * Signs a manifest as the author that it declares, by either address of the signer. It carries our
 * tag with the time of signing unless told otherwise.
 * @throws signer-mismatch when it declares another author; id-mismatch; malformed; lease errors
 */
export async function signManifest<M extends Manifest>(
  manifest: M,
  signer: LeasedSigner,
  options: SignManifestOptions,
): Promise<SignedManifest & { readonly manifest: M }> {
  const { sha3, untagged = false, domain = "latchkey/v1/manifest" } = options;
  const signedAt = checkMoment(options.signedAt, "signedAt");
  const tagged: M = untagged ? manifest : { ...manifest, [TAG_MEMBER]: { domain, signedAt } };
  checkManifest(tagged, sha3);
  const authorAddress = declaredAuthor(tagged);
  if (!isAddressOf(signer.addresses, authorAddress))
    throw new LatchkeyError("signer-mismatch", { message: "the manifest declares another author" });
  const digest = canonicalDigest(sha3, tagged, "manifest");
  const signature = toKeyHex(await signer.sign(digest));
  const signerPublicKey = toKeyHex(signer.publicKey);
  return { manifest: tagged, authorAddress, signerPublicKey, signedAt, signature };
}
