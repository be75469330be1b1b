import { toUtf8 } from "../../encoding/utf8.ts";
import { MAX_UNIX_TIME } from "../../node/endpoints.ts";
import { element, TAG } from "./der.ts";
import type { DerReader } from "./der-reader.ts";

/** 99991231235959Z: "has no well-defined expiration date" (RFC 5280 §4.1.2.5). Unix seconds. */
export const NO_EXPIRY_UNIX = MAX_UNIX_TIME;

const DAY_SECONDS = 86_400;

/** Days since 1970-01-01 of a date in the Gregorian calendar; years count from March. */
function daysOf(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1;
  const m = month > 2 ? month - 3 : month + 9;
  const leaps = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400);
  return 365 * y + leaps + Math.floor((153 * m + 2) / 5) + day - 719_469;
}

function digits(value: number, size: number): string {
  return String(value).padStart(size, "0");
}

/** Year, month and day, found from below: at most a handful of steps. */
function dateOf(days: number): [number, number, number] {
  let year = 1970 + Math.floor(days / 365.2425);
  while (daysOf(year, 1, 1) > days) year--;
  while (daysOf(year + 1, 1, 1) <= days) year++;
  let month = 1;
  while (month < 12 && daysOf(year, month + 1, 1) <= days) month++;
  return [year, month, days - daysOf(year, month, 1) + 1];
}

/**
 * Unix seconds as UTCTime up to 2049 and as GeneralizedTime from then on (RFC 5280 §4.1.2.5).
 * RangeError before 1970 or after 9999.
 */
export function writeTime(unix: number): Uint8Array {
  if (!Number.isSafeInteger(unix) || unix < 0 || unix > NO_EXPIRY_UNIX)
    throw new RangeError(`x509: no such time: ${unix}`);
  const [year, month, day] = dateOf(Math.floor(unix / DAY_SECONDS));
  const second = unix % DAY_SECONDS;
  const clock = [Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60];
  const rest = [month, day, ...clock].map((value) => digits(value, 2)).join("");
  return year < 2050
    ? element(TAG.utcTime, toUtf8(`${digits(year % 100, 2)}${rest}Z`))
    : element(TAG.generalizedTime, toUtf8(`${digits(year, 4)}${rest}Z`));
}

/** Unix seconds of a UTCTime or GeneralizedTime in the one form that RFC 5280 allows. */
export function readTime(reader: DerReader): number {
  const utc = reader.tag === TAG.utcTime;
  const bytes = reader.content(utc ? TAG.utcTime : TAG.generalizedTime);
  const text = String.fromCharCode(...bytes.subarray(0, 16));
  if (!(utc ? /^\d{12}Z$/ : /^\d{14}Z$/).test(text)) throw reader.fail("a time not as RFC 5280");
  const short = Number(text.slice(0, 2));
  const year = utc ? short + (short < 50 ? 2000 : 1900) : Number(text.slice(0, 4));
  const part = (at: number): number => Number(text.substr((utc ? 2 : 4) + 2 * at, 2));
  const [month, day, hour, minute, second] = [part(0), part(1), part(2), part(3), part(4)];
  const last = month >= 1 && month <= 12 ? daysOf(year, month + 1, 1) - daysOf(year, month, 1) : 0;
  if (day < 1 || day > last || hour > 23 || minute > 59 || second > 59)
    throw reader.fail("a time that does not exist");
  return daysOf(year, month, day) * DAY_SECONDS + hour * 3600 + minute * 60 + second;
}
