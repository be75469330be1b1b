import { byId, type PolicyRecords } from "./policies.ts";
import type { AuditEntry } from "./records.ts";
import { toEntitlement, toPerson, toPresenceRow, toRule } from "./row-readers.ts";
import { appendAudit } from "./sqlite-audit.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { policyRevision } from "./sqlite-passages.ts";

/** Rules, people, entitlements, and who is where. */
export function policyRecords(db: SqliteDatabase): PolicyRecords {
  /** Whether it changed something; then the revision is one higher, and the entry is written. */
  const change = (entry: AuditEntry, work: () => number): boolean =>
    db.transaction(() => {
      if (work() === 0) return false;
      const raise =
        "INSERT INTO policy_heads VALUES (?, 1) " +
        "ON CONFLICT (tenant_id) DO UPDATE SET revision = revision + 1";
      db.run(raise, entry.tenantId);
      appendAudit(db, entry);
      return true;
    });

  return {
    async policyRevision(tenantId) {
      return policyRevision(db, tenantId);
    },
    async rules(tenantId) {
      const sql = "SELECT * FROM policy_rules WHERE tenant_id = ? ORDER BY kind, name";
      return db.all(sql, tenantId).map(toRule);
    },
    async putRule(tenantId, { kind, name, body }, entry) {
      const sql = "INSERT OR REPLACE INTO policy_rules VALUES (?,?,?,?)";
      change(entry, () => db.run(sql, tenantId, kind, name, body));
    },
    async removeRule(tenantId, kind, name, entry) {
      const sql = "DELETE FROM policy_rules WHERE tenant_id = ? AND kind = ? AND name = ?";
      return change(entry, () => db.run(sql, tenantId, kind, name));
    },
    async putPerson({ tenantId, personId, label, groups, status, createdAt }, entry) {
      const sql =
        "INSERT INTO people VALUES (?,?,?,?,?,?) ON CONFLICT (tenant_id, person_id) DO UPDATE " +
        "SET label = excluded.label, member_of = excluded.member_of, status = excluded.status";
      const said = [label, JSON.stringify(groups), status, createdAt] as const;
      change(entry, () => db.run(sql, tenantId, personId, ...said));
    },
    async person(tenantId, personId) {
      const sql = "SELECT * FROM people WHERE tenant_id = ? AND person_id = ?";
      const row = db.get(sql, tenantId, personId);
      return row && toPerson(row);
    },
    async people(tenantId, limit, after = "") {
      const sql =
        "SELECT * FROM people WHERE tenant_id = ? AND person_id > ? ORDER BY person_id LIMIT ?";
      return db.all(sql, tenantId, after, limit).map(toPerson);
    },
    async giveBadge(tenantId, badgeUid, personId, entry) {
      const sql = "UPDATE badges SET person_id = ? WHERE tenant_id = ? AND badge_uid = ?";
      return change(entry, () => db.run(sql, personId, tenantId, badgeUid));
    },
    async addEntitlement(tenantId, { id, subject, body }, entry) {
      const sql = "INSERT INTO entitlements VALUES (?,?,?,?)";
      change(entry, () => db.run(sql, tenantId, id, subject, body));
    },
    async removeEntitlement(tenantId, id, entry) {
      const sql = "DELETE FROM entitlements WHERE tenant_id = ? AND entitlement_id = ?";
      return change(entry, () => db.run(sql, tenantId, id));
    },
    async entitlements(tenantId, limit, after = "") {
      const sql =
        "SELECT * FROM entitlements WHERE tenant_id = ? AND entitlement_id > ? " +
        "ORDER BY entitlement_id LIMIT ?";
      return db.all(sql, tenantId, after, limit).map(toEntitlement);
    },
    async entitlementsOf(tenantId, subjects) {
      if (subjects.length === 0) return [];
      const marks = subjects.map(() => "?").join(",");
      const sql = `SELECT * FROM entitlements WHERE tenant_id = ? AND subject IN (${marks})`;
      return byId(db.all(sql, tenantId, ...subjects).map(toEntitlement));
    },
    async presence(tenantId, subject) {
      const sql = "SELECT * FROM presence WHERE tenant_id = ? AND subject = ? ORDER BY zone";
      return db.all(sql, tenantId, subject).map(toPresenceRow);
    },
    async forgive(tenantId, subject, zone, entry) {
      const sql =
        "DELETE FROM presence WHERE tenant_id = ?1 AND subject = ?2 AND (?3 IS NULL OR zone = ?3)";
      return db.transaction(() => {
        const forgiven = db.run(sql, tenantId, subject, zone ?? null);
        if (forgiven > 0) appendAudit(db, entry);
        return forgiven;
      });
    },
  };
}
