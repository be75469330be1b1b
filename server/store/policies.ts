import type { PassageQuestion } from "../policy/passage.ts";
import type { RuleKind } from "../policy/rules.ts";
import type { AuditEntry, DecisionRecord } from "./records.ts";

/** Nobody is ever deleted: a badge of somebody who is gone must not become a badge of nobody. */
export type PersonStatus = "active" | "suspended" | "removed";

/** A person as the server knows one: by an opaque id, and by what a manager calls them. */
export interface Person {
  readonly tenantId: string;
  readonly personId: string;
  readonly label: string;
  readonly groups: readonly string[];
  readonly status: PersonStatus;
  readonly createdAt: number;
}

/** A rule of a tenant as it is stored: JSON, to be read by `readRule`. */
export interface StoredRule {
  readonly kind: RuleKind;
  readonly name: string;
  readonly body: string;
}

/** An entitlement as it is stored; `subject` is what `subjectText` makes of it. */
export interface StoredEntitlement {
  readonly id: string;
  readonly subject: string;
  readonly body: string;
}

/** In the order of their ids, byte by byte. */
export function byId(entitlements: readonly StoredEntitlement[]): readonly StoredEntitlement[] {
  return entitlements.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** Where somebody is said to be. `subject` is `person:…` or `badge:…`. */
export interface PresenceRow {
  readonly zone: string;
  readonly subject: string;
  readonly inside: boolean;
  readonly cameAt: number | undefined;
}

/** What a decision was made by, and what else has to hold when it is recorded. */
export interface PolicyStep {
  /** Of the rules that the decision went by. */
  readonly revision: number;
  /** Absent where nobody passes, or the zone does not ask who passed before. */
  readonly passage?: PassageQuestion;
  /** In place of the grant's record when a soft rule was violated. */
  readonly soft?: (violation: string) => DecisionRecord;
}

/**
 * The part of the records that is about who may pass where. Every change is one transaction with
 * its audit entry, and raises the tenant's revision: a decision that was made by an older one is
 * not recorded, but made anew.
 */
export interface PolicyRecords {
  /** 0 for a tenant that never had a rule. */
  policyRevision(tenantId: string): Promise<number>;
  rules(tenantId: string): Promise<readonly StoredRule[]>;
  putRule(tenantId: string, rule: StoredRule, entry: AuditEntry): Promise<void>;
  removeRule(tenantId: string, kind: RuleKind, name: string, entry: AuditEntry): Promise<boolean>;

  /** Adds or changes; the day of the first time stays. */
  putPerson(person: Person, entry: AuditEntry): Promise<void>;
  person(tenantId: string, personId: string): Promise<Person | undefined>;
  /** By id, from `after` on. */
  people(tenantId: string, limit: number, after?: string): Promise<readonly Person[]>;
  /** Whether there is such a badge. There is no way back to a badge of nobody. */
  giveBadge(
    tenantId: string,
    badgeUid: string,
    personId: string,
    entry: AuditEntry,
  ): Promise<boolean>;

  /** @throws conflict when the id is taken */
  addEntitlement(
    tenantId: string,
    entitlement: StoredEntitlement,
    entry: AuditEntry,
  ): Promise<void>;
  removeEntitlement(tenantId: string, id: string, entry: AuditEntry): Promise<boolean>;
  /** By id, from `after` on. */
  entitlements(
    tenantId: string,
    limit: number,
    after?: string,
  ): Promise<readonly StoredEntitlement[]>;
  /** All of these subjects, by id. */
  entitlementsOf(
    tenantId: string,
    subjects: readonly string[],
  ): Promise<readonly StoredEntitlement[]>;

  presence(tenantId: string, subject: string): Promise<readonly PresenceRow[]>;
  /** Makes somebody never seen, in one zone or in all; how many rows that were. */
  forgive(
    tenantId: string,
    subject: string,
    zone: string | undefined,
    entry: AuditEntry,
  ): Promise<number>;
}
