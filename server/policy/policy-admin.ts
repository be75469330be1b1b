import { toHex } from "../../protocol/encoding/hex.ts";
import { uuidFromRandom } from "../../protocol/encoding/uuid.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { JsonReader } from "../../protocol/json/reader.ts";
import { type AccessAnswer, accessDecision } from "../access-decision.ts";
import type { ServiceContext } from "../context.ts";
import type { DoorState } from "../store/doors.ts";
import type { Person, PersonStatus, PresenceRow } from "../store/policies.ts";
import type { AuditEntry } from "../store/records.ts";
import { unixSeconds } from "../wall-clock.ts";
import {
  ALL_ZONES,
  type Entitlement,
  parseEntitlement,
  subjectText,
  writeEntitlement,
} from "./entitlement.ts";
import type { Direction } from "./passage.ts";
import { readEntitlement } from "./rule-book.ts";
import {
  NAME_LENGTH_MAX,
  parseRule,
  type RuleKind,
  type RuleKinds,
  type Rules,
  writeRule,
} from "./rules.ts";

export interface PersonOrder {
  readonly tenantId: string;
  /** Made up when absent: then it is somebody new. */
  readonly personId?: string;
  readonly label?: string;
  readonly groups?: readonly string[];
  readonly status?: PersonStatus;
}

/** What a manager does with rules, people and entitlements. Each change is an audit row. */
export interface PolicyAdmin {
  rules(tenantId: string): Promise<Rules>;
  /** What it names must be there. @throws malformed, rule-unknown, tenant-unknown */
  putRule<K extends RuleKind>(
    tenantId: string,
    kind: K,
    name: string,
    rule: RuleKinds[K],
  ): Promise<void>;
  /** What names it opens nothing from then on. @throws rule-unknown */
  removeRule(tenantId: string, kind: RuleKind, name: string): Promise<void>;
  /** Somebody new, or a change of what is given. @throws malformed, rule-unknown, tenant-unknown */
  putPerson(order: PersonOrder): Promise<Person>;
  person(tenantId: string, personId: string): Promise<Person | undefined>;
  people(tenantId: string, limit?: number, after?: string): Promise<readonly Person[]>;
  /** From then on the person's entitlements count. @throws rule-unknown, badge-unknown */
  giveBadge(tenantId: string, badgeUid: Uint8Array, personId: string): Promise<void>;
  /** What it names must be there. @throws malformed, rule-unknown */
  entitle(tenantId: string, entitlement: Omit<Entitlement, "id">): Promise<Entitlement>;
  /** @throws rule-unknown */
  removeEntitlement(tenantId: string, id: string): Promise<void>;
  entitlements(tenantId: string, limit?: number, after?: string): Promise<readonly Entitlement[]>;
  /** Where the readers of zones with anti-passback saw somebody last. */
  presence(tenantId: string, personId: string): Promise<readonly PresenceRow[]>;
  /** The next passage is free, either way; how many zones that concerns. */
  forgive(tenantId: string, personId: string, zone?: string): Promise<number>;
  /** The same for a badge of nobody. */
  forgiveBadge(tenantId: string, badgeUid: Uint8Array, zone?: string): Promise<number>;
  /** How doors are, as far as their nodes have told. */
  doors(tenantId: string): Promise<readonly DoorState[]>;
  /** What the rules would say, at any time; nothing is recorded. */
  ask(question: AccessTrial): Promise<AccessAnswer["decision"]>;
}

export interface AccessTrial {
  readonly tenantId: string;
  readonly personId: string;
  readonly zone: string;
  /** `in` when absent. */
  readonly direction?: Direction;
  /** Unix seconds; now when absent. */
  readonly at?: number;
}

const PAGE = 1000;
const GROUPS_MAX = 16;

const unknown = (what: string): LatchkeyError =>
  new LatchkeyError("rule-unknown", { detail: { field: what } });

function checkName(field: string, name: string): string {
  return new JsonReader({ [field]: name }).string(field, { max: NAME_LENGTH_MAX });
}

/** The names that a rule leads to, which must be there. */
function namesIn<K extends RuleKind>(kind: K, rule: RuleKinds[K]): readonly [RuleKind, string][] {
  if (kind !== "site" && kind !== "zone") return [];
  const { site, calendar } = rule as { readonly site?: string; readonly calendar?: string };
  return [
    ...(site === undefined ? [] : [["site", site] as [RuleKind, string]]),
    ...(calendar === undefined ? [] : [["calendar", calendar] as [RuleKind, string]]),
  ];
}

function requireNames(rules: Rules, names: readonly (readonly [RuleKind, string])[]): void {
  for (const [kind, name] of names) if (rules[kind].get(name) === undefined) throw unknown(kind);
}

/** See `PolicyAdmin`. @param by the operator who does it, for the audit log */
export function policyAdmin(context: ServiceContext, by?: string): PolicyAdmin {
  const { records, random, clock, ruleBook } = context;
  const changed = (tenantId: string, what: AuditEntry["data"]): AuditEntry => {
    const data = { ...what, ...(by !== undefined && { by }) };
    return { tenantId, at: unixSeconds(clock), kind: "policy-changed", data };
  };
  const newId = (): string => uuidFromRandom(random.bytes(16));
  const rulesOf = async (tenantId: string): Promise<Rules> => (await ruleBook.of(tenantId)).rules;
  const requireTenant = async (tenantId: string): Promise<void> => {
    if ((await records.tenant(tenantId)) === undefined) throw new LatchkeyError("tenant-unknown");
  };
  const forgiving = (tenantId: string, subject: string, zone?: string): Promise<number> => {
    const data = { subject, ...(zone !== undefined && { zone }) };
    const entry = { ...changed(tenantId, data), kind: "passback-forgiven" };
    return records.forgive(tenantId, subject, zone, entry);
  };

  return {
    rules: rulesOf,
    async putRule(tenantId, kind, name, rule) {
      await requireTenant(tenantId);
      const body = writeRule(kind, parseRule(kind, new JsonReader(writeRule(kind, rule))));
      requireNames(await rulesOf(tenantId), namesIn(kind, rule));
      const stored = { kind, name: checkName("name", name), body: JSON.stringify(body) };
      await records.putRule(
        tenantId,
        stored,
        changed(tenantId, { [kind]: name, rule: stored.body }),
      );
    },
    async removeRule(tenantId, kind, name) {
      const entry = changed(tenantId, { [kind]: name, removed: true });
      if (!(await records.removeRule(tenantId, kind, name, entry))) throw unknown(kind);
    },
    async putPerson({ tenantId, personId, ...order }) {
      await requireTenant(tenantId);
      const known = personId === undefined ? undefined : await records.person(tenantId, personId);
      if (personId !== undefined && known === undefined) throw unknown("person");
      const { label = known?.label, groups = known?.groups ?? [], status = known?.status } = order;
      if (groups.length > GROUPS_MAX || new Set(groups).size < groups.length)
        throw new JsonReader({}).wrong("groups", `needs at most ${GROUPS_MAX}, each once`);
      const person: Person = {
        tenantId,
        personId: personId ?? newId(),
        label: checkName("label", label ?? ""),
        groups: groups.map((group) => checkName("groups", group)),
        status: status ?? "active",
        createdAt: known?.createdAt ?? unixSeconds(clock),
      };
      // Not the label: it is a person's name, and the log is kept for years.
      const said = { groups: person.groups.join(", "), status: person.status };
      const entry = { person_id: person.personId, ...said };
      await records.putPerson(person, { ...changed(tenantId, entry), kind: "person-changed" });
      return person;
    },
    person: (tenantId, personId) => records.person(tenantId, personId),
    people: (tenantId, limit = PAGE, after = "") => records.people(tenantId, limit, after),
    async giveBadge(tenantId, uid, personId) {
      if ((await records.person(tenantId, personId)) === undefined) throw unknown("person");
      const badgeUid = toHex(uid);
      const data = { badge_uid: badgeUid, person_id: personId };
      const entry = { ...changed(tenantId, data), kind: "badge-changed" };
      if (!(await records.giveBadge(tenantId, badgeUid, personId, entry)))
        throw new LatchkeyError("badge-unknown");
    },
    async entitle(tenantId, order) {
      await requireTenant(tenantId);
      const body = writeEntitlement(order);
      const entitlement = { id: newId(), ...parseEntitlement(new JsonReader(body)) };
      const { id, subject, zones, schedule } = entitlement;
      const named = zones.filter((zone) => zone !== ALL_ZONES);
      requireNames(await rulesOf(tenantId), [
        ...named.map((zone) => ["zone", zone] as const),
        ...(schedule === undefined ? [] : [["schedule", schedule] as const]),
      ]);
      if ("person" in subject && (await records.person(tenantId, subject.person)) === undefined)
        throw unknown("person");
      const stored = { id, subject: subjectText(subject), body: JSON.stringify(body) };
      const entry = changed(tenantId, { entitlement: id, rule: stored.body });
      await records.addEntitlement(tenantId, stored, entry);
      return entitlement;
    },
    async removeEntitlement(tenantId, id) {
      const entry = changed(tenantId, { entitlement: id, removed: true });
      if (!(await records.removeEntitlement(tenantId, id, entry))) throw unknown("entitlement");
    },
    async entitlements(tenantId, limit = PAGE, after = "") {
      const stored = await records.entitlements(tenantId, limit, after);
      return stored.map(readEntitlement).filter((each) => each !== undefined);
    },
    presence: (tenantId, personId) => records.presence(tenantId, subjectText({ person: personId })),
    forgive: (tenantId, personId, zone) =>
      forgiving(tenantId, subjectText({ person: personId }), zone),
    forgiveBadge: (tenantId, uid, zone) => forgiving(tenantId, `badge:${toHex(uid)}`, zone),
    doors: (tenantId) => records.doors(tenantId),
    async ask({ tenantId, personId, zone, direction = "in", at }) {
      const now = at === undefined ? clock : { unixMs: () => at * 1000 };
      const asked = { records, ruleBook, clock: now };
      return (await accessDecision(asked, { tenantId, zone, direction }, { personId })).decision;
    },
  };
}
