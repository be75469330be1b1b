import type { KeyAddresses } from "./address.ts";

/** That an address may do something, from one moment to another. */
export interface Grant {
  readonly address: string;
  readonly scopes: readonly string[];
  readonly fromMs: number;
  /** The last millisecond. */
  readonly untilMs: number;
  /** The claim that it came by: revoking that ends it. Absent for the root's. */
  readonly claimId?: string;
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
    const alive: Grant[] = [];
    for (const name of [claim, manifest])
      for (const grant of this.#grants.get(name) ?? [])
        if (this.isAlive(grant, atMs)) alive.push(grant);
    return alive;
  }

  /** Whether an address holds what no claim granted: the root's own, or what it rotated to. */
  isRoot(address: string, atMs: number): boolean {
    const held = this.#grants.get(address) ?? [];
    return held.some((grant) => grant.claimId === undefined && this.isAlive(grant, atMs));
  }

  isAlive(grant: Grant, atMs: number): boolean {
    if (atMs < grant.fromMs || atMs > grant.untilMs) return false;
    const { address, claimId, fromMs, parent } = grant;
    if (this.#endedBetween(address, fromMs, atMs)) return false;
    if (claimId === undefined) return true;
    return !this.#endedBetween(claimId, fromMs, atMs) && !this.isWithdrawn(claimId, parent);
  }

  /** Whether a claim fell with whoever issued it. */
  isWithdrawn(claimId: string, issuer: Grant | undefined): boolean {
    if (this.#withdrawn.size === 0) return false;
    // No recursion: a chain of delegations may be as long as a graph, and a node's stack is short.
    let child: string | undefined = claimId;
    let grant = issuer;
    while (child !== undefined && grant !== undefined) {
      for (const name of [grant.address, grant.claimId ?? grant.address]) {
        const at = this.#withdrawn.get(name);
        if (at !== undefined && at >= grant.fromMs && !this.#seenBefore(child, at)) return true;
      }
      child = grant.claimId;
      grant = grant.parent;
    }
    return false;
  }

  /** Whether `name` was ended at or after `fromMs` and by `atMs`. */
  #endedBetween(name: string, fromMs: number, atMs: number): boolean {
    return this.#ends.get(name)?.some((end) => end >= fromMs && end <= atMs) === true;
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
