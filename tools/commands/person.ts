import { fromHex } from "../../protocol/encoding/hex.ts";
import type { Person, PersonStatus } from "../../server/store/policies.ts";
import { usageError } from "../cli/arguments.ts";
import type { CliEvent } from "../cli/event.ts";
import { momentOf, needed, policyCommand } from "../policy/action.ts";

const STATUSES: readonly PersonStatus[] = ["active", "suspended", "removed"];

const row = ({ personId, label, groups, status }: Person) =>
  [personId, [label, groups.join(", "), status].filter((text) => text !== "").join("  ")] as const;

function done(text: string, fields: Readonly<Record<string, string | number>>): CliEvent[] {
  return [{ type: "done", text, fields }];
}

export const person = policyCommand({
  name: "person",
  summary: "keeps people, whose badges are whose, and who is where",
  options: [
    { name: "label", value: "text", help: "set: what they are called" },
    { name: "group", value: "name", many: true, help: "add, set: all groups that they are in" },
    { name: "no-groups", help: "set: they are in none" },
    { name: "status", value: "word", help: `set: ${STATUSES.join(", ")}` },
    { name: "badge", value: "uid", help: "give: 14 hexadecimal digits" },
    { name: "zone", value: "name", help: "forgive: there only; may: where to" },
    { name: "at", value: "time", help: "may: 2027-01-01T08:00:00Z; now by default" },
    { name: "leaving", help: "may: out of the zone, not into it" },
  ],
  examples: [
    ["latchkey person add 'Ada Lovelace' --group staff", "somebody new; shows their id"],
    ["latchkey person give ID --badge 04112233445566", "the badge is theirs from now on"],
    ["latchkey person set ID --status suspended", "shuts all doors to all their badges"],
    ["latchkey person forgive ID --zone lab", "after a violation of anti-passback"],
    ["latchkey person may ID --zone lab --at 2026-12-25T10:00:00Z", "and if not, why"],
  ],
  actions: {
    add: {
      operand: "<label>",
      options: ["group"],
      async run({ policy, tenantId }, args, label) {
        const made = await policy.putPerson({ tenantId, label, groups: args.texts("group") });
        return done(`${label} is ${made.personId}`, { person: made.personId });
      },
    },
    set: {
      operand: "<id>",
      options: ["label", "group", "no-groups", "status"],
      async run({ policy, tenantId }, args, personId) {
        const label = args.text("label");
        const groups = args.texts("group");
        const status = STATUSES.find((known) => known === args.text("status"));
        if (args.flag("status") && status === undefined)
          throw usageError(`--status is one of ${STATUSES.join(", ")}`, "status");
        const regroup = groups.length > 0 || args.flag("no-groups");
        const changed = await policy.putPerson({
          ...{ tenantId, personId },
          ...(label !== undefined && { label }),
          ...(regroup && { groups }),
          ...(status !== undefined && { status }),
        });
        return done(row(changed).join("  "), { person: personId, status: changed.status });
      },
    },
    list: {
      options: [],
      async run({ policy, tenantId }) {
        const people = await policy.people(tenantId);
        return [{ type: "table", title: "People", rows: people.map(row) }];
      },
    },
    give: {
      operand: "<id>",
      options: ["badge"],
      async run({ policy, tenantId }, args, personId) {
        const badge = needed(args, "badge");
        if (!/^[0-9a-f]{14}$/.test(badge))
          throw usageError("--badge is a UID of 14 hexadecimal digits", "badge");
        await policy.giveBadge(tenantId, fromHex(badge), personId);
        return done(`Badge ${badge} is theirs; their entitlements count`, { badge });
      },
    },
    where: {
      operand: "<id>",
      options: [],
      async run({ policy, tenantId }, _, personId) {
        const rows = (await policy.presence(tenantId, personId)).map(
          ({ zone, inside }) => [zone, inside ? "inside" : "outside"] as const,
        );
        return [{ type: "table", title: "Seen last by zones with anti-passback", rows }];
      },
    },
    forgive: {
      operand: "<id>",
      options: ["zone"],
      async run({ policy, tenantId }, args, personId) {
        const zones = await policy.forgive(tenantId, personId, args.text("zone"));
        return done(`Forgiven in ${zones} zones: the next passage is free`, { zones });
      },
    },
    may: {
      operand: "<id>",
      options: ["zone", "at", "leaving"],
      async run({ policy, tenantId }, args, personId) {
        const at = momentOf(args, "at");
        const decision = await policy.ask({
          ...{ tenantId, personId, zone: needed(args, "zone") },
          direction: args.flag("leaving") ? "out" : "in",
          ...(at !== undefined && { at }),
        });
        if (decision.allowed)
          return done(`May pass, by entitlement ${decision.entitlement}`, { decision: "granted" });
        const { code, cause } = decision;
        const why = cause === undefined ? code : `${code} (${cause})`;
        return done(`May not pass: ${why}`, { decision: code, ...(cause && { cause }) });
      },
    },
  },
});
