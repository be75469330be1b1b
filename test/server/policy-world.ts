import { existsSync, readFileSync } from "node:fs";
import type { Entitlement } from "../../server/policy/entitlement.ts";
import type { RuleKind, RuleKinds, Rules } from "../../server/policy/rules.ts";
import type { TimeSpan, WeeklyWindow } from "../../server/policy/schedule.ts";

/** Unix seconds of a time in UTC. */
export const utc = (text: string): number => Date.parse(`${text}Z`) / 1000;

type Named = {
  readonly [kind in RuleKind]?: Readonly<Record<string, RuleKinds[kind] | undefined>>;
};

export function rulesOf(named: Named): Rules {
  const map = <K extends RuleKind>(kind: K) =>
    new Map(Object.entries(named[kind] ?? {})) as ReadonlyMap<string, RuleKinds[K] | undefined>;
  return {
    site: map("site"),
    zone: map("zone"),
    schedule: map("schedule"),
    calendar: map("calendar"),
  };
}

export function entitlement(change: Partial<Entitlement> = {}): Entitlement {
  return { id: "e1", subject: { person: "ada" }, zones: ["lab"], opens: false, ...change };
}

export const minutes = (text: string): number =>
  Number(text.slice(0, 2)) * 60 + Number(text.slice(3));

export const span = (from: string, to: string): TimeSpan => ({
  from: minutes(from),
  to: minutes(to),
});

const WEEK = [1, 2, 3, 4, 5, 6, 7];
export const daily = (from: string, to: string): WeeklyWindow => ({
  days: WEEK,
  ...span(from, to),
});

const clockText = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

const shift = (date: string, days: number): string =>
  new Date(Date.parse(`${date}T12:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);

/** `2026-03-29 02:30`, by another locale and another way through `Intl` than the engine's. */
export function label(timeZone: string, at: number): string {
  const options = { timeZone, dateStyle: "short", timeStyle: "short" } as const;
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat("sv-SE", options);
  formats.set(timeZone, format);
  return format.format(at * 1000);
}
const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * When a schedule is open, another way: as intervals of texts on the line of wall times, which are
 * compared as texts. The engine goes the other way, from a minute to its windows.
 */
export function openIntervals(
  windows: readonly WeeklyWindow[],
  calendar: ReadonlyMap<string, readonly TimeSpan[]>,
  from: string,
  days: number,
): readonly (readonly [string, string])[] {
  const holiday = (date: string) => calendar.get(date) ?? calendar.get(date.slice(5));
  const found: [string, string][] = [];
  for (let n = -1; n < days; n++) {
    const date = shift(from, n);
    const next = shift(date, 1);
    const weekday = new Date(`${date}T12:00:00Z`).getUTCDay() || 7;
    const spans = holiday(date) ?? windows.filter((each) => each.days.includes(weekday));
    for (const each of spans) {
      const start = `${date} ${clockText(each.from)}`;
      if (each.to > each.from) found.push([start, `${date} ${clockText(each.to)}`]);
      else if (holiday(next)) found.push([start, `${date} 24:00`]);
      else found.push([start, `${next} ${clockText(each.to)}`]);
    }
  }
  return found;
}

const TZ_FOLDER = "/usr/share/zoneinfo";
export const hasZoneFiles = existsSync(`${TZ_FOLDER}/Europe/Berlin`);

/** Offsets by the operating system's file, which is not the database of the engine (RFC 8536). */
export function offsetsOf(timeZone: string): (at: number) => number | undefined {
  const bytes = readFileSync(`${TZ_FOLDER}/${timeZone}`);
  const counts = (at: number) => [0, 1, 2, 3, 4, 5].map((n) => bytes.readUInt32BE(at + 20 + 4 * n));
  const [isUt, isStd, leap, time, type, chars] = counts(0) as [number, number, ...number[]];
  const skipped = 44 + time! * 5 + type! * 6 + chars! + leap! * 8 + isStd + isUt;
  const [, , , times, types] = counts(skipped);
  const start = skipped + 44;
  const at = (n: number) => Number(bytes.readBigInt64BE(start + 8 * n));
  const kind = (n: number) => bytes[start + 8 * times! + n]!;
  const offset = (n: number) => bytes.readInt32BE(start + 9 * times! + 6 * n);
  return (when) => {
    let last = -1;
    while (last + 1 < times! && at(last + 1) <= when) last++;
    // Behind the last one a rule counts, which is not read here.
    if (last === times! - 1 && types! > 0) return undefined;
    return last < 0 ? undefined : offset(kind(last));
  };
}
