import type { BadgeMode } from "../../protocol/badge/payload.ts";
import type { BadgeProfile } from "../../protocol/badge/sealed-link.ts";
import { blob, integer, optionalJson, optionalText, text } from "./columns.ts";
import type { Badge, BadgeScope, BadgeStatus, NewBadge, Records } from "./records.ts";
import { appendAudit } from "./sqlite-audit.ts";
import type { Row, SqliteDatabase } from "./sqlite-database.ts";

type BadgeRecords = Pick<Records, "createBadge" | "badge" | "setBadgeStatus" | "setBadgeScope">;

function toBadge(row: Row): Badge {
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
    readCounter: integer(row, "read_counter"),
    keyGeneration: integer(row, "generation"),
    beingWritten: integer(row, "writing") === 1,
    createdAt: integer(row, "created_at"),
  };
}

const scopeText = (scope: BadgeScope | undefined): string | null =>
  scope ? JSON.stringify(scope) : null;

/** Stores a badge with its audit entry, within a transaction. @throws conflict */
export function insertBadge(db: SqliteDatabase, badge: NewBadge, readCounter = -1): void {
  const { tenantId, badgeUid, badgePk, mode, nodeUid = null, holder, label = null } = badge;
  const { scope, createdAt, profile } = badge;
  const sql =
    "INSERT INTO badges (tenant_id, badge_uid, badge_pk, mode, node_uid, holder, label, " +
    "scope, read_counter, created_at, profile) VALUES (?,?,?,?,?,?,?,?,?,?,?)";
  const who = [tenantId, badgeUid, badgePk, mode, nodeUid, holder, label] as const;
  db.run(sql, ...who, scopeText(scope), readCounter, createdAt, profile);
  const reader = nodeUid === null ? {} : { node_uid: nodeUid };
  const data = { badge_uid: badgeUid, mode, profile, holder, ...reader };
  appendAudit(db, { tenantId, at: createdAt, kind: "badge-registered", data });
}

/** Badges. */
export function badgeRecords(db: SqliteDatabase): BadgeRecords {
  return {
    async createBadge(badge) {
      db.transaction(() => insertBadge(db, badge));
    },
    async badge(tenantId, badgeUid) {
      const sql =
        "SELECT b.*, coalesce(c.generation, 1) AS generation, coalesce(c.writing, 0) AS writing " +
        "FROM badges b LEFT JOIN cards c USING (tenant_id, badge_uid) " +
        "WHERE b.tenant_id = ? AND b.badge_uid = ?";
      const row = db.get(sql, tenantId, badgeUid);
      return row && toBadge(row);
    },
    async setBadgeStatus(tenantId, badgeUid, status, at) {
      return db.transaction(() => {
        const sql = "UPDATE badges SET status = ? WHERE tenant_id = ? AND badge_uid = ?";
        const found = db.run(sql, status, tenantId, badgeUid) === 1;
        const data = { badge_uid: badgeUid, status };
        if (found) appendAudit(db, { tenantId, at, kind: "badge-changed", data });
        return found;
      });
    },
    async setBadgeScope(tenantId, badgeUid, scope, at) {
      return db.transaction(() => {
        const sql = "UPDATE badges SET scope = ? WHERE tenant_id = ? AND badge_uid = ?";
        const found = db.run(sql, scopeText(scope), tenantId, badgeUid) === 1;
        const data = { badge_uid: badgeUid, scope: scopeText(scope) ?? "everywhere" };
        if (found) appendAudit(db, { tenantId, at, kind: "badge-changed", data });
        return found;
      });
    },
  };
}
