import { type JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import { parseRule, writeRule } from "../../server/policy/rules.ts";
import type { HolidayCalendar, WeeklySchedule } from "../../server/policy/schedule.ts";
import { usageError } from "../cli/arguments.ts";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const SPAN = "([0-9:]{5})-([0-9:]{5})";

/** `mon-fri` or `mon,sat` to the days' names. */
function daysOf(text: string): readonly string[] {
  return text.split(",").flatMap((part) => {
    const [first = "", last = first] = part.split("-");
    const [from, to] = [DAYS.indexOf(first), DAYS.indexOf(last)];
    if (from < 0 || to < from) throw usageError(`\`${part}\` is no day such as mon or mon-fri`);
    return DAYS.slice(from, to + 1);
  });
}

/** `mon-fri 08:00-18:00`, any number of them. @throws usage, malformed */
export function scheduleOf(texts: readonly string[]): WeeklySchedule {
  const windows = texts.map((text): JsonObject => {
    const [, days, from, to] = new RegExp(`^([a-z,-]+) ${SPAN}$`).exec(text) ?? [];
    if (days === undefined)
      throw usageError(`\`${text}\` is not such as "mon-fri 08:00-18:00"`, "open");
    return { days: daysOf(days), from: from!, to: to! };
  });
  return parseRule("schedule", new JsonReader({ windows }));
}

/** `2026-12-25`, or `12-24 08:00-12:00,14:00-16:00`. @throws usage, malformed */
export function holidaysOf(texts: readonly string[]): HolidayCalendar {
  const holidays = texts.map((text): JsonObject => {
    const [date = "", spans] = text.split(" ");
    const open = (spans?.split(",") ?? []).map((span) => {
      const [, from, to] = new RegExp(`^${SPAN}$`).exec(span) ?? [];
      if (from === undefined) throw usageError(`\`${span}\` is not such as 08:00-12:00`, "day");
      return { from, to: to! };
    });
    return { date, open };
  });
  return parseRule("calendar", new JsonReader({ holidays }));
}

interface WrittenSpan {
  readonly from: string;
  readonly to: string;
}

const spanText = ({ from, to }: WrittenSpan): string => `${from}-${to}`;

export function scheduleText(schedule: WeeklySchedule): string {
  const { windows } = writeRule("schedule", schedule) as unknown as {
    readonly windows: readonly (WrittenSpan & { readonly days: readonly string[] })[];
  };
  return windows.map((window) => `${window.days.join(",")} ${spanText(window)}`).join("; ");
}

export function calendarText(calendar: HolidayCalendar): string {
  const { holidays } = writeRule("calendar", calendar) as unknown as {
    readonly holidays: readonly { readonly date: string; readonly open: readonly WrittenSpan[] }[];
  };
  const days = holidays.map(({ date, open }) =>
    open.length === 0 ? `${date} closed` : `${date} ${open.map(spanText).join(",")}`,
  );
  return days.join("; ");
}
