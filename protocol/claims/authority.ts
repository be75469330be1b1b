import type { KeyAddresses } from "./address.ts";

/** That an address may do something, from one moment to another. */
export interface Grant {
  readonly address: string;
  readonly scopes: readonly string[];
  readonly fromMs: number;
  /** The last millisecond. */
  readonly untilMs: number;
  /** The claims that it came by: revoking any of them ends it. Empty for the root's. */
  readonly claimIds: readonly string[];
  /** What its issuer held; absent for the root. */
  readonly parent?: Grant;
}

/**
 * Tells when a trusted party first saw a claim, in Unix milliseconds; `undefined`: never. Nothing
 * in signed bytes keeps a stolen key from writing an earlier date, so this is the only protection
 * against one.
 */
export type FirstSeen = (claimId: string) => number | undefined;

/**
 * Who held what when. Built in the order of time, asked at any time. A name (an address, or a
 * claim's id) can be *ended* at a moment: whatever it had been granted before is worth nothing from
 * then on. A *withdrawn* name was revoked by the root itself: then what it issued falls too, unless
 * it was seen before.
 */
export class Authority {
  readonly #grants = new Map<string, Grant[]>();
  readonly #ends = new Map<string, number[]>();
  readonly #withdrawn: ReadonlyMap<string, number>;
  readonly #firstSeen: FirstSeen | undefined;

  constructor(withdrawn: ReadonlyMap<string, number>, firstSeen: FirstSeen | undefined) {
    this.#withdrawn = withdrawn;
    this.#firstSeen = firstSeen;
  }

  grant(grant: Grant): void {
    const known = this.#grants.get(grant.address);
    if (known === undefined) this.#grants.set(grant.address, [grant]);
    else known.push(grant);
  }

  /** Ends what `name` was granted up to and including that moment. */
  end(name: string, atMs: number): void {
    const known = this.#ends.get(name);
    if (known === undefined) this.#ends.set(name, [atMs]);
    else known.push(atMs);
  }

  /** What the key with these addresses held at a moment. */
  held({ claim, manifest }: KeyAddresses, atMs: number): readonly Grant[] {
    const all = [...(this.#grants.get(claim) ?? []), ...(this.#grants.get(manifest) ?? [])];
    return all.filter((grant) => this.isAlive(grant, atMs));
  }

  isAlive(grant: Grant, atMs: number): boolean {
    if (atMs < grant.fromMs || atMs > grant.untilMs) return false;
    const names = [grant.address, ...grant.claimIds];
    if (names.some((name) => this.#endedBetween(name, grant.fromMs, atMs))) return false;
    return !grant.claimIds.some((id) => this.isWithdrawn(id, grant.parent));
  }

  /** Whether a claim fell with whoever issued it. */
  isWithdrawn(claimId: string, issuer: Grant | undefined): boolean {
    if (issuer === undefined) return false;
    for (const name of [issuer.address, ...issuer.claimIds]) {
      const at = this.#withdrawn.get(name);
      if (at !== undefined && at >= issuer.fromMs && !this.#seenBefore(claimId, at)) return true;
    }
    return issuer.claimIds.some((id) => this.isWithdrawn(id, issuer.parent));
  }

  /** Whether `name` was ended at or after `fromMs` and by `atMs`. */
  #endedBetween(name: string, fromMs: number, atMs: number): boolean {
    return (this.#ends.get(name) ?? []).some((end) => end >= fromMs && end <= atMs);
  }

  #seenBefore(claimId: string, atMs: number): boolean {
    const seen = this.#firstSeen?.(claimId);
    return seen !== undefined && seen < atMs;
  }

  /** Whether a claim's id, or an address, was ended by now. */
  isEnded(name: string, atMs: number): boolean {
    return this.#endedBetween(name, Number.NEGATIVE_INFINITY, atMs);
  }
}
