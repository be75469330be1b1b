import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import { dayBefore, type WallTime } from "./wall-time.ts";

/**
 * When a window opens and closes, by the clock on the wall: from `from` on until just before
 * `to`. One that closes at or before its opening goes on into the next day.
 */
export interface TimeSpan {
  /** Minutes since midnight, 0 to 1439. */
  readonly from: number;
  /** 1 to 1440; 1440 is midnight at the end of the day. */
  readonly to: number;
}

export interface WeeklyWindow extends TimeSpan {
  /** On which days it opens: 1 is Monday, 7 is Sunday. */
  readonly days: readonly number[];
}

/** Repeats every week. */
export type WeeklySchedule = readonly WeeklyWindow[];

/** What a holiday has in place of the weekly schedule. Without a span it is closed. */
export type Holiday = readonly TimeSpan[];

/**
 * By date, `2026-12-25`, or by month and day, `12-25`, for each year; a date comes before a day
 * of each year.
 */
export type HolidayCalendar = ReadonlyMap<string, Holiday>;

const WINDOWS_MAX = 32;
const HOLIDAYS_MAX = 1000;
const DAY_NAMES = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
const CLOCK = /^([01][0-9]|2[0-3]):([0-5][0-9])$/;

function holidayOf(calendar: HolidayCalendar, date: string): Holiday | undefined {
  return calendar.get(date) ?? calendar.get(date.slice(5));
}

/** The part of a span on the day on which it began. */
const isOpenOnDay = ({ from, to }: TimeSpan, minute: number): boolean =>
  minute >= from && (to <= from || minute < to);

/** The part on the day after. */
const isOpenAfter = ({ from, to }: TimeSpan, minute: number): boolean => to <= from && minute < to;

/**
 * Whether the schedule is open. The date on which a window begins says whether the week or a
 * holiday counts. On a holiday nothing of the evening before goes on: what is closed is closed
 * from midnight to midnight.
 */
export function isOpen(
  schedule: WeeklySchedule,
  calendar: HolidayCalendar,
  { date, weekday, minute }: WallTime,
): boolean {
  const opening = (on: { readonly date: string; readonly weekday: number }): Holiday =>
    holidayOf(calendar, on.date) ?? schedule.filter(({ days }) => days.includes(on.weekday));
  if (opening({ date, weekday }).some((span) => isOpenOnDay(span, minute))) return true;
  if (holidayOf(calendar, date) !== undefined) return false;
  return opening(dayBefore(date)).some((span) => isOpenAfter(span, minute));
}

function parseClock(body: JsonReader, name: string): number {
  const text = body.string(name, { max: 5 });
  if (name === "to" && text === "24:00") return 1440;
  const [, hours, minutes] = CLOCK.exec(text) ?? [];
  if (hours === undefined) throw body.wrong(name, "not a time such as 08:30");
  return Number(hours) * 60 + Number(minutes);
}

function parseSpan(body: JsonReader): TimeSpan {
  const from = parseClock(body, "from");
  const to = parseClock(body, "to");
  if (from === to) throw body.wrong("to", "is when it opens; all day is 00:00 to 24:00");
  return { from, to };
}

function writeClock(minute: number): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

function parseDays(body: JsonReader): readonly number[] {
  const names = body.array("days", { max: 7 });
  const days = names.map((name) => DAY_NAMES.indexOf(name as (typeof DAY_NAMES)[number]) + 1);
  if (days.length === 0 || days.includes(0) || new Set(days).size < days.length)
    throw body.wrong("days", `needs some of ${DAY_NAMES.join(", ")}, each once`);
  return days;
}

/** `{"windows": [{"days": ["mon"], "from": "08:00", "to": "18:00"}]}` @throws malformed */
export function parseSchedule(body: JsonReader): WeeklySchedule {
  const windows = body.objects("windows", { max: WINDOWS_MAX });
  if (windows.length === 0) throw body.wrong("windows", "a schedule without a window");
  return windows.map((window) => ({ days: parseDays(window), ...parseSpan(window) }));
}

export function writeSchedule(schedule: WeeklySchedule): JsonObject {
  const windows = schedule.map(({ days, from, to }) => ({
    days: days.map((day) => DAY_NAMES[day - 1]!),
    from: writeClock(from),
    to: writeClock(to),
  }));
  return { windows };
}

/** Whether the calendar has that day; each year's may be 29 February. */
function isDate(text: string): boolean {
  const [whole, year = "2024", rest] = /^(?:([0-9]{4})-)?([0-9]{2}-[0-9]{2})$/.exec(text) ?? [];
  if (whole === undefined) return false;
  const at = Date.parse(`${year}-${rest}T00:00:00Z`);
  return Number.isFinite(at) && new Date(at).toISOString().slice(5, 10) === rest;
}

/** `{"holidays": [{"date": "12-24", "open": [{"from": "08:00", "to": "12:00"}]}]}` @throws malformed */
export function parseCalendar(body: JsonReader): HolidayCalendar {
  const calendar = new Map<string, Holiday>();
  for (const holiday of body.objects("holidays", { max: HOLIDAYS_MAX })) {
    const date = holiday.string("date", { max: 10 });
    if (!isDate(date)) throw holiday.wrong("date", "neither 2026-12-25 nor 12-25");
    if (calendar.has(date)) throw holiday.wrong("date", "comes twice");
    const open = holiday.optional("open", () => holiday.objects("open", { max: WINDOWS_MAX }));
    calendar.set(date, open?.map(parseSpan) ?? []);
  }
  return calendar;
}

export function writeCalendar(calendar: HolidayCalendar): JsonObject {
  const span = ({ from, to }: TimeSpan) => ({ from: writeClock(from), to: writeClock(to) });
  const holidays = [...calendar].map(([date, open]) => ({ date, open: open.map(span) }));
  return { holidays };
}
