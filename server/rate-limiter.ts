import { LatchkeyError } from "../protocol/errors.ts";
import type { Rate } from "./limits.ts";
import type { WallClock } from "./wall-clock.ts";

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Buckets remembered at a time for each limit; the least recently used goes first. */
const BUCKETS_MAX = 20_000;

/** Token buckets in memory, one per limit and subject. */
export class RateLimiter {
  readonly #clock: WallClock;
  /** By limit, so that a flood of strangers does not make the limiter forget what nodes spent. */
  readonly #limits = new Map<string, Map<string, Bucket>>();

  constructor(clock: WallClock) {
    this.#clock = clock;
  }

  /**
   * Counts one request, or what it weighs; without a subject (a caller in this process) nothing.
   * @param limit its name, which the answer gives
   * @param weight not above the rate's burst, or it never passes
   * @throws rate-limited, with the seconds to wait
   */
  take(limit: string, rate: Rate, subject: string | undefined, weight = 1): void {
    if (subject === undefined) return;
    const waitSeconds = this.#spend(limit, rate, subject, weight);
    if (waitSeconds > 0)
      throw new LatchkeyError("rate-limited", { detail: { limit, retry_after: waitSeconds } });
  }

  /** The same for what can wait: whether it may be done now. */
  allows(limit: string, rate: Rate, subject: string): boolean {
    return this.#spend(limit, rate, subject, 1) === 0;
  }

  /** Takes the tokens and gives 0, or takes none and gives the seconds to wait for them. */
  #spend(limit: string, rate: Rate, subject: string, weight: number): number {
    const nowMs = this.#clock.unixMs();
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
    const missing = weight - bucket.tokens;
    if (missing > 0) return Math.max(1, Math.ceil(missing / rate.perSecond));
    bucket.tokens -= weight;
    return 0;
  }
}

function forgetOldest(buckets: Map<string, Bucket>): void {
  const oldest = buckets.keys().next();
  if (!oldest.done) buckets.delete(oldest.value);
}
