import { fromHex } from "../../protocol/encoding/hex.ts";
import { type JsonObject, JsonReader, type JsonValue } from "../../protocol/json/reader.ts";
import {
  type Entitlement,
  parseEntitlement,
  TIME_MAX,
  writeEntitlement,
} from "../policy/entitlement.ts";
import { policyAdmin } from "../policy/policy-admin.ts";
import type { Person } from "../store/policies.ts";
import { DONE, type Endpoint, managed } from "./endpoint.ts";
import { boolean, chipUid, list, oneOf, optional, text, uint, uuid, word } from "./field.ts";
import { form, object } from "./form.ts";
import {
  ADD_ENTITLEMENT_PATH,
  ASK_ACCESS_PATH,
  FORGIVE_PATH,
  GIVE_BADGE_PATH,
  LIST_ENTITLEMENTS_PATH,
  LIST_PEOPLE_PATH,
  LIST_PRESENCE_PATH,
  PUT_PERSON_PATH,
  REMOVE_ENTITLEMENT_PATH,
} from "./management-paths.ts";
import { time } from "./node-endpoints.ts";
import { ruleName } from "./rule-endpoints.ts";

const PAGE = 100;
const GROUPS_MAX = 16;
const ZONES_MAX = 64;
const PRESENCE_MAX = 10_000;

const personStatus = oneOf(["active", "suspended", "removed"]);
const groups = list(ruleName, GROUPS_MAX);
const direction = oneOf(["in", "out"]);
const PERSON = form({
  person_id: uuid,
  label: ruleName,
  groups,
  status: personStatus,
  created_at: time,
});
const entitlement = {
  person: optional(uuid),
  group: optional(ruleName),
  zones: list(ruleName, ZONES_MAX, 1),
  schedule: optional(ruleName),
  from: optional(uint(TIME_MAX)),
  until: optional(uint(TIME_MAX)),
  opens: optional(boolean),
};

function personMember({ personId, label, groups: names, status, createdAt }: Person): JsonObject {
  return { person_id: personId, label, groups: names, status, created_at: createdAt };
}

function entitlementMember({ id, ...rest }: Entitlement): JsonObject {
  return { entitlement_id: id, ...writeEntitlement(rest) };
}

/** A page of what was asked for with one more, and where the next begins. */
function pageOf<T>(found: readonly T[], idOf: (one: T) => string) {
  const page = found.slice(0, PAGE);
  const last = found.length > PAGE ? page.at(-1) : undefined;
  return { page, after: last === undefined ? {} : { after: idOf(last) } };
}

/** People, whose badges are whose, and who may pass where. */
export const PEOPLE_ENDPOINTS: readonly Endpoint[] = [
  managed({
    may: "read-policy",
    path: LIST_PEOPLE_PATH,
    chapter: "management",
    summary: "A tenant's people, page by page.",
    fields: { after: optional(uuid) },
    answer: form({ people: list(object(PERSON), PAGE), after: optional(uuid) }),
    async handle({ records }, { tenantId }, { after: from }) {
      const found = await records.people(tenantId, PAGE + 1, from);
      const { page, after } = pageOf(found, ({ personId }) => personId);
      return { people: page.map(personMember), ...after };
    },
  }),
  managed({
    may: "manage-policy",
    path: PUT_PERSON_PATH,
    chapter: "management",
    summary: "Somebody new, or with `person_id` a change: label, groups, status.",
    fields: {
      person_id: optional(uuid),
      label: optional(ruleName),
      groups: optional(groups),
      status: optional(personStatus),
    },
    answer: PERSON,
    codes: ["rule-unknown"],
    async handle(context, { tenantId, operator }, { person_id: personId, ...asked }) {
      const { label, groups: names, status } = asked;
      const person = await policyAdmin(context, operator.name).putPerson({
        tenantId,
        ...(personId !== undefined && { personId }),
        ...(label !== undefined && { label }),
        ...(names !== undefined && { groups: names }),
        ...(status !== undefined && { status }),
      });
      return personMember(person);
    },
  }),
  managed({
    may: "manage-policy",
    path: GIVE_BADGE_PATH,
    chapter: "management",
    summary: "Makes a badge somebody's: from then on that person's entitlements count.",
    fields: { badge_uid: chipUid, person_id: uuid },
    answer: DONE,
    codes: ["badge-unknown", "rule-unknown"],
    async handle(context, { tenantId, operator }, { badge_uid: uid, person_id: personId }) {
      await policyAdmin(context, operator.name).giveBadge(tenantId, fromHex(uid), personId);
      return {};
    },
  }),
  managed({
    may: "read-policy",
    path: LIST_PRESENCE_PATH,
    chapter: "management",
    summary: "Where readers with anti-passback saw somebody last.",
    fields: { person_id: uuid },
    answer: form({
      presence: list(
        object(form({ zone: ruleName, inside: boolean, came_at: optional(time) })),
        PRESENCE_MAX,
      ),
    }),
    async handle(context, { tenantId }, { person_id: personId }) {
      const rows = await policyAdmin(context).presence(tenantId, personId);
      const presence = rows.map(({ zone, inside, cameAt }) => ({
        zone,
        inside,
        ...(cameAt !== undefined && { came_at: cameAt }),
      }));
      return { presence };
    },
  }),
  managed({
    may: "manage-policy",
    path: FORGIVE_PATH,
    chapter: "management",
    summary: "Forgives a violation of anti-passback: the next passage is free, in or out.",
    fields: { person_id: uuid, zone: optional(ruleName) },
    answer: form({ zones: uint() }),
    async handle(context, { tenantId, operator }, { person_id: personId, zone }) {
      const policy = policyAdmin(context, operator.name);
      return { zones: await policy.forgive(tenantId, personId, zone) };
    },
  }),
  managed({
    may: "read-policy",
    path: LIST_ENTITLEMENTS_PATH,
    chapter: "management",
    summary: "Who may pass where and when, page by page.",
    fields: { after: optional(uuid) },
    answer: form({
      entitlements: list(object(form({ entitlement_id: uuid, ...entitlement })), PAGE),
      after: optional(uuid),
    }),
    async handle(context, { tenantId }, { after: from }) {
      const found = await policyAdmin(context).entitlements(tenantId, PAGE + 1, from);
      const { page, after } = pageOf(found, ({ id }) => id);
      return { entitlements: page.map(entitlementMember), ...after };
    },
  }),
  managed({
    may: "manage-policy",
    path: ADD_ENTITLEMENT_PATH,
    chapter: "management",
    summary: "Lets a person or a group pass in zones, by a schedule or at any time.",
    fields: entitlement,
    answer: form({ entitlement_id: uuid }),
    codes: ["rule-unknown"],
    async handle(context, { tenantId, operator }, asked) {
      const body = JSON.parse(JSON.stringify(asked)) as { [field: string]: JsonValue };
      const order = parseEntitlement(new JsonReader(body));
      const { id } = await policyAdmin(context, operator.name).entitle(tenantId, order);
      return { entitlement_id: id };
    },
  }),
  managed({
    may: "manage-policy",
    path: REMOVE_ENTITLEMENT_PATH,
    chapter: "management",
    summary: "Takes an entitlement away, from the next tap on.",
    fields: { entitlement_id: uuid },
    answer: DONE,
    codes: ["rule-unknown"],
    async handle(context, { tenantId, operator }, { entitlement_id: id }) {
      await policyAdmin(context, operator.name).removeEntitlement(tenantId, id);
      return {};
    },
  }),
  managed({
    may: "read-policy",
    path: ASK_ACCESS_PATH,
    chapter: "management",
    summary: "What the rules would say of a person, a zone and a time; nothing is recorded.",
    fields: {
      person_id: uuid,
      zone: ruleName,
      direction: optional(direction),
      at: optional(time),
    },
    answer: form({
      allowed: boolean,
      code: optional(word(40)),
      cause: optional(text(40)),
      entitlement_id: optional(uuid),
    }),
    async handle(context, { tenantId }, { person_id: personId, zone, direction: way, at }) {
      const decision = await policyAdmin(context).ask({
        ...{ tenantId, personId, zone },
        ...(way !== undefined && { direction: way }),
        ...(at !== undefined && { at }),
      });
      const { allowed, entitlement: id } = decision;
      const why = allowed ? {} : { code: decision.code, cause: decision.cause };
      return {
        allowed,
        ...(why.code !== undefined && { code: why.code }),
        ...(why.cause !== undefined && { cause: why.cause }),
        ...(id !== undefined && { entitlement_id: id }),
      };
    },
  }),
];
