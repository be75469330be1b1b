import { canonicalJson } from "../protocol/claims/canonical-json.ts";
import type {
  IdentityResolutionError,
  SignedIdentityClaim,
} from "../protocol/claims/identity-types.ts";
import { verifyIdentityClaim } from "../protocol/claims/verify-claim.ts";
import type { Sha3 } from "../protocol/crypto/sha3.ts";
import type { ErrorCode } from "../protocol/error-codes.ts";

/**
 * Why a claim does not count that was signed nevertheless: what it says may matter later, or
 * matters because it shows what its key did.
 */
const SIGNED_STILL: readonly ErrorCode[] = [
  ...(["statement-expired", "claim-revoked", "identity-revoked", "time-implausible"] as const),
  ...(["rotation-conflict", "key-reused"] as const),
];
/** So many claims show that a one-time key signed twice; more of them show nothing else. */
const EVIDENCE = 2;

/** A claim that was not taken: its place in the graph that was given, and why. */
export interface RefusedClaim {
  readonly index: number;
  readonly code: ErrorCode;
}

/**
 * Which claims of a graph a server keeps: those that count, those that it has, and those whose
 * signature fits although they do not count. A graph only grows, so what is taken once stays, and
 * has its place of the few that there are: nobody's forgeries are among them.
 */
export class TakenClaims {
  readonly refused: RefusedClaim[] = [];
  readonly #sha3: Sha3;
  readonly #codes: ReadonlyMap<number | undefined, ErrorCode>;
  readonly #stored: ReadonlySet<string>;
  /** How many there are of a key, by its address. */
  readonly #taken = new Map<string, number>();

  /** @param errors of the graph's resolution @param stored claims that were taken before */
  constructor(
    sha3: Sha3,
    errors: readonly IdentityResolutionError[],
    stored: readonly SignedIdentityClaim[],
  ) {
    this.#sha3 = sha3;
    this.#codes = new Map(errors.map(({ index, code }) => [index, code]));
    this.#stored = new Set(stored.map((claim) => canonicalJson(claim)));
    for (const { proof } of stored) this.#count(proof.address);
  }

  takes(claim: SignedIdentityClaim, index: number): boolean {
    const code = this.#codes.get(index);
    if (code !== undefined && !this.#isKept(claim, code)) {
      this.refused.push({ index, code });
      return false;
    }
    if (!this.#isStored(claim)) this.#count(claim.proof.address);
    return true;
  }

  #isKept(claim: SignedIdentityClaim, code: ErrorCode): boolean {
    if (code === "malformed" || code === "claim-duplicate") return false;
    if (this.#isStored(claim)) return true;
    const isMore = code === "key-reused" && (this.#taken.get(claim.proof.address) ?? 0) >= EVIDENCE;
    if (!SIGNED_STILL.includes(code) || isMore) return false;
    return verifyIdentityClaim(claim, { sha3: this.#sha3 }).valid;
  }

  #isStored(claim: SignedIdentityClaim): boolean {
    return this.#stored.has(canonicalJson(claim));
  }

  #count(address: string): void {
    this.#taken.set(address, (this.#taken.get(address) ?? 0) + 1);
  }
}
