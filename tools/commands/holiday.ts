import type { JsonObject } from "../../protocol/json/reader.ts";
import { PUT_CALENDAR_PATH } from "../../server/api/management-paths.ts";
import { usageError } from "../cli/arguments.ts";
import type { CliEvent } from "../cli/event.ts";
import type { Manager } from "../manage/manager.ts";
import { done, policyCommand, table } from "../policy/action.ts";
import { type Holiday, holidaysOf, holidaysText } from "../policy/hours.ts";
import { rowsOf, rulesOf } from "../policy/stored-rules.ts";

const daysOf = (calendar: JsonObject | undefined): readonly Holiday[] =>
  (calendar?.["holidays"] ?? []) as unknown as readonly Holiday[];

/** By date, as the calendar of that name has them. */
async function known(manager: Manager, name: string): Promise<Map<string, Holiday>> {
  const days = daysOf((await rulesOf(manager, "calendar")).get(name));
  return new Map(days.map((day) => [day.date, day]));
}

async function put(
  manager: Manager,
  name: string,
  days: ReadonlyMap<string, Holiday>,
): Promise<readonly CliEvent[]> {
  const holidays = [...days.values()];
  await manager.ask(PUT_CALENDAR_PATH, { name, holidays } as unknown as JsonObject);
  return done(`${name}: ${holidaysText(holidays)}`, { calendar: name, days: holidays.length });
}

export const holiday = policyCommand({
  name: "holiday",
  summary: "keeps the days on which the week's hours do not count",
  options: [
    {
      name: "day",
      value: "day",
      many: true,
      help: 'add, drop: 2026-12-25, 12-25 for each year, "12-24 08:00-12:00"',
    },
  ],
  examples: [
    ["latchkey holiday add de --day 12-25 --day 2027-03-26", "closed"],
    ['latchkey holiday add de --day "12-24 08:00-12:00"', "open for some hours only"],
    ["latchkey zone site hq --time-zone Europe/Berlin --holidays de", "where they count"],
  ],
  actions: {
    add: {
      operand: "<calendar>",
      options: ["day"],
      async run(manager, args, name) {
        const added = holidaysOf(args.texts("day"));
        if (added.length === 0) throw usageError("--day is needed", "day");
        const days = await known(manager, name);
        for (const day of added) days.set(day.date, day);
        return put(manager, name, days);
      },
    },
    drop: {
      operand: "<calendar>",
      options: ["day"],
      async run(manager, args, name) {
        const days = await known(manager, name);
        for (const day of args.texts("day"))
          if (!days.delete(day)) throw usageError(`${name} has no ${day}`, "day");
        return put(manager, name, days);
      },
    },
    list: {
      options: [],
      async run(manager) {
        const text = (calendar: JsonObject) => holidaysText(daysOf(calendar));
        return [table("Holidays", rowsOf(await rulesOf(manager, "calendar"), text))];
      },
    },
  },
});
