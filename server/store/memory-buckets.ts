import type { RateRefusal, Spending } from "./ephemera.ts";

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Buckets remembered at a time for each limit; the least recently used goes first. */
const BUCKETS_MAX = 20_000;

/** The token buckets of one process, one per limit and subject. */
export class MemoryBuckets {
  /** By limit, so that a flood of strangers does not make it forget what nodes spent. */
  readonly #limits = new Map<string, Map<string, Bucket>>();

  /** See `Ephemera.spend`. */
  spend(spendings: readonly Spending[], nowMs: number): RateRefusal | undefined {
    const buckets = spendings.map((spending) => this.#filled(spending, nowMs));
    for (const [index, { limit, rate, weight }] of spendings.entries()) {
      const missing = Math.max(weight, 1) - buckets[index]!.tokens;
      if (missing > 0) return { limit, waitMs: (missing / rate.perSecond) * 1000 };
    }
    for (const [index, { weight }] of spendings.entries()) buckets[index]!.tokens -= weight;
    return undefined;
  }

  #filled({ limit, rate, subject }: Spending, nowMs: number): Bucket {
    const buckets = this.#limits.get(limit) ?? new Map<string, Bucket>();
    this.#limits.set(limit, buckets);
    const bucket = buckets.get(subject) ?? { tokens: rate.burst, atMs: nowMs };
    // A clock that was set back must not freeze the bucket.
    const passedMs = Math.max(0, nowMs - bucket.atMs);
    bucket.tokens = Math.min(rate.burst, bucket.tokens + (passedMs / 1000) * rate.perSecond);
    bucket.atMs = nowMs;
    buckets.delete(subject); // and set: Map keeps the order of insertion
    buckets.set(subject, bucket);
    if (buckets.size > BUCKETS_MAX) forgetOldest(buckets);
    return bucket;
  }
}

function forgetOldest(buckets: Map<string, Bucket>): void {
  const oldest = buckets.keys().next();
  if (!oldest.done) buckets.delete(oldest.value);
}
