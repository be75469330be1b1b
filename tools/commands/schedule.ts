import { policyCommand } from "../policy/action.ts";
import { scheduleOf, scheduleText } from "../policy/hours.ts";

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
      async run({ policy, tenantId }, args, name) {
        const hours = scheduleOf(args.texts("open"));
        await policy.putRule(tenantId, "schedule", name, hours);
        const text = `${name}: ${scheduleText(hours)}`;
        return [{ type: "done", text, fields: { schedule: name } }];
      },
    },
    list: {
      options: [],
      async run({ policy, tenantId }) {
        const rows = [...(await policy.rules(tenantId)).schedule].map(
          ([name, hours]) => [name, hours ? scheduleText(hours) : "cannot be read"] as const,
        );
        return [{ type: "table", title: "Schedules", rows }];
      },
    },
  },
});
