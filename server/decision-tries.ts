import { LatchkeyError } from "../protocol/errors.ts";

/** Rules that change under each of so many attempts are in nobody's hand any more. */
const DECISION_TRIES = 5;

/**
 * Decides until the rules by which it was decided still hold when it is recorded.
 * @param once `undefined` when they were changed meanwhile
 * @throws unavailable
 */
export async function untilDecided<T>(once: () => Promise<T | undefined>): Promise<T> {
  for (let attempt = 0; attempt < DECISION_TRIES; attempt++) {
    const decision = await once();
    if (decision !== undefined) return decision;
  }
  throw new LatchkeyError("unavailable", { detail: { retry_after: 1 } });
}
