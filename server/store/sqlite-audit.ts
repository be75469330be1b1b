import type { Alarm } from "./alarms.ts";
import { nextAuditRow } from "./audit-chain.ts";
import { blob, integer, text } from "./columns.ts";
import { type HeldRows, judgeDecision } from "./decision-rule.ts";
import type { CounterStep, DecisionOutcome, PassageStep } from "./decisions.ts";
import type { AuditRecords } from "./record-parts.ts";
import type { AuditEntry, BadgeStatus, DecisionRecord, NodeStatus } from "./records.ts";
import { toAlarm, toAuditRow } from "./row-readers.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { passageRows, policyRevision, savePassage } from "./sqlite-passages.ts";

/** Appends a row to its tenant's chain; must run inside a transaction. */
export function appendAudit(db: SqliteDatabase, entry: AuditEntry): void {
  const before =
    "SELECT coalesce(max(seq), 0) + 1 AS seq, (SELECT hash FROM audit " +
    "WHERE tenant_id = ? ORDER BY seq DESC LIMIT 1) AS hash FROM audit";
  const last = db.get(before, entry.tenantId)!;
  const hash = last["hash"] === null ? undefined : blob(last, "hash");
  const row = nextAuditRow(entry, integer(last, "seq"), hash);
  const { seq, tenantId, at, kind, data, previousHash } = row;
  const sql =
    "INSERT INTO audit (seq, tenant_id, at, kind, data, previous_hash, hash) " +
    "VALUES (?,?,?,?,?,?,?)";
  db.run(sql, seq, tenantId, at, kind, data, previousHash, row.hash);
}

/** Must run inside a transaction. */
export function appendAlarm(db: SqliteDatabase, alarm: Alarm): void {
  const sql =
    "INSERT INTO alarms (tenant_id, at, kind, badge_uid, node_uid, cause) VALUES (?,?,?,?,?,?)";
  const { tenantId, at, kind, badgeUid = null, nodeUid = null, cause } = alarm;
  db.run(sql, tenantId, at, kind, badgeUid, nodeUid, cause);
}

/** Audit row and alarm; must run inside a transaction. */
export function appendDecision(db: SqliteDatabase, record: DecisionRecord): void {
  appendAudit(db, record.entry);
  if (record.alarm) appendAlarm(db, record.alarm);
}

/** What a decision goes by; it is asked for within a transaction, and no more of it than needed. */
function heldRows(db: SqliteDatabase, tenantId: string): HeldRows {
  return {
    nodeStatus(nodeUid) {
      const sql = "SELECT status FROM nodes WHERE tenant_id = ? AND node_uid = ?";
      return db.get(sql, tenantId, nodeUid)?.["status"] as NodeStatus | undefined;
    },
    badge(badgeUid) {
      const sql = "SELECT status, read_counter FROM badges WHERE tenant_id = ? AND badge_uid = ?";
      const row = db.get(sql, tenantId, badgeUid);
      if (row === undefined) return undefined;
      const status = text(row, "status") as BadgeStatus;
      return { status, readCounter: integer(row, "read_counter") };
    },
    revision: () => policyRevision(db, tenantId),
    ...passageRows(db, tenantId),
  };
}

/** Within a transaction. */
function decide(
  db: SqliteDatabase,
  fresh: DecisionRecord,
  step?: PassageStep | CounterStep,
): DecisionOutcome {
  const { tenantId } = fresh.entry;
  const judgement = judgeDecision(heldRows(db, tenantId), fresh, step);
  const { outcome, record, readCounter } = judgement;
  if (readCounter !== undefined && step !== undefined && "badgeUid" in step) {
    const raise = "UPDATE badges SET read_counter = ? WHERE tenant_id = ? AND badge_uid = ?";
    db.run(raise, readCounter, tenantId, step.badgeUid);
  }
  const passage = step?.policy?.passage;
  if (passage !== undefined) savePassage(db, tenantId, passage, judgement);
  if (record !== undefined) appendDecision(db, record);
  return outcome;
}

/** Decisions, the audit log and alarms. */
export function auditRecords(db: SqliteDatabase): AuditRecords {
  return {
    audit: (entry) => db.shared(() => appendAudit(db, entry)),
    recordDecision: (fresh, step) => db.shared(() => decide(db, fresh, step)),
    recordPassage: (fresh, step) => db.shared(() => decide(db, fresh, step)),
    async auditRows(tenantId, limit, after = 0) {
      const sql = "SELECT * FROM audit WHERE tenant_id = ? AND seq > ? ORDER BY seq LIMIT ?";
      return db.all(sql, tenantId, after, limit).map(toAuditRow);
    },
    async alarms(tenantId, limit, after = Number.MAX_SAFE_INTEGER) {
      const sql = "SELECT * FROM alarms WHERE tenant_id = ? AND id < ? ORDER BY id DESC LIMIT ?";
      return db.all(sql, tenantId, after, limit).map(toAlarm);
    },
  };
}
