import { LatchkeyError } from "../protocol/errors.ts";
import type { Rate } from "./limits.ts";
import type { Ephemera, Payment, RateRefusal, Spending } from "./store/ephemera.ts";
import type { WallClock } from "./wall-clock.ts";

/** Whom a limit is for; nobody (a caller in this process) is not counted. */
export type Subject = string | undefined;

/** One limit that a request has to pass. */
export interface LimitedBy {
  /** Its name, which the answer gives. */
  readonly limit: string;
  readonly rate: Rate;
  readonly subject: Subject;
  /** One when absent; not above the rate's burst, or it never passes; 0 looks and takes nothing. */
  readonly weight?: number;
}

/** No two subjects of one limit have one name, whatever characters are in their parts. */
export function subjectOf(...parts: readonly Subject[]): Subject {
  let name = "";
  for (const part of parts) {
    if (part === undefined) return undefined;
    name += name === "" ? `${part.length}:${part}` : `/${part.length}:${part}`;
  }
  return name;
}

/**
 * Counts requests where challenges and sessions are: in the memory of one process, or in Redis for
 * all replicas together. What cannot be counted does not pass.
 */
export class RateLimiter {
  readonly #ephemera: Pick<Ephemera, "spend">;
  readonly #clock: WallClock;

  constructor(ephemera: Pick<Ephemera, "spend">, clock: WallClock) {
    this.#ephemera = ephemera;
    this.#clock = clock;
  }

  /**
   * Passes all of the limits, or counts towards none.
   * @throws rate-limited, with the limit and the seconds to wait; unavailable
   */
  async take(...limits: readonly LimitedBy[]): Promise<void> {
    const refused = await this.#spend(limits);
    if (refused !== undefined) throw rateLimited(refused);
  }

  /** What `take` would take, for a store that takes it together with something else. */
  paymentOf(limits: readonly LimitedBy[]): Payment {
    const spendings: Spending[] = [];
    for (const { limit, rate, subject, weight = 1 } of limits)
      if (subject !== undefined) spendings.push({ limit, rate, subject, weight });
    return { spendings, nowMs: this.#clock.unixMs() };
  }

  /** The same for what can wait: whether it may be done now. @throws unavailable */
  async allows(...limits: readonly LimitedBy[]): Promise<boolean> {
    return (await this.#spend(limits)) === undefined;
  }

  async #spend(limits: readonly LimitedBy[]): Promise<RateRefusal | undefined> {
    const { spendings, nowMs } = this.paymentOf(limits);
    return spendings.length === 0 ? undefined : this.#ephemera.spend(spendings, nowMs);
  }
}

/** With the limit and the seconds to wait. */
export function rateLimited({ limit, waitMs }: RateRefusal): LatchkeyError {
  const retry_after = Math.max(1, Math.ceil(waitMs / 1000));
  return new LatchkeyError("rate-limited", { detail: { limit, retry_after } });
}
