import type { HumanVerifier } from "../../crypto/p256.ts";
import { equalBytes } from "../../encoding/bytes.ts";
import { LatchkeyError } from "../../errors.ts";
import { type Certificate, isSelfIssued } from "./certificate.ts";
import { KEY_USAGE, keyIdsAgree } from "./extensions.ts";

/** Most certificates between a leaf and its anchor, the leaf included. */
export const PATH_MAX = 4;

export interface PathOptions {
  /** The only keys that are trusted from the start. */
  readonly anchors: readonly Certificate[];
  readonly nowUnix: number;
  /** What the leaf's key must be allowed to do: a bit of `KEY_USAGE`. */
  readonly usage: number;
}

function untrusted(message: string): LatchkeyError {
  return new LatchkeyError("certificate-untrusted", { message });
}

function checkTime({ notBefore, notAfter }: Certificate, nowUnix: number): void {
  if (nowUnix < notBefore || nowUnix > notAfter) throw new LatchkeyError("certificate-expired");
}

/** RFC 5280 §6.1.4 (k) to (n): may this certificate issue, with `below` CAs under it? */
function checkIssuer(issuer: Certificate, below: number): void {
  if (!issuer.isCa) throw untrusted("A certificate was issued by one that is no CA.");
  if (((issuer.keyUsage ?? 0) & KEY_USAGE.certSign) === 0)
    throw untrusted("A certificate was issued by a key that may not sign certificates.");
  if (issuer.pathLength !== undefined && below > issuer.pathLength)
    throw untrusted("The chain is longer than its issuer allows.");
}

function isIssuedBy(certificate: Certificate, issuer: Certificate): boolean {
  return (
    equalBytes(certificate.issuer, issuer.subject) &&
    keyIdsAgree(certificate.authorityKeyId, issuer.subjectKeyId)
  );
}

function checkLink(crypto: HumanVerifier, certificate: Certificate, issuer: Certificate): void {
  if (!isIssuedBy(certificate, issuer)) throw untrusted("The chain's names do not fit together.");
  if (!crypto.p256Verify(issuer.publicKey, certificate.toBeSigned, certificate.signature))
    throw untrusted("A certificate in the chain does not carry its issuer's signature.");
}

/**
 * Validates a chain, leaf first, each issued by the next and the last by an anchor (RFC 5280 §6.1,
 * without policies and names). The chain is taken as it stands: nothing is looked up or reordered,
 * so that no stray certificate can become a link.
 * @returns the anchor
 * @throws certificate-untrusted, certificate-expired
 */
export function validatePath(
  crypto: HumanVerifier,
  chain: readonly Certificate[],
  { anchors, nowUnix, usage }: PathOptions,
): Certificate {
  const [leaf] = chain;
  if (leaf === undefined || chain.length > PATH_MAX) throw untrusted("No chain, or one too long.");
  if (leaf.isCa) throw untrusted("A CA stands where a key of use is expected.");
  if (((leaf.keyUsage ?? 0) & usage) === 0)
    throw untrusted("The certificate's key is not for this use.");
  let below = 0; // CAs under the issuer that are not self-issued (§4.2.1.9)
  for (const [i, certificate] of chain.entries()) {
    checkTime(certificate, nowUnix);
    if (i > 0) {
      checkIssuer(certificate, below);
      if (!isSelfIssued(certificate)) below++;
    }
    const next = chain[i + 1];
    if (next !== undefined) checkLink(crypto, certificate, next);
  }
  return anchorOf(crypto, chain.at(-1)!, below, { anchors, nowUnix });
}

function anchorOf(
  crypto: HumanVerifier,
  last: Certificate,
  below: number,
  { anchors, nowUnix }: Pick<PathOptions, "anchors" | "nowUnix">,
): Certificate {
  const named = anchors.filter((anchor) => isIssuedBy(last, anchor));
  const anchor = named.find(({ publicKey }) =>
    crypto.p256Verify(publicKey, last.toBeSigned, last.signature),
  );
  if (anchor === undefined) throw untrusted("The chain does not end at an anchor of ours.");
  checkIssuer(anchor, below);
  checkTime(anchor, nowUnix);
  return anchor;
}
