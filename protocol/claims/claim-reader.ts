import type { Sha3 } from "../crypto/sha3.ts";
import { equalBytes } from "../encoding/bytes.ts";
import { toHex } from "../encoding/hex.ts";
import { LatchkeyError } from "../errors.ts";
import { isAddressOf } from "./address.ts";
import type { FirstSeen } from "./authority.ts";
import { type ClaimContent, claimContent } from "./claim-content.ts";
import type { IdentityResolutionError, TotemIdentityDocument } from "./identity-types.ts";
import type { SignatureQuestion } from "./inquiry.ts";
import { checkPast } from "./moment.ts";
import { type ParsedClaim, parseSignedClaim, refusal } from "./verify-claim.ts";

/** Claims of a graph, unless the caller allows more. */
export const MAX_CLAIMS = 256;
/** One-time signatures of a graph, unless the caller allows more: a second on a host, at most. */
export const MAX_SIGNATURES = 1000;
/** How far the clocks of signer and verifier may be apart. */
export const DEFAULT_SKEW_MS = 120_000;

export interface ResolveOptions {
  readonly sha3: Sha3;
  /** The moment to resolve for, Unix milliseconds. */
  readonly nowMs: number;
  readonly skewMs?: number;
  readonly requireDomain?: boolean;
  /** {@link MAX_CLAIMS} when absent. Each claim of an authorised key costs a verification. */
  readonly maxClaims?: number;
  /**
   * One-time signatures that are computed for a graph, of which a tree's has three;
   * {@link MAX_SIGNATURES} when absent. One that would need more is refused whole.
   */
  readonly maxSignatures?: number;
  /** See {@link FirstSeen}; without it dates are believed. */
  readonly firstSeenMs?: FirstSeen;
}

/** A claim on its way through the resolution. */
export interface Candidate extends ParsedClaim {
  readonly index: number;
  readonly content: ClaimContent;
  /** What has to fit, once somebody has looked ahead. */
  questions?: readonly SignatureQuestion[] | undefined;
  /** Computed when it is first asked for. */
  signed?: boolean;
}

/** The first half of a resolution: what can be said of each claim by itself. */
export class ClaimReader {
  readonly candidates: Candidate[] = [];
  readonly errors: IdentityResolutionError[] = [];
  readonly #options: ResolveOptions;
  readonly #document: TotemIdentityDocument;
  /** Signatures by what they sign. */
  readonly #seen = new Map<string, Set<string>>();

  constructor(document: TotemIdentityDocument, options: ResolveOptions) {
    this.#document = document;
    this.#options = options;
  }

  read(value: unknown, index: number): void {
    try {
      this.candidates.push(this.#candidate(value, index));
    } catch (error) {
      this.errors.push(graphError(error, index, statedId(value)));
    }
  }

  #candidate(value: unknown, index: number): Candidate {
    const { sha3, nowMs, skewMs = DEFAULT_SKEW_MS } = this.#options;
    const parsed = parseSignedClaim(value, this.#options);
    const { claim, addresses, digest, publicKey } = parsed;
    if (claim.subject !== this.#document.id) throw new LatchkeyError("subject-mismatch");
    if (!isAddressOf(addresses, claim.issuer))
      throw new LatchkeyError("signer-mismatch", { message: "another key signed for the issuer" });
    checkPast(claim.issuedAt, nowMs + skewMs, "issuedAt");
    const content = claimContent(sha3, claim);
    // A revocation has no end, whatever it says. A delegation that began and ended counted once.
    if (claim.type !== "revokes" && (claim.expiresAt ?? claim.issuedAt) < claim.issuedAt)
      throw new LatchkeyError("statement-expired", { message: "it ended before it began" });
    if (claim.type === "rotates_to" && (claim.expiresAt ?? nowMs) < nowMs)
      throw new LatchkeyError("statement-expired");
    // Also by another encoding of key or signature: a signature is one sequence of bytes.
    const name = `${toHex(digest)} ${toHex(publicKey)}`;
    const seen = this.#seen.get(name);
    if (seen?.has(parsed.signature)) throw new LatchkeyError("claim-duplicate");
    if (seen === undefined) this.#seen.set(name, new Set([parsed.signature]));
    else seen.add(parsed.signature);
    return { ...parsed, index, content };
  }
}

/** Whether two claims were signed by one key but are not the same message. */
export function isOtherMessage(a: Candidate, b: Candidate): boolean {
  return equalBytes(a.publicKey, b.publicKey) && !equalBytes(a.digest, b.digest);
}

export function graphError(
  error: unknown,
  index?: number,
  claimId?: string,
): IdentityResolutionError {
  const { code, reason: message } = refusal(error);
  return {
    ...{ code, message },
    ...(index === undefined ? {} : { index }),
    ...(claimId === undefined ? {} : { claimId }),
  };
}

/** The id that a refused claim states, if it is short and can be had without running its code. */
function statedId(value: unknown): string | undefined {
  const claim = ownValue(value, "claim");
  const id = ownValue(claim, "id");
  return typeof id === "string" && id.length <= 64 ? id : undefined;
}

/** A member without running a getter; `undefined` for what is no object. */
export function ownValue(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  try {
    return Object.getOwnPropertyDescriptor(value, name)?.value;
  } catch {
    return undefined; // a proxy
  }
}
