import type { JsonObject } from "../../protocol/json/reader.ts";
import {
  CHANGE_NODE_PATH,
  LIST_DOORS_PATH,
  PUT_SITE_PATH,
  PUT_ZONE_PATH,
  REMOVE_RULE_PATH,
} from "../../server/api/management-paths.ts";
import { usageError } from "../cli/arguments.ts";
import type { Arguments } from "../cli/command.ts";
import type { Row } from "../cli/event.ts";
import { done, needed, policyCommand, table } from "../policy/action.ts";
import { rowsOf, rulesOf } from "../policy/stored-rules.ts";

const KINDS: readonly string[] = ["site", "zone", "schedule", "calendar"];
const DAY_SECONDS = 86_400;
const RELAY_MS_MAX = 60_000;

function passbackOf(args: Arguments): JsonObject | undefined {
  const area = args.flag("passback");
  const seconds = args.number("passback-seconds", 1, DAY_SECONDS);
  if (!area && seconds === undefined) {
    if (args.flag("soft")) throw usageError("--soft belongs to a rule of passback", "soft");
    return undefined;
  }
  return { area, ...(seconds !== undefined && { seconds }), soft: args.flag("soft") };
}

function siteText({ time_zone: timeZone, calendar }: JsonObject): string {
  return [timeZone, ...(calendar === undefined ? [] : [`holidays ${calendar}`])].join(", ");
}

function zoneText({ site, calendar, passback, first_person: first }: JsonObject): string {
  const { area, seconds, soft } = (passback ?? {}) as JsonObject;
  const parts = [
    `at ${site}`,
    ...(calendar === undefined ? [] : [`holidays ${calendar}`]),
    ...(area === true ? ["anti-passback"] : []),
    ...(seconds === undefined ? [] : [`not again within ${seconds} s`]),
    ...(soft === true ? ["soft"] : []),
    ...(first === true ? ["first person opens"] : []),
  ];
  return parts.join(", ");
}

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
    { name: "kind", value: "kind", help: `remove: ${KINDS.join(", ")}` },
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
      async run(manager, args, name) {
        const calendar = args.text("holidays");
        const site = {
          time_zone: needed(args, "time-zone"),
          ...(calendar !== undefined && { calendar }),
        };
        await manager.ask(PUT_SITE_PATH, { name, ...site });
        return done(`${name}: ${siteText(site)}`, { site: name });
      },
    },
    set: {
      operand: "<name>",
      options: [
        ...["site", "holidays", "passback", "passback-seconds", "soft"],
        ...["first-person", "relay-ms"],
      ],
      async run(manager, args, name) {
        const calendar = args.text("holidays");
        const passback = passbackOf(args);
        const relayMs = args.number("relay-ms", 100, RELAY_MS_MAX);
        const rule = {
          site: needed(args, "site"),
          ...(calendar !== undefined && { calendar }),
          ...(passback !== undefined && { passback }),
          first_person: args.flag("first-person"),
        };
        const relay = relayMs === undefined ? {} : { relay_ms: relayMs };
        await manager.ask(PUT_ZONE_PATH, { name, ...rule, ...relay });
        return done(`${name}: ${zoneText(rule)}`, { zone: name });
      },
    },
    reader: {
      operand: "<node>",
      options: ["zone", "out"],
      async run(manager, args, nodeUid) {
        const name = needed(args, "zone");
        const direction = args.flag("out") ? "out" : "in";
        await manager.ask(CHANGE_NODE_PATH, { node_uid: nodeUid, zone: name, direction });
        const way = direction === "in" ? "into" : "out of";
        return done(`${nodeUid} lets ${way} ${name}`, { zone: name, direction });
      },
    },
    list: {
      options: [],
      async run(manager) {
        const [sites, zones] = [await rulesOf(manager, "site"), await rulesOf(manager, "zone")];
        return [table("Places", rowsOf(sites, siteText)), table("Zones", rowsOf(zones, zoneText))];
      },
    },
    doors: {
      options: [],
      async run(manager) {
        const { doors } = await manager.ask(LIST_DOORS_PATH);
        const rows = (doors as readonly JsonObject[]).map((door): Row => {
          const trouble = ["forced", "held"].filter((name) => door[name] === true);
          const is = [door["open"] === true ? "open" : "shut", ...trouble].join(", ");
          return [`${door["node_uid"]} ${door["name"]}`, is];
        });
        return [table("Doors", rows)];
      },
    },
    remove: {
      operand: "<name>",
      options: ["kind"],
      async run(manager, args, name) {
        const kind = args.text("kind") ?? "zone";
        if (!KINDS.includes(kind)) throw usageError(`--kind is one of ${KINDS.join(", ")}`, "kind");
        await manager.ask(REMOVE_RULE_PATH, { kind, name });
        return done(`The ${kind} ${name} is gone; what names it opens nothing`, { kind, name });
      },
    },
  },
});
