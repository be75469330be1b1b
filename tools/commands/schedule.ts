import { PUT_SCHEDULE_PATH } from "../../server/api/management-paths.ts";
import { done, policyCommand, table } from "../policy/action.ts";
import { scheduleOf, scheduleText } from "../policy/hours.ts";
import { rowsOf, rulesOf } from "../policy/stored-rules.ts";

export const schedule = policyCommand({
  name: "schedule",
  summary: "keeps the hours of the week that entitlements name",
  options: [{ name: "open", value: "hours", many: true, help: 'set: "mon-fri 08:00-18:00"' }],
  examples: [
    ['latchkey schedule set office --open "mon-fri 08:00-18:00"', "by the clock on the wall"],
    ['latchkey schedule set night --open "mon-fri 22:00-06:00"', "into the next day"],
    ["latchkey schedule list", "all of them"],
  ],
  actions: {
    set: {
      operand: "<name>",
      options: ["open"],
      async run(manager, args, name) {
        const hours = scheduleOf(args.texts("open"));
        await manager.ask(PUT_SCHEDULE_PATH, { name, ...hours });
        return done(`${name}: ${scheduleText(hours)}`, { schedule: name });
      },
    },
    list: {
      options: [],
      async run(manager) {
        const schedules = await rulesOf(manager, "schedule");
        return [table("Schedules", rowsOf(schedules, scheduleText))];
      },
    },
  },
});
