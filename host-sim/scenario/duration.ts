import { LatchkeyError } from "../../protocol/errors.ts";

const UNIT_US: Readonly<Record<string, number>> = Object.freeze({
  us: 1,
  ms: 1_000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
});

/**
 * A duration such as `800ms`, `1.5s`, `10m`, `2h` or `1d`, in microseconds. A bare number is
 * refused: seconds and milliseconds are mixed up too easily.
 * @throws scenario-invalid; `field` names it in the error.
 */
export function parseDurationUs(value: unknown, field: string): number {
  const match = typeof value === "string" ? /^(\d+(?:\.\d+)?)(us|ms|s|m|h|d)$/.exec(value) : null;
  const us = match === null ? Number.NaN : Number(match[1]) * UNIT_US[match[2]!]!;
  if (!Number.isFinite(us) || us > 400 * UNIT_US["d"]!) {
    throw new LatchkeyError("scenario-invalid", {
      message: `${field}: not a duration such as 800ms, 1.5s or 10m: ${JSON.stringify(value)}`,
      detail: { field },
    });
  }
  return Math.round(us);
}

/** A time in virtual microseconds for people: `+12.345 s`. */
export function formatTime(timeUs: number): string {
  return `+${(timeUs / 1e6).toFixed(3)} s`;
}
