/** What a clock on the wall of a place shows. */
export interface WallTime {
  /** `2026-03-29`. */
  readonly date: string;
  /** 1 is Monday, 7 is Sunday (ISO 8601). */
  readonly weekday: number;
  /** Since midnight by the clock's hands, 0 to 1439: not the minutes that have gone by. */
  readonly minute: number;
}

const MINUTES_OF_DAY = 1440;
const DAY_SECONDS = 86_400;

/**
 * Names of the time zone database only. An offset such as `+01:00`, which `Intl` would take as
 * well, knows no summer time and would be wrong for half of the year without a word.
 */
const NAME = /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/;

/** Of a time zone, which are dear to make. Bounded: names come from tenants. */
const FORMATS_MAX = 256;
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  if (timeZone.length > 64 || !NAME.test(timeZone)) return undefined;
  try {
    const numbers = { year: "numeric", month: "2-digit", day: "2-digit" } as const;
    const hands = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
    const format = new Intl.DateTimeFormat("en-u-ca-iso8601-nu-latn", {
      ...{ timeZone, ...numbers, ...hands },
    });
    if (formats.size >= FORMATS_MAX) formats.delete(formats.keys().next().value!);
    formats.set(timeZone, format);
    return format;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Whether the time zone database has it, as this server's runtime brings it along. */
export function isTimeZone(timeZone: string): boolean {
  return formatOf(timeZone) !== undefined;
}

/** Of a date, which need not have been lived through: some islands have skipped one. */
function weekdayOf(date: string): number {
  return ((new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7) + 1;
}

/** The calendar's day before. */
export function dayBefore(date: string): { readonly date: string; readonly weekday: number } {
  const at = Date.parse(`${date}T00:00:00Z`) / 1000 - DAY_SECONDS;
  const before = new Date(at * 1000).toISOString().slice(0, 10);
  return { date: before, weekday: weekdayOf(before) };
}

/**
 * @param at Unix seconds
 * @returns `undefined` for a time zone that nobody knows
 */
export function wallTime(timeZone: string, at: number): WallTime | undefined {
  const parts = formatOf(timeZone)?.formatToParts(at * 1000);
  if (parts === undefined) return undefined;
  const of: Partial<Record<string, string>> = {};
  for (const { type, value } of parts) of[type] = value;
  const date = `${of["year"]}-${of["month"]}-${of["day"]}`;
  const minute = (Number(of["hour"]) * 60 + Number(of["minute"])) % MINUTES_OF_DAY;
  return { date, weekday: weekdayOf(date), minute };
}
