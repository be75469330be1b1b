const SECONDS_PER_DAY = 86_400;
/** GPS counts its weeks modulo 1024 (IS-GPS-200, 20.3.3.3.1.1): 19.6 years. */
const ROLLOVER_SECONDS = 1024 * 7 * SECONDS_PER_DAY;

/** What the date of a receiver is worth as a clock. */
export type FixTime =
  | { readonly unix: number; readonly doubt?: undefined }
  | { readonly unix?: undefined; readonly doubt: "absent" | "week-rollover" | "before" };

/**
 * The moment of a fix in Unix seconds, unless it cannot be right.
 *
 * A receiver whose firmware counts GPS weeks from too early an epoch (the NEO-6M's does) gives
 * dates that are 1024 weeks back, with the time of day and the position right. That shows only
 * by a date before `notBefore`, a moment that is surely past. Such a date is not corrected: a
 * clock that takes certificates and tokens for valid must not rest on a guess.
 */
export function fixTime(
  day: number | undefined,
  secondsOfDay: number | undefined,
  notBefore: number,
): FixTime {
  if (day === undefined || secondsOfDay === undefined) return { doubt: "absent" };
  const unix = day * SECONDS_PER_DAY + secondsOfDay;
  if (unix >= notBefore) return { unix };
  return { doubt: unix + ROLLOVER_SECONDS >= notBefore ? "week-rollover" : "before" };
}
