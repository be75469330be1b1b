import type { PassbackRule } from "../../server/policy/passage.ts";
import { RULE_KINDS, type Site, type ZoneRule } from "../../server/policy/rules.ts";
import { usageError } from "../cli/arguments.ts";
import type { Arguments } from "../cli/command.ts";
import type { CliEvent, Row } from "../cli/event.ts";
import { needed, policyCommand } from "../policy/action.ts";

const DAY_SECONDS = 86_400;
const RELAY_MS_MAX = 60_000;

function done(text: string, fields: Readonly<Record<string, string>>): CliEvent[] {
  return [{ type: "done", text, fields }];
}

function passbackOf(args: Arguments): PassbackRule | undefined {
  const area = args.flag("passback");
  const seconds = args.number("passback-seconds", 1, DAY_SECONDS);
  if (!area && seconds === undefined) {
    if (args.flag("soft")) throw usageError("--soft belongs to a rule of passback", "soft");
    return undefined;
  }
  return { area, ...(seconds !== undefined && { seconds }), soft: args.flag("soft") };
}

function siteText({ timeZone, calendar }: Site): string {
  return [timeZone, ...(calendar === undefined ? [] : [`holidays ${calendar}`])].join(", ");
}

function zoneText({ site, calendar, passback, firstPerson }: ZoneRule): string {
  const seconds = passback?.seconds;
  const parts = [
    `at ${site}`,
    ...(calendar === undefined ? [] : [`holidays ${calendar}`]),
    ...(passback?.area ? ["anti-passback"] : []),
    ...(seconds === undefined ? [] : [`not again within ${seconds} s`]),
    ...(passback?.soft ? ["soft"] : []),
    ...(firstPerson ? ["first person opens"] : []),
  ];
  return parts.join(", ");
}

const rowsOf = <T>(rules: ReadonlyMap<string, T | undefined>, text: (rule: T) => string): Row[] =>
  [...rules].map(([name, rule]) => [name, rule === undefined ? "cannot be read" : text(rule)]);

export const zone = policyCommand({
  name: "zone",
  summary: "keeps places, zones and which way readers let; tells how doors are",
  options: [
    { name: "time-zone", value: "name", help: "site: Europe/Berlin" },
    { name: "holidays", value: "name", help: "site, set: whose holidays count there" },
    { name: "site", value: "name", help: "set: the place where the zone is" },
    { name: "passback", help: "set: nobody comes in twice without going out" },
    { name: "passback-seconds", value: "n", help: "set: nobody comes in again for so long" },
    { name: "soft", help: "set: lets in all the same, and raises an alarm" },
    { name: "first-person", help: "set: shut each day until somebody comes who opens it" },
    { name: "relay-ms", value: "n", help: "set: how long its doors stay released" },
    { name: "zone", value: "name", help: "reader: where it lets into, or out of" },
    { name: "out", help: "reader: it lets out" },
    { name: "kind", value: "kind", help: `remove: ${RULE_KINDS.join(", ")}` },
  ],
  examples: [
    ["latchkey zone site hq --time-zone Europe/Berlin --holidays de", "a place"],
    ["latchkey zone set lab --site hq --passback", "a zone with readers on both sides"],
    ["latchkey zone reader NODE --zone lab --out", "that reader lets out of it"],
    ["latchkey zone list", "all places and zones"],
    ["latchkey zone doors", "which are open, held or forced"],
  ],
  actions: {
    site: {
      operand: "<name>",
      options: ["time-zone", "holidays"],
      async run({ policy, tenantId }, args, name) {
        const calendar = args.text("holidays");
        const site = { timeZone: needed(args, "time-zone"), ...(calendar && { calendar }) };
        await policy.putRule(tenantId, "site", name, site);
        return done(`${name}: ${siteText(site)}`, { site: name });
      },
    },
    set: {
      operand: "<name>",
      options: [
        ...["site", "holidays", "passback", "passback-seconds", "soft"],
        ...["first-person", "relay-ms"],
      ],
      async run({ policy, tenantId, setRelay }, args, name) {
        const calendar = args.text("holidays");
        const passback = passbackOf(args);
        const relayMs = args.number("relay-ms", 100, RELAY_MS_MAX);
        const rule: ZoneRule = {
          site: needed(args, "site"),
          ...(calendar !== undefined && { calendar }),
          ...(passback !== undefined && { passback }),
          firstPerson: args.flag("first-person"),
        };
        await policy.putRule(tenantId, "zone", name, rule);
        if (relayMs !== undefined) await setRelay(name, relayMs);
        return done(`${name}: ${zoneText(rule)}`, { zone: name });
      },
    },
    reader: {
      operand: "<node>",
      options: ["zone", "out"],
      async run({ changeReader }, args, nodeUid) {
        const zoneName = needed(args, "zone");
        const direction = args.flag("out") ? "out" : "in";
        await changeReader(nodeUid, { zone: zoneName, direction });
        const way = direction === "in" ? "into" : "out of";
        return done(`${nodeUid} lets ${way} ${zoneName}`, { zone: zoneName, direction });
      },
    },
    list: {
      options: [],
      async run({ policy, tenantId }) {
        const rules = await policy.rules(tenantId);
        return [
          { type: "table", title: "Places", rows: rowsOf(rules.site, siteText) },
          { type: "table", title: "Zones", rows: rowsOf(rules.zone, zoneText) },
        ];
      },
    },
    doors: {
      options: [],
      async run({ policy, tenantId }) {
        const rows = (await policy.doors(tenantId)).map((door): Row => {
          const trouble = [...(door.forced ? ["forced"] : []), ...(door.held ? ["held"] : [])];
          const is = [door.open ? "open" : "shut", ...trouble].join(", ");
          return [`${door.nodeUid} ${door.name}`, is];
        });
        return [{ type: "table", title: "Doors", rows }];
      },
    },
    remove: {
      operand: "<name>",
      options: ["kind"],
      async run({ policy, tenantId }, args, name) {
        const word = args.text("kind") ?? "zone";
        const kind = RULE_KINDS.find((known) => known === word);
        if (kind === undefined)
          throw usageError(`--kind is one of ${RULE_KINDS.join(", ")}`, "kind");
        await policy.removeRule(tenantId, kind, name);
        return done(`The ${kind} ${name} is gone; what names it opens nothing`, { kind, name });
      },
    },
  },
});
