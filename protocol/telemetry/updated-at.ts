import { malformed } from "../errors.ts";
import { MAX_UNIX_TIME } from "../node/endpoints.ts";

const DAY_SECONDS = 86_400;
/** Of 400 years: after them the Gregorian calendar repeats itself. */
const ERA_DAYS = 146_097;
/** From 0000-03-01, where the years of this arithmetic begin, to 1970-01-01. */
const EPOCH_DAYS = 719_468;

interface CalendarDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/**
 * Calendar and back without `Date`, which the portable rooms do not use. The year begins in
 * March, so that the day that comes and goes is its last.
 * Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
 */
function calendarDay(daysSinceEpoch: number): CalendarDay {
  const days = daysSinceEpoch + EPOCH_DAYS;
  const era = Math.floor(days / ERA_DAYS);
  const dayOfEra = days - era * ERA_DAYS;
  const leapDays =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const yearStart = 365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  const dayOfYear = dayOfEra - yearStart;
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
  };
}

/** days_from_civil of the same source. */
function daysSinceEpoch({ year, month, day }: CalendarDay): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const yearStart = 365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  return era * ERA_DAYS + yearStart + dayOfYear - EPOCH_DAYS;
}

const digits = (value: number, length: number): string => String(value).padStart(length, "0");

/** Unix seconds as `YYYY-MM-DD HH:MM:SS`, UTC. @throws malformed outside of 1970 to 9999 */
export function writeUpdatedAt(unixSeconds: number): string {
  if (!Number.isSafeInteger(unixSeconds) || unixSeconds < 0 || unixSeconds > MAX_UNIX_TIME)
    throw malformed("updated_at", "not a time from 1970 to 9999");
  const days = Math.floor(unixSeconds / DAY_SECONDS);
  const rest = unixSeconds - days * DAY_SECONDS;
  const { year, month, day } = calendarDay(days);
  const time = [Math.floor(rest / 3600), Math.floor(rest / 60) % 60, rest % 60];
  const date = `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`;
  return `${date} ${time.map((part) => digits(part, 2)).join(":")}`;
}

/** The reverse; takes this one spelling and days that exist. @throws malformed */
export function parseUpdatedAt(text: string, field = "updated_at"): number {
  const found = /^(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2})$/.exec(text);
  if (found === null) throw malformed(field, "not YYYY-MM-DD HH:MM:SS");
  const [year, month, day, hour, minute, second] = found.slice(1).map(Number) as [
    ...[number, number, number],
    ...[number, number, number],
  ];
  const days = daysSinceEpoch({ year, month, day });
  const unixSeconds = days * DAY_SECONDS + hour * 3600 + minute * 60 + second;
  // 30 February and 25 o'clock come out as another time than was written.
  if (unixSeconds < 0 || writeUpdatedAt(unixSeconds) !== text)
    throw malformed(field, "not a time that exists, from 1970 on");
  return unixSeconds;
}
