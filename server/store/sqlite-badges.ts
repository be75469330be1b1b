import { badgeRegistered, badgeScopeChanged, badgeStatusChanged } from "./audit-entries.ts";
import type { BadgeRecords } from "./record-parts.ts";
import { BADGE_STATUSES, type NewBadge } from "./records.ts";
import { scopeText, toBadge } from "./row-readers.ts";
import { appendAudit } from "./sqlite-audit.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";

const SELECT =
  "SELECT b.*, coalesce(c.generation, 1) AS generation, coalesce(c.writing, 0) AS writing " +
  "FROM badges b LEFT JOIN cards c USING (tenant_id, badge_uid) WHERE b.tenant_id = ? ";

/** Stores a badge with its audit entry, within a transaction. @throws conflict */
export function insertBadge(
  db: SqliteDatabase,
  badge: NewBadge,
  readCounter = -1,
  by?: string,
): void {
  const { tenantId, badgeUid, badgePk, mode, nodeUid = null, holder, label = null } = badge;
  const { scope, createdAt, profile } = badge;
  const sql =
    "INSERT INTO badges (tenant_id, badge_uid, badge_pk, mode, node_uid, holder, label, " +
    "scope, read_counter, created_at, profile) VALUES (?,?,?,?,?,?,?,?,?,?,?)";
  const who = [tenantId, badgeUid, badgePk, mode, nodeUid, holder, label] as const;
  db.run(sql, ...who, scopeText(scope), readCounter, createdAt, profile);
  appendAudit(db, badgeRegistered(badge, by));
}

/** Badges. */
export function badgeRecords(db: SqliteDatabase): BadgeRecords {
  return {
    async createBadge(badge, by) {
      db.transaction(() => insertBadge(db, badge, -1, by));
    },
    async badge(tenantId, badgeUid) {
      const row = db.get(`${SELECT} AND b.badge_uid = ?`, tenantId, badgeUid);
      return row && toBadge(row);
    },
    async badges(tenantId, limit, after = "") {
      const sql = `${SELECT} AND b.badge_uid > ? ORDER BY b.badge_uid LIMIT ?`;
      return db.all(sql, tenantId, after, limit).map(toBadge);
    },
    async setBadgeStatus(tenantId, badgeUid, status, at, { from = BADGE_STATUSES, by } = {}) {
      return db.transaction(() => {
        const marks = from.map(() => "?").join(", ");
        const sql =
          "UPDATE badges SET status = ? WHERE tenant_id = ? AND badge_uid = ? " +
          `AND status IN (${marks})`;
        const found = db.run(sql, status, tenantId, badgeUid, ...from) === 1;
        if (found) appendAudit(db, badgeStatusChanged(tenantId, badgeUid, status, at, by));
        return found;
      });
    },
    async setBadgeScope(tenantId, badgeUid, scope, at) {
      return db.transaction(() => {
        const sql = "UPDATE badges SET scope = ? WHERE tenant_id = ? AND badge_uid = ?";
        const found = db.run(sql, scopeText(scope), tenantId, badgeUid) === 1;
        if (found) appendAudit(db, badgeScopeChanged(tenantId, badgeUid, scope, at));
        return found;
      });
    },
  };
}
