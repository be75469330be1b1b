import type { EntitledSubject, Entitlement } from "../../server/policy/entitlement.ts";
import { usageError } from "../cli/arguments.ts";
import type { Arguments } from "../cli/command.ts";
import { momentOf, policyCommand } from "../policy/action.ts";

function subjectOf(args: Arguments): EntitledSubject {
  const [person, group] = [args.text("person"), args.text("group")];
  if (person !== undefined && group === undefined) return { person };
  if (group !== undefined && person === undefined) return { group };
  throw usageError("for whom? either --person or --group");
}

const utc = (at: number): string => new Date(at * 1000).toISOString().replace(".000", "");

function textOf({ subject, zones, schedule, from, until, opens }: Omit<Entitlement, "id">): string {
  const whom = "person" in subject ? `person ${subject.person}` : `group ${subject.group}`;
  const parts = [
    `${whom} to ${zones.join(", ")}`,
    schedule ?? "at any time",
    ...(from === undefined ? [] : [`from ${utc(from)}`]),
    ...(until === undefined ? [] : [`until ${utc(until)}`]),
    ...(opens ? ["opens it for others"] : []),
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
      async run({ policy, tenantId }, args) {
        const schedule = args.text("schedule");
        const [from, until] = [momentOf(args, "from"), momentOf(args, "until")];
        const made = await policy.entitle(tenantId, {
          subject: subjectOf(args),
          zones: args.texts("zone"),
          ...(schedule !== undefined && { schedule }),
          ...(from !== undefined && { from }),
          ...(until !== undefined && { until }),
          opens: args.flag("opens"),
        });
        return [{ type: "done", text: textOf(made), fields: { entitlement: made.id } }];
      },
    },
    list: {
      options: [],
      async run({ policy, tenantId }) {
        const all = await policy.entitlements(tenantId);
        const rows = all.map((one) => [one.id, textOf(one)] as const);
        return [{ type: "table", title: "Entitlements", rows }];
      },
    },
    remove: {
      operand: "<id>",
      options: [],
      async run({ policy, tenantId }, _, id) {
        await policy.removeEntitlement(tenantId, id);
        return [{ type: "done", text: `${id} counts no more`, fields: { entitlement: id } }];
      },
    },
  },
});
