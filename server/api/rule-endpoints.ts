import { RELAY_MS_MAX } from "../../protocol/badge/verify.ts";
import { type JsonObject, JsonReader, type JsonValue } from "../../protocol/json/reader.ts";
import type { ServiceContext } from "../context.ts";
import { policyAdmin } from "../policy/policy-admin.ts";
import {
  NAME_LENGTH_MAX,
  parseRule,
  RULE_KINDS,
  type RuleKind,
  type Rules,
  writeRule,
} from "../policy/rules.ts";
import { type Caller, DONE, type Endpoint, managed } from "./endpoint.ts";
import { anyObject, boolean, list, matching, oneOf, optional, text, uint, uuid } from "./field.ts";
import { type Fields, form, object } from "./form.ts";
import {
  LIST_DOORS_PATH,
  LIST_RULES_PATH,
  PUT_CALENDAR_PATH,
  PUT_SCHEDULE_PATH,
  PUT_SITE_PATH,
  PUT_ZONE_PATH,
  REMOVE_RULE_PATH,
} from "./management-paths.ts";
import { time } from "./node-endpoints.ts";

const RULES_MAX = 100_000;
/** As in a body of 16 KiB. */
const HOLIDAYS_MAX = 500;
const SPANS_MAX = 32;
const DAY_SECONDS = 86_400;
const RELAY_MS_MIN = 100;

export const ruleName = text(NAME_LENGTH_MAX);
const from = matching("^([01][0-9]|2[0-3]):[0-5][0-9]$", "not a time such as 08:30", 5);
const to = matching("^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", "not a time such as 18:00", 5);
const day = oneOf(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]);
const date = matching("^([0-9]{4}-)?[0-9]{2}-[0-9]{2}$", "neither 2026-12-25 nor 12-25", 10);
const passback = form({
  area: boolean,
  seconds: optional(uint(DAY_SECONDS, 1)),
  soft: boolean,
});

/** What of a rule comes over the wire; its parser has the last word. */
async function putRule(
  context: ServiceContext,
  { tenantId, operator }: Caller,
  kind: RuleKind,
  { name, ...asked }: { readonly name: string } & Readonly<Record<string, unknown>>,
): Promise<JsonObject> {
  const body = JSON.parse(JSON.stringify(asked)) as { [field: string]: JsonValue };
  const rule = parseRule(kind, new JsonReader(body));
  await policyAdmin(context, operator.name).putRule(tenantId, kind, name, rule);
  const relayMs = body["relay_ms"];
  if (kind === "zone" && typeof relayMs === "number")
    await context.records.setZone(tenantId, name, relayMs);
  return {};
}

function putEndpoint(path: string, kind: RuleKind, summary: string, fields: Fields): Endpoint {
  return managed({
    ...{ may: "manage-policy", path, chapter: "management", summary, answer: DONE },
    fields: { name: ruleName, ...fields },
    codes: ["rule-unknown"],
    handle: (context, caller, asked) =>
      putRule(context, caller, kind, asked as unknown as { name: string }),
  });
}

function written(rules: Rules): readonly JsonObject[] {
  return RULE_KINDS.flatMap((kind) =>
    [...rules[kind]].map(([name, rule]) => ({
      kind,
      name,
      ...(rule !== undefined && { rule: writeRule(kind, rule) }),
    })),
  );
}

/** Places, zones, hours and holidays. */
export const RULE_ENDPOINTS: readonly Endpoint[] = [
  managed({
    may: "read-policy",
    path: LIST_RULES_PATH,
    chapter: "management",
    summary: "Sites, zones, schedules and holidays; one without `rule` cannot be read.",
    fields: {},
    answer: form({
      revision: uint(),
      rules: list(
        object(form({ kind: oneOf(RULE_KINDS), name: ruleName, rule: optional(anyObject) })),
        RULES_MAX,
      ),
    }),
    async handle({ ruleBook }, { tenantId }) {
      const { revision, rules } = await ruleBook.of(tenantId);
      return { revision, rules: written(rules) };
    },
  }),
  managed({
    may: "read-alarms",
    path: LIST_DOORS_PATH,
    chapter: "management",
    summary: "How doors are: open, held, forced, as far as their nodes have told.",
    fields: {},
    answer: form({
      doors: list(
        object(
          form({
            node_uid: uuid,
            name: ruleName,
            open: boolean,
            held: boolean,
            forced: boolean,
            changed_at: time,
          }),
        ),
        RULES_MAX,
      ),
    }),
    async handle({ records }, { tenantId }) {
      const doors = await records.doors(tenantId);
      return {
        doors: doors.map(({ nodeUid, changedAt, ...is }) => ({
          ...{ node_uid: nodeUid, ...is, changed_at: changedAt },
        })),
      };
    },
  }),
  putEndpoint(PUT_SITE_PATH, "site", "A place with a time zone and holidays.", {
    time_zone: text(64),
    calendar: optional(ruleName),
  }),
  putEndpoint(PUT_ZONE_PATH, "zone", "A zone: its place, anti-passback, first person.", {
    site: ruleName,
    calendar: optional(ruleName),
    passback: optional(object(passback)),
    first_person: boolean,
    relay_ms: optional(uint(RELAY_MS_MAX, RELAY_MS_MIN)),
  }),
  putEndpoint(PUT_SCHEDULE_PATH, "schedule", "Hours of the week.", {
    windows: list(object(form({ days: list(day, 7, 1), from, to })), SPANS_MAX, 1),
  }),
  putEndpoint(PUT_CALENDAR_PATH, "calendar", "Holidays, closed or with hours of their own.", {
    holidays: list(
      object(form({ date, open: optional(list(object(form({ from, to })), SPANS_MAX)) })),
      HOLIDAYS_MAX,
    ),
  }),
  managed({
    may: "manage-policy",
    path: REMOVE_RULE_PATH,
    chapter: "management",
    summary: "Takes a rule away; what names it opens nothing from then on.",
    fields: { kind: oneOf(RULE_KINDS), name: ruleName },
    answer: DONE,
    codes: ["rule-unknown"],
    async handle(context, { tenantId, operator }, { kind, name }) {
      await policyAdmin(context, operator.name).removeRule(tenantId, kind, name);
      return {};
    },
  }),
];
