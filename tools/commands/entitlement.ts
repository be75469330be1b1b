import type { JsonObject } from "../../protocol/json/reader.ts";
import {
  ADD_ENTITLEMENT_PATH,
  LIST_ENTITLEMENTS_PATH,
  REMOVE_ENTITLEMENT_PATH,
} from "../../server/api/management-paths.ts";
import { usageError } from "../cli/arguments.ts";
import type { Arguments } from "../cli/command.ts";
import type { Row } from "../cli/event.ts";
import { allOf, done, momentOf, policyCommand, table } from "../policy/action.ts";

function subjectOf(args: Arguments): JsonObject {
  const [person, group] = [args.text("person"), args.text("group")];
  if (person !== undefined && group === undefined) return { person };
  if (group !== undefined && person === undefined) return { group };
  throw usageError("for whom? either --person or --group");
}

const utc = (at: unknown): string => new Date(Number(at) * 1000).toISOString().replace(".000", "");

function textOf({ person, group, zones, schedule, from, until, opens }: JsonObject): string {
  const whom = person === undefined ? `group ${group}` : `person ${person}`;
  const parts = [
    `${whom} to ${(zones as string[]).join(", ")}`,
    schedule ?? "at any time",
    ...(from === undefined ? [] : [`from ${utc(from)}`]),
    ...(until === undefined ? [] : [`until ${utc(until)}`]),
    ...(opens === true ? ["opens it for others"] : []),
  ];
  return parts.join("; ");
}

export const entitlement = policyCommand({
  name: "entitlement",
  summary: "says who may pass where, and when",
  options: [
    { name: "person", value: "id", help: "add: for one person" },
    { name: "group", value: "name", help: "add: for everybody in it" },
    { name: "zone", value: "name", many: true, help: "add: to these; '*' for all" },
    { name: "schedule", value: "name", help: "add: at these hours; at any time by default" },
    { name: "from", value: "time", help: "add: 2027-01-01T00:00:00Z" },
    { name: "until", value: "time", help: "add: and no longer" },
    { name: "opens", help: "add: whoever comes in by it opens the zone for others" },
  ],
  examples: [
    ["latchkey entitlement add --group staff --zone lab --schedule office", "for a group"],
    ["latchkey entitlement add --person ID --zone '*' --opens", "for somebody with all keys"],
    ["latchkey entitlement remove ID", "from the next tap on"],
  ],
  actions: {
    add: {
      options: ["person", "group", "zone", "schedule", "from", "until", "opens"],
      async run(manager, args) {
        const schedule = args.text("schedule");
        const [from, until] = [momentOf(args, "from"), momentOf(args, "until")];
        const order = {
          ...subjectOf(args),
          zones: args.texts("zone"),
          ...(schedule !== undefined && { schedule }),
          ...(from !== undefined && { from }),
          ...(until !== undefined && { until }),
          opens: args.flag("opens"),
        };
        const { entitlement_id: id } = await manager.ask(ADD_ENTITLEMENT_PATH, order);
        return done(textOf(order), { entitlement: String(id) });
      },
    },
    list: {
      options: [],
      async run(manager) {
        const all = await allOf(manager, LIST_ENTITLEMENTS_PATH, "entitlements");
        const rows = all.map((one): Row => [String(one["entitlement_id"]), textOf(one)]);
        return [table("Entitlements", rows)];
      },
    },
    remove: {
      operand: "<id>",
      options: [],
      async run(manager, _, id) {
        await manager.ask(REMOVE_ENTITLEMENT_PATH, { entitlement_id: id });
        return done(`${id} counts no more`, { entitlement: id });
      },
    },
  },
});
