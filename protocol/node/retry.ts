import type { ErrorCode } from "../error-codes.ts";
import { type LatchkeyError, toLatchkeyError } from "../errors.ts";
import type { Random } from "../platform.ts";
import type { Waits } from "./waits.ts";

export interface RetryPolicy {
  /** How often a thing is tried in all, at least 1. */
  readonly attempts: number;
  /** The first pause is at most this long; each further one at most twice as long. */
  readonly baseMs: number;
  /** No pause is longer. */
  readonly maxMs: number;
  /** How long one request may take. */
  readonly timeoutMs: number;
}

export const DEFAULT_RETRY: RetryPolicy = Object.freeze({
  attempts: 4,
  baseMs: 250,
  maxMs: 30_000,
  timeoutMs: 5_000,
});

/** What may be over by itself in a moment, and is not a verdict on the node. */
const TRANSIENT: readonly ErrorCode[] = Object.freeze([
  "network-down",
  "network-timeout",
  "network-failed",
  "unavailable",
  "internal",
  "rate-limited",
  "challenge-expired",
  "challenge-used",
] as const);

/**
 * The pause after the n-th failure (n from 1): exponential with full jitter, that is, anything
 * from 0 up to the bound, so that nodes which failed together do not come back together.
 */
export function backoffMs(random: Random, policy: RetryPolicy, failures: number): number {
  const bound = Math.min(policy.maxMs, policy.baseMs * 2 ** (failures - 1));
  const [a, b, c] = random.bytes(3);
  return (bound * (a! * 65_536 + b! * 256 + c!)) / 2 ** 24;
}

/** The pause before the next try, or `undefined` if another try is no use. */
function pauseMs(
  random: Random,
  policy: RetryPolicy,
  failures: number,
  error: LatchkeyError,
): number | undefined {
  if (failures >= policy.attempts || !TRANSIENT.includes(error.code)) return undefined;
  const asked = error.detail["retry_after"];
  const atLeastMs = typeof asked === "number" ? asked * 1000 : 0;
  if (atLeastMs > policy.maxMs) return undefined;
  return Math.max(atLeastMs, backoffMs(random, policy, failures));
}

export interface RetryContext {
  readonly policy: RetryPolicy;
  readonly random: Random;
  readonly waits: Waits;
  /** Before each pause. */
  readonly onRetry: (code: ErrorCode, attempt: number, delayMs: number) => void;
}

/** Runs a thing until it succeeds, fails for good or has been tried often enough. */
export async function withRetry<T>(run: () => Promise<T>, context: RetryContext): Promise<T> {
  const { policy, random, waits, onRetry } = context;
  for (let failures = 1; ; failures++) {
    try {
      return await run();
    } catch (cause) {
      const error = toLatchkeyError(cause);
      const delayMs = pauseMs(random, policy, failures, error);
      if (delayMs === undefined) throw error;
      onRetry(error.code, failures, delayMs);
      await waits.sleep(delayMs);
    }
  }
}
