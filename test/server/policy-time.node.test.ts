import assert from "node:assert/strict";
import fc from "fast-check";
import { isOpen, type TimeSpan, type WeeklySchedule } from "../../server/policy/schedule.ts";
import { isTimeZone, wallTime } from "../../server/policy/wall-time.ts";
import { daily, hasZoneFiles, label, offsetsOf, openIntervals, span, utc } from "./policy-world.ts";

const BERLIN = "Europe/Berlin";
const NEW_YORK = "America/New_York";
const none = new Map<string, readonly TimeSpan[]>();

const shows = (timeZone: string, at: number): string => {
  const { date, minute } = wallTime(timeZone, at)!;
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date} ${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
};

/** Last minute before, first minute after a change of the clock, as the laws of the place say. */
const CHANGES: readonly (readonly [string, string, string, string])[] = [
  // Directive 2000/84/EC: last Sunday of March and October, 01:00 UTC.
  [BERLIN, "2026-03-29T01:00", "2026-03-29 01:59", "2026-03-29 03:00"],
  [BERLIN, "2026-10-25T01:00", "2026-10-25 02:59", "2026-10-25 02:00"],
  // Energy Policy Act of 2005: second Sunday of March, first of November, 02:00 local time.
  [NEW_YORK, "2026-03-08T07:00", "2026-03-08 01:59", "2026-03-08 03:00"],
  [NEW_YORK, "2026-11-01T06:00", "2026-11-01 01:59", "2026-11-01 01:00"],
  // Before that act: first Sunday of April, last of October.
  [NEW_YORK, "2006-04-02T07:00", "2006-04-02 01:59", "2006-04-02 03:00"],
  // The southern hemisphere: summer begins in October.
  ["Australia/Sydney", "2026-04-04T16:00", "2026-04-05 02:59", "2026-04-05 02:00"],
  ["Australia/Sydney", "2026-10-03T16:00", "2026-10-04 01:59", "2026-10-04 03:00"],
  // Half an hour.
  ["Australia/Lord_Howe", "2026-10-03T15:30", "2026-10-04 01:59", "2026-10-04 02:30"],
  // Rules that were changed: Russia left summer time for good in 2011, and winter time in 2014.
  ["Europe/Moscow", "2011-03-26T23:00", "2011-03-27 01:59", "2011-03-27 03:00"],
  ["Europe/Moscow", "2014-10-25T22:00", "2014-10-26 01:59", "2014-10-26 01:00"],
  // Brazil's last summer time, Decree 9.772 of 2019.
  ["America/Sao_Paulo", "2019-02-17T02:00", "2019-02-16 23:59", "2019-02-16 23:00"],
  // Samoa went over the date line and left out a day.
  ["Pacific/Apia", "2011-12-30T10:00", "2011-12-29 23:59", "2011-12-31 00:00"],
];

describe("policy: the clock on the wall", () => {
  for (const [timeZone, at, before, after] of CHANGES)
    it(`${timeZone} goes from ${before} to ${after}`, () => {
      assert.equal(shows(timeZone, utc(at) - 60), before);
      assert.equal(shows(timeZone, utc(at)), after);
    });

  it("does not change where the rule was given up", () => {
    for (const [timeZone, offset] of [
      ["Europe/Moscow", 3],
      ["America/Sao_Paulo", -3],
      ["America/Mexico_City", -6],
    ] as const)
      for (let at = utc("2026-01-01T00:00"); at < utc("2027-01-01T00:00"); at += 86_400)
        assert.equal(shows(timeZone, at), label("UTC", at + offset * 3600));
  });

  it("is the operating system's, which has a database of its own", function () {
    if (!hasZoneFiles) this.skip();
    const zones = [BERLIN, NEW_YORK, "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca"];
    let compared = 0;
    for (const timeZone of [...zones, "Pacific/Apia", "Europe/Moscow", "America/Sao_Paulo"]) {
      const offset = offsetsOf(timeZone);
      for (let at = utc("2005-01-01T00:00"); at < utc("2026-06-01T00:00"); at += 17 * 3600) {
        const shift = offset(at);
        if (shift === undefined) continue;
        compared++;
        assert.equal(shows(timeZone, at), label("UTC", at + shift), `${timeZone} ${at}`);
      }
    }
    assert.ok(compared > 10_000, `${compared} compared`);
  });

  it("knows names of the time zone database, and no offsets", () => {
    for (const name of [BERLIN, "UTC", "Etc/GMT+5", "America/Argentina/Ushuaia"])
      assert.equal(isTimeZone(name), true, name);
    for (const name of ["", "Mars/Olympus", "+01:00", "-0500", "../etc", "Europe/", "x".repeat(65)])
      assert.equal(isTimeZone(name), false, name);
  });
});

/** Minutes of a night in UTC at which a schedule is open, as `hh:mm`. */
function openMinutes(schedule: WeeklySchedule, timeZone: string, from: string, hours: number) {
  const open: string[] = [];
  for (let at = utc(from); at < utc(from) + hours * 3600; at += 60)
    if (isOpen(schedule, none, wallTime(timeZone, at)!)) open.push(label("UTC", at).slice(11));
  return open;
}

describe("policy: schedules where the clock is changed", () => {
  it("a window from 02:30 opens at 03:00 where 02:30 is left out", () => {
    const open = openMinutes([daily("02:30", "04:00")], BERLIN, "2026-03-29T00:00", 4);
    assert.deepEqual([open[0], open.at(-1), open.length], ["01:00", "01:59", 60]);
    const american = openMinutes([daily("02:30", "04:00")], NEW_YORK, "2026-03-08T06:00", 4);
    assert.deepEqual([american[0], american.at(-1), american.length], ["07:00", "07:59", 60]);
  });

  it("a window that lies in what is left out does not open that day", () => {
    assert.deepEqual(openMinutes([daily("02:15", "02:45")], BERLIN, "2026-03-29T00:00", 24), []);
    assert.equal(openMinutes([daily("02:15", "02:45")], BERLIN, "2026-03-28T00:00", 24).length, 30);
  });

  it("a window from 02:30 shuts again at 02:00 and opens at the second 02:30", () => {
    const open = openMinutes([daily("02:30", "04:00")], BERLIN, "2026-10-25T00:00", 4);
    assert.deepEqual(
      [open[0], open[29], open[30], open.at(-1)],
      [...["00:30", "00:59", "01:30", "02:59"]],
    );
    assert.equal(open.length, 120);
    const american = openMinutes([daily("01:30", "03:00")], NEW_YORK, "2026-11-01T05:00", 4);
    assert.deepEqual([american[0], american[30], american.length], ["05:30", "06:30", 120]);
  });

  it("a window in the hour that comes twice opens twice", () => {
    assert.equal(openMinutes([daily("02:15", "02:45")], BERLIN, "2026-10-25T00:00", 24).length, 60);
  });

  it("is open minute by minute when another way to reckon says so", () => {
    const zones = [...new Set(CHANGES.map(([timeZone]) => timeZone)), "Asia/Kathmandu"];
    const minute = fc.integer({ min: 0, max: 1439 });
    const spans = fc
      .tuple(minute, fc.integer({ min: 0, max: 1440 }))
      .filter(([from, to]) => from !== to)
      .map(([from, to]) => ({ from, to }));
    const days = fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 });
    const schedules = fc.array(
      fc.tuple(days, spans).map(([on, when]) => ({ days: on, ...when })),
      { minLength: 1, maxLength: 4 },
    );
    const about = fc.constantFrom(...CHANGES.map(([timeZone, at]) => ({ timeZone, at: utc(at) })));
    const holidays = fc.array(
      fc.tuple(fc.integer({ min: -2, max: 2 }), fc.boolean(), fc.array(spans, { maxLength: 2 })),
      { maxLength: 3 },
    );
    let open = 0;
    let shut = 0;
    const check = (
      schedule: WeeklySchedule,
      { timeZone, at }: { timeZone: string; at: number },
      other: string | undefined,
      around: readonly (readonly [number, boolean, readonly TimeSpan[]])[],
    ) => {
      const zone = other ?? timeZone;
      const calendar = new Map(
        around.map(([offset, yearly, when]) => {
          const date = label(zone, at + offset * 86_400).slice(0, 10);
          return [yearly ? date.slice(5) : date, when] as const;
        }),
      );
      const from = label(zone, at - 86_400).slice(0, 10);
      const intervals = openIntervals(schedule, calendar, from, 5);
      for (let now = at - 18 * 3600; now < at + 30 * 3600; now += 60 * 7) {
        const shown = label(zone, now);
        const expected = intervals.some(([start, end]) => start <= shown && shown < end);
        if (expected) open++;
        else shut++;
        assert.equal(isOpen(schedule, calendar, wallTime(zone, now)!), expected, shown);
      }
    };
    const elsewhere = fc.option(fc.constantFrom(...zones), { nil: undefined });
    fc.assert(fc.property(schedules, about, elsewhere, holidays, check), { numRuns: 120 });
    assert.ok(open > 2000 && shut > 2000, `${open} open, ${shut} shut`);
  }).timeout(30_000);
});

describe("policy: nights and holidays", () => {
  const at = (schedule: WeeklySchedule, calendar: typeof none, when: string) =>
    isOpen(schedule, calendar, wallTime(BERLIN, utc(when))!);
  const night: WeeklySchedule = [{ days: [5], ...span("22:00", "06:00") }];

  it("a window that closes before it opens goes on into the next day, and no further", () => {
    // 2026-06-05 is a Friday; Berlin is two hours ahead of UTC.
    assert.equal(at(night, none, "2026-06-05T19:59"), false);
    assert.equal(at(night, none, "2026-06-05T20:00"), true);
    assert.equal(at(night, none, "2026-06-06T03:59"), true);
    assert.equal(at(night, none, "2026-06-06T04:00"), false);
    assert.equal(at(night, none, "2026-06-06T20:00"), false, "Saturday evening");
    assert.equal(at(night, none, "2026-06-04T23:00"), false, "Friday after midnight");
  });

  it("a holiday is closed from midnight to midnight, also for the night before", () => {
    const calendar = new Map([["2026-06-06", []]]);
    assert.equal(at(night, calendar, "2026-06-05T21:59"), true);
    assert.equal(at(night, calendar, "2026-06-05T22:00"), false);
  });

  it("a holiday has hours of its own, which go on into an ordinary day", () => {
    const calendar = new Map([["06-05", [span("10:00", "12:00"), span("23:00", "01:00")]]]);
    assert.equal(at(night, calendar, "2026-06-05T08:00"), true);
    assert.equal(at(night, calendar, "2026-06-05T10:00"), false);
    assert.equal(at(night, calendar, "2026-06-05T20:30"), false, "the week does not count");
    assert.equal(at(night, calendar, "2026-06-05T22:59"), true);
    assert.equal(at(night, calendar, "2026-06-05T23:00"), false);
  });

  it("a date comes before a day of each year", () => {
    const calendar = new Map([
      ["06-05", []],
      ["2026-06-05", [span("00:00", "24:00")]],
    ]);
    assert.equal(at(night, calendar, "2026-06-05T10:00"), true);
    assert.equal(at(night, calendar, "2027-06-05T20:30"), false);
  });
});
