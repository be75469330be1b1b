import type { Sha3 } from "../crypto/sha3.ts";
import { LatchkeyError, malformed } from "../errors.ts";
import { addressesOf, isAddressOf, type KeyAddresses } from "./address.ts";
import { canonicalDigest, canonicalJson } from "./canonical-json.ts";
import { DEFAULT_SKEW_MS } from "./claim-reader.ts";
import { type Domain, type DomainTag, readTag } from "./domain-tag.ts";
import { answerAtOnce, type Inquiry } from "./inquiry.ts";
import { fromKeyHex } from "./key-hex.ts";
import { checkManifest, declaredAuthor } from "./manifest-form.ts";
import type { ManifestVerifyResult, SignedManifest } from "./manifest-types.ts";
import { checkPast } from "./moment.ts";
import { isSignedBy, readSignature, refusal } from "./verify-claim.ts";
import { WOTS_KEY_LENGTH } from "./wots.ts";

export interface VerifyManifestOptions {
  readonly sha3: Sha3;
  /** Unix milliseconds. */
  readonly nowMs: number;
  readonly skewMs?: number;
  /** Refuses manifests without our domain tag, such as all of the reference's. */
  readonly requireDomain?: boolean;
  /** Requires a tag for one of these; when absent, one for a manifest or firmware will do. */
  readonly domains?: readonly Domain[];
}

/** A manifest whose signature fits, and who signed it. */
export interface VerifiedManifest {
  readonly signed: SignedManifest;
  readonly addresses: KeyAddresses;
  /** Unix milliseconds, signed; absent without our tag: then nobody knows when it was signed. */
  readonly signedAtMs?: number;
}

const DOMAINS: readonly Domain[] = Object.freeze([
  "latchkey/v1/manifest",
  "latchkey/v1/firmware",
] as const);

function checkEnvelope(value: unknown): SignedManifest {
  canonicalJson(value, "signed manifest");
  if (typeof value !== "object" || value === null) throw malformed("signed manifest", "no object");
  const { authorAddress, signature } = value as Readonly<Record<string, unknown>>;
  if (typeof authorAddress !== "string") throw malformed("authorAddress", "not a string");
  if (typeof signature !== "string") throw malformed("signature", "not a string");
  return value as SignedManifest;
}

function checkTimes(
  { manifest, signedAt }: SignedManifest,
  tag: DomainTag | undefined,
  { nowMs, skewMs = DEFAULT_SKEW_MS }: VerifyManifestOptions,
): void {
  checkPast(signedAt, nowMs + skewMs, "signedAt");
  if (tag?.signedAt !== undefined && tag.signedAt !== signedAt)
    throw new LatchkeyError("time-implausible", { message: "signedAt is not what was signed" });
  if ("expiresAt" in manifest && manifest.expiresAt !== undefined && nowMs > manifest.expiresAt)
    throw new LatchkeyError("statement-expired");
}

/**
 * Checks a signed manifest by itself: form, id, times, that the author is the key that signed (by
 * either of its addresses), and the signature.
 * @throws malformed, id-mismatch, domain-mismatch, time-implausible, statement-expired,
 * signer-mismatch, signature-invalid
 */
export function* checkSignedManifest(
  value: unknown,
  options: VerifyManifestOptions,
): Inquiry<VerifiedManifest> {
  const { sha3, requireDomain = false, domains } = options;
  const signed = checkEnvelope(value);
  yield;
  const manifest = checkManifest(signed.manifest, sha3);
  const tag = readTag({ ...manifest }, domains ?? DOMAINS, requireDomain || domains !== undefined);
  checkTimes(signed, tag, options);
  const publicKey = fromKeyHex(signed.signerPublicKey, WOTS_KEY_LENGTH, "signerPublicKey");
  const addresses = addressesOf(sha3, publicKey);
  for (const address of [signed.authorAddress, declaredAuthor(manifest)])
    if (!isAddressOf(addresses, address))
      throw new LatchkeyError("signer-mismatch", {
        message: "the manifest's author is not the key that signed it",
      });
  const signature = yield* readSignature(signed.signature, "signature");
  const digest = canonicalDigest(sha3, manifest, "manifest");
  if (!(yield* isSignedBy(sha3, publicKey, digest, signature)))
    throw new LatchkeyError("signature-invalid");
  return tag?.signedAt === undefined
    ? { signed, addresses }
    : { signed, addresses, signedAtMs: tag.signedAt };
}

/** {@link checkSignedManifest} with an answer in place of an exception. */
export function verifyManifest(
  value: unknown,
  options: VerifyManifestOptions,
): ManifestVerifyResult {
  try {
    const { signed } = answerAtOnce(checkSignedManifest(value, options), options.sha3);
    return { valid: true, signerAddress: signed.authorAddress };
  } catch (error) {
    return { valid: false, ...refusal(error) };
  }
}
