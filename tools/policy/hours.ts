import type { JsonObject } from "../../protocol/json/reader.ts";
import { usageError } from "../cli/arguments.ts";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const SPAN = "([0-9:]{5})-([0-9:]{5})";

interface Span {
  readonly from: string;
  readonly to: string;
}

/** A day on which the week's hours do not count, as it goes over the wire. */
export interface Holiday {
  readonly date: string;
  readonly open: readonly Span[];
}

/** `mon-fri` or `mon,sat` to the days' names. */
function daysOf(text: string): readonly string[] {
  return text.split(",").flatMap((part) => {
    const [first = "", last = first] = part.split("-");
    const [from, to] = [DAYS.indexOf(first), DAYS.indexOf(last)];
    if (from < 0 || to < from) throw usageError(`\`${part}\` is no day such as mon or mon-fri`);
    return DAYS.slice(from, to + 1);
  });
}

/** `mon-fri 08:00-18:00`, any number of them, as it goes over the wire. @throws usage */
export function scheduleOf(texts: readonly string[]): JsonObject {
  const windows = texts.map((text) => {
    const [, days, from, to] = new RegExp(`^([a-z,-]+) ${SPAN}$`).exec(text) ?? [];
    if (days === undefined)
      throw usageError(`\`${text}\` is not such as "mon-fri 08:00-18:00"`, "open");
    return { days: daysOf(days), from: from!, to: to! };
  });
  return { windows };
}

/** `2026-12-25`, or `12-24 08:00-12:00,14:00-16:00`. @throws usage */
export function holidaysOf(texts: readonly string[]): readonly Holiday[] {
  return texts.map((text) => {
    const [date = "", spans] = text.split(" ");
    const open = (spans?.split(",") ?? []).map((span) => {
      const [, from, to] = new RegExp(`^${SPAN}$`).exec(span) ?? [];
      if (from === undefined) throw usageError(`\`${span}\` is not such as 08:00-12:00`, "day");
      return { from, to: to! };
    });
    return { date, open };
  });
}

const spanText = ({ from, to }: Span): string => `${from}-${to}`;

export function scheduleText(schedule: JsonObject): string {
  const windows = schedule["windows"] as unknown as readonly (Span & { days: string[] })[];
  return windows.map((window) => `${window.days.join(",")} ${spanText(window)}`).join("; ");
}

export function holidaysText(holidays: readonly Holiday[]): string {
  const days = holidays.map(({ date, open }) =>
    open.length === 0 ? `${date} closed` : `${date} ${open.map(spanText).join(",")}`,
  );
  return days.join("; ");
}
