import type { HolidayCalendar } from "../../server/policy/schedule.ts";
import { usageError } from "../cli/arguments.ts";
import { type PolicyPlace, policyCommand } from "../policy/action.ts";
import { calendarText, holidaysOf } from "../policy/hours.ts";

async function known({ policy, tenantId }: PolicyPlace, name: string): Promise<HolidayCalendar> {
  return (await policy.rules(tenantId)).calendar.get(name) ?? new Map();
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
      async run(place, args, name) {
        const days = holidaysOf(args.texts("day"));
        if (days.size === 0) throw usageError("--day is needed", "day");
        const calendar = new Map([...(await known(place, name)), ...days]);
        await place.policy.putRule(place.tenantId, "calendar", name, calendar);
        const fields = { calendar: name, days: calendar.size };
        return [{ type: "done", text: `${name}: ${calendarText(calendar)}`, fields }];
      },
    },
    drop: {
      operand: "<calendar>",
      options: ["day"],
      async run(place, args, name) {
        const calendar = new Map(await known(place, name));
        for (const day of args.texts("day"))
          if (!calendar.delete(day)) throw usageError(`${name} has no ${day}`, "day");
        await place.policy.putRule(place.tenantId, "calendar", name, calendar);
        const fields = { calendar: name, days: calendar.size };
        return [{ type: "done", text: `${name}: ${calendarText(calendar)}`, fields }];
      },
    },
    list: {
      options: [],
      async run({ policy, tenantId }) {
        const rows = [...(await policy.rules(tenantId)).calendar].map(
          ([name, days]) => [name, days ? calendarText(days) : "cannot be read"] as const,
        );
        return [{ type: "table", title: "Holidays", rows }];
      },
    },
  },
});
