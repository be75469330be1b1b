import type { JsonObject } from "../../protocol/json/reader.ts";
import {
  ASK_ACCESS_PATH,
  FORGIVE_PATH,
  GIVE_BADGE_PATH,
  LIST_PEOPLE_PATH,
  LIST_PRESENCE_PATH,
  PUT_PERSON_PATH,
} from "../../server/api/management-paths.ts";
import { usageError } from "../cli/arguments.ts";
import type { Row } from "../cli/event.ts";
import { allOf, done, momentOf, needed, policyCommand, table } from "../policy/action.ts";

const STATUSES: readonly string[] = ["active", "suspended", "removed"];

function rowOf({ person_id: id, label, groups, status }: JsonObject): Row {
  const parts = [String(label), (groups as string[]).join(", "), String(status)];
  return [String(id), parts.filter((text) => text !== "").join("  ")];
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
      async run(manager, args, label) {
        const order = { label, groups: args.texts("group") };
        const { person_id: made } = await manager.ask(PUT_PERSON_PATH, order);
        return done(`${label} is ${made}`, { person: String(made) });
      },
    },
    set: {
      operand: "<id>",
      options: ["label", "group", "no-groups", "status"],
      async run(manager, args, personId) {
        const label = args.text("label");
        const groups = args.texts("group");
        const status = args.text("status");
        if (status !== undefined && !STATUSES.includes(status))
          throw usageError(`--status is one of ${STATUSES.join(", ")}`, "status");
        const regroup = groups.length > 0 || args.flag("no-groups");
        const changed = await manager.ask(PUT_PERSON_PATH, {
          person_id: personId,
          ...(label !== undefined && { label }),
          ...(regroup && { groups }),
          ...(status !== undefined && { status }),
        });
        const fields = { person: personId, status: String(changed["status"]) };
        return done(rowOf(changed).join("  "), fields);
      },
    },
    list: {
      options: [],
      async run(manager) {
        const people = await allOf(manager, LIST_PEOPLE_PATH, "people");
        return [table("People", people.map(rowOf))];
      },
    },
    give: {
      operand: "<id>",
      options: ["badge"],
      async run(manager, args, personId) {
        const badge = needed(args, "badge");
        if (!/^[0-9a-f]{14}$/.test(badge))
          throw usageError("--badge is a UID of 14 hexadecimal digits", "badge");
        await manager.ask(GIVE_BADGE_PATH, { badge_uid: badge, person_id: personId });
        return done(`Badge ${badge} is theirs; their entitlements count`, { badge });
      },
    },
    where: {
      operand: "<id>",
      options: [],
      async run(manager, _, personId) {
        const { presence } = await manager.ask(LIST_PRESENCE_PATH, { person_id: personId });
        const rows = (presence as readonly JsonObject[]).map(
          ({ zone, inside }): Row => [String(zone), inside === true ? "inside" : "outside"],
        );
        return [table("Seen last by zones with anti-passback", rows)];
      },
    },
    forgive: {
      operand: "<id>",
      options: ["zone"],
      async run(manager, args, personId) {
        const zone = args.text("zone");
        const which = { person_id: personId, ...(zone !== undefined && { zone }) };
        const zones = Number((await manager.ask(FORGIVE_PATH, which))["zones"]);
        return done(`Forgiven in ${zones} zones: the next passage is free`, { zones });
      },
    },
    may: {
      operand: "<id>",
      options: ["zone", "at", "leaving"],
      async run(manager, args, personId) {
        const at = momentOf(args, "at");
        const answer = await manager.ask(ASK_ACCESS_PATH, {
          ...{ person_id: personId, zone: needed(args, "zone") },
          direction: args.flag("leaving") ? "out" : "in",
          ...(at !== undefined && { at }),
        });
        const { allowed, code, cause, entitlement_id: id } = answer;
        if (allowed === true)
          return done(`May pass, by entitlement ${id}`, { decision: "granted" });
        const why = cause === undefined ? `${code}` : `${code} (${cause})`;
        const reason = cause === undefined ? {} : { cause: String(cause) };
        return done(`May not pass: ${why}`, { decision: String(code), ...reason });
      },
    },
  },
});
