import type { BadgeMode } from "../../protocol/badge/payload.ts";
import type { BadgeProfile } from "../../protocol/badge/sealed-link.ts";
import type { Direction, Presence } from "../policy/passage.ts";
import type { RuleKind } from "../policy/rules.ts";
import type { Role } from "../roles.ts";
import type { StoredAlarm } from "./alarms.ts";
import type { CardJob, CardLock, CardRow } from "./card-rows.ts";
import {
  blob,
  integer,
  optionalInteger,
  optionalJson,
  optionalText,
  type Row,
  text,
} from "./columns.ts";
import type { DoorSource, DoorState } from "./doors.ts";
import type { Mandate, MandateState } from "./mandates.ts";
import type { Operator } from "./operators.ts";
import type {
  Person,
  PersonStatus,
  PresenceRow,
  StoredEntitlement,
  StoredRule,
} from "./policies.ts";
import type {
  Admission,
  AuditRow,
  Badge,
  BadgeScope,
  BadgeStatus,
  CommBatch,
  Node,
  NodeStatus,
  RegistrationPolicy,
  Tenant,
} from "./records.ts";
import type { StoredAuthority, StoredRelease } from "./releases.ts";

// Rows to what they mean: the columns have the same names in every database.

export function toTenant(row: Row): Tenant {
  return {
    tenantId: text(row, "tenant_id"),
    name: text(row, "name"),
    registration: text(row, "registration") as RegistrationPolicy,
    relayMs: integer(row, "relay_ms"),
    createdAt: integer(row, "created_at"),
  };
}

export function toBatch(row: Row): CommBatch {
  return { batch: text(row, "batch"), sealed: blob(row, "sealed") };
}

export function toNode(row: Row): Node {
  return {
    tenantId: text(row, "tenant_id"),
    nodeUid: text(row, "node_uid"),
    nodeType: text(row, "node_type"),
    nodePk: blob(row, "node_pk"),
    batch: text(row, "batch"),
    status: text(row, "status") as NodeStatus,
    label: optionalText(row, "label"),
    zone: optionalText(row, "zone"),
    relayMs: optionalInteger(row, "relay_ms"),
    direction: text(row, "direction") as Direction,
    createdAt: integer(row, "created_at"),
    lastSeenAt: optionalInteger(row, "last_seen_at"),
    health: optionalJson(row, "health"),
    rotationWanted: integer(row, "rotation_wanted") === 1,
  };
}

/** With the columns `authority` and `comm`. */
export function toAdmission(row: Row): Admission {
  return {
    node: toNode(row),
    authority: optionalInteger(row, "authority"),
    comm: row["comm"] === null ? undefined : blob(row, "comm"),
  };
}

/** With the columns `generation` and `writing` of its card. */
export function toBadge(row: Row): Badge {
  return {
    tenantId: text(row, "tenant_id"),
    badgeUid: text(row, "badge_uid"),
    badgePk: blob(row, "badge_pk"),
    mode: text(row, "mode") as BadgeMode,
    profile: text(row, "profile") as BadgeProfile,
    nodeUid: optionalText(row, "node_uid"),
    holder: text(row, "holder"),
    label: optionalText(row, "label"),
    status: text(row, "status") as BadgeStatus,
    scope: optionalJson(row, "scope") as BadgeScope | undefined,
    personId: optionalText(row, "person_id"),
    readCounter: integer(row, "read_counter"),
    keyGeneration: integer(row, "generation"),
    beingWritten: integer(row, "writing") === 1,
    createdAt: integer(row, "created_at"),
  };
}

export function toCard(row: Row): CardRow {
  return {
    tenantId: text(row, "tenant_id"),
    badgeUid: text(row, "badge_uid"),
    revision: integer(row, "revision"),
    generation: integer(row, "generation"),
    generationMax: integer(row, "generation_max"),
    lock: text(row, "lock") as CardLock,
    writing: integer(row, "writing") === 1,
    job: optionalJson(row, "job") as CardJob | undefined,
  };
}

export function toAuditRow(row: Row): AuditRow {
  return {
    seq: integer(row, "seq"),
    tenantId: text(row, "tenant_id"),
    at: integer(row, "at"),
    kind: text(row, "kind"),
    data: text(row, "data"),
    previousHash: blob(row, "previous_hash"),
    hash: blob(row, "hash"),
  };
}

export function toAlarm(row: Row): StoredAlarm {
  return {
    id: integer(row, "id"),
    tenantId: text(row, "tenant_id"),
    at: integer(row, "at"),
    kind: text(row, "kind"),
    badgeUid: optionalText(row, "badge_uid"),
    nodeUid: optionalText(row, "node_uid"),
    cause: text(row, "cause"),
  };
}

export function toOperator(row: Row): Operator {
  const role = text(row, "role") as Role;
  return { name: text(row, "name"), role, tenantId: optionalText(row, "tenant_id") };
}

export function toMandate(row: Row): Mandate {
  return {
    tenantId: text(row, "tenant_id"),
    mandateId: text(row, "mandate_id"),
    number: text(row, "number"),
    country: text(row, "country"),
    court: text(row, "court"),
    identityHash: text(row, "identity_hash"),
    salt: blob(row, "salt"),
    registeredAt: integer(row, "registered_at"),
    registeredBy: text(row, "registered_by"),
    windowEndsAt: integer(row, "window_ends_at"),
    state: text(row, "state") as MandateState,
    closedAt: optionalInteger(row, "closed_at"),
  };
}

/** As it is stored. */
export const scopeText = (scope: BadgeScope | undefined): string | null =>
  scope ? JSON.stringify(scope) : null;

export function toAuthority(row: Row): StoredAuthority {
  return {
    identityId: text(row, "identity_id"),
    graph: text(row, "graph"),
    requiresDelegation: integer(row, "requires_delegation") === 1,
    revision: integer(row, "revision"),
  };
}

export function toRelease(row: Row): StoredRelease {
  return {
    tenantId: text(row, "tenant_id"),
    product: text(row, "product"),
    releaseId: text(row, "release_id"),
    version: text(row, "version"),
    securityVersion: integer(row, "security_version"),
    publishedAt: integer(row, "published_at"),
  };
}

export function toRule(row: Row): StoredRule {
  const kind = text(row, "kind") as RuleKind;
  return { kind, name: text(row, "name"), body: text(row, "body") };
}

export function toPerson(row: Row): Person {
  return {
    tenantId: text(row, "tenant_id"),
    personId: text(row, "person_id"),
    label: text(row, "label"),
    groups: optionalJson(row, "member_of") as readonly string[],
    status: text(row, "status") as PersonStatus,
    createdAt: integer(row, "created_at"),
  };
}

export function toEntitlement(row: Row): StoredEntitlement {
  const [id, subject] = [text(row, "entitlement_id"), text(row, "subject")];
  return { id, subject, body: text(row, "body") };
}

export function toPresence(row: Row): Presence {
  return { inside: integer(row, "inside") === 1, cameAt: optionalInteger(row, "came_at") };
}

export function toPresenceRow(row: Row): PresenceRow {
  return { zone: text(row, "zone"), subject: text(row, "subject"), ...toPresence(row) };
}

export function toDoorState(row: Row): DoorState {
  return {
    nodeUid: text(row, "node_uid"),
    name: text(row, "name"),
    open: integer(row, "is_open") === 1,
    held: integer(row, "held") === 1,
    forced: integer(row, "forced") === 1,
    changedAt: integer(row, "changed_at"),
  };
}

export function toDoorSource(row: Row): DoorSource {
  return { logId: optionalText(row, "log_id"), seq: optionalInteger(row, "seq") };
}
