import { LatchkeyError, malformed } from "../errors.ts";

/** Before this a number of milliseconds is in 1973, and most likely one of seconds. */
const EARLIEST_MS = 100_000_000_000;

/** Unix milliseconds: an unsigned integer. @throws malformed */
export function checkMoment(value: unknown, field: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    throw malformed(field, "not a time in whole milliseconds");
  return value;
}

/**
 * A time at which something was said: whole milliseconds, not seconds, not later than `latestMs`.
 * @throws malformed, time-implausible
 */
export function checkPast(value: unknown, latestMs: number, field: string): number {
  const ms = checkMoment(value, field);
  if (ms < EARLIEST_MS)
    throw new LatchkeyError("time-implausible", {
      message: `${field}: ${ms} is in 1973 or before: seconds in place of milliseconds?`,
      detail: { field },
    });
  if (ms > latestMs)
    throw new LatchkeyError("time-implausible", {
      message: `${field}: is in the future`,
      detail: { field },
    });
  return ms;
}
