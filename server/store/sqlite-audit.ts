import type { Alarm } from "./alarms.ts";
import { nextAuditRow } from "./audit-chain.ts";
import { blob, integer } from "./columns.ts";
import {
  type CounterStep,
  type DecisionOutcome,
  type GrantObstacle,
  type PassageStep,
  POLICY_CHANGED,
} from "./decisions.ts";
import type { AuditRecords } from "./record-parts.ts";
import type { AuditEntry, DecisionRecord } from "./records.ts";
import { toAlarm, toAuditRow } from "./row-readers.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { notePassage, policyRevision } from "./sqlite-passages.ts";

/** Appends a row to its tenant's chain; must run inside a transaction. */
export function appendAudit(db: SqliteDatabase, entry: AuditEntry): void {
  const before = "SELECT hash FROM audit WHERE tenant_id = ? ORDER BY seq DESC LIMIT 1";
  const last = db.get(before, entry.tenantId);
  const next = db.get("SELECT coalesce(max(seq), 0) + 1 AS seq FROM audit");
  const row = nextAuditRow(entry, integer(next!, "seq"), last && blob(last, "hash"));
  const { seq, tenantId, at, kind, data, previousHash, hash } = row;
  const sql =
    "INSERT INTO audit (seq, tenant_id, at, kind, data, previous_hash, hash) " +
    "VALUES (?,?,?,?,?,?,?)";
  db.run(sql, seq, tenantId, at, kind, data, previousHash, hash);
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

/**
 * Looks once more whether reader and badge are in force: a revocation that came while the tap was
 * examined counts, and no grant stands behind it in the log.
 */
function outOfForce(
  db: SqliteDatabase,
  tenantId: string,
  nodeUid: string,
  badgeUid: string | undefined,
): GrantObstacle | undefined {
  const node = "SELECT status FROM nodes WHERE tenant_id = ? AND node_uid = ?";
  if (db.get(node, tenantId, nodeUid)?.["status"] !== "active") return "node-revoked";
  if (badgeUid === undefined) return undefined;
  const badge = "SELECT status FROM badges WHERE tenant_id = ? AND badge_uid = ?";
  const status = db.get(badge, tenantId, badgeUid)?.["status"];
  if (status === "active") return undefined;
  return status === "suspended" ? "badge-suspended" : "badge-revoked";
}

/** Whether the chip's counter is above all that were seen, and is the highest now. */
function raiseCounter(db: SqliteDatabase, step: CounterStep): boolean {
  const { tenantId, badgeUid, readCounter } = step;
  // One statement compares and raises: two taps with one counter cannot both pass.
  const raise =
    "UPDATE badges SET read_counter = ?1 " +
    "WHERE tenant_id = ?2 AND badge_uid = ?3 AND read_counter < ?1";
  return db.run(raise, readCounter, tenantId, badgeUid) === 1;
}

/** Records what stands in the way, and gives it. */
function refuseDecision(
  db: SqliteDatabase,
  step: PassageStep,
  obstacle: GrantObstacle,
  cause?: string,
): GrantObstacle {
  appendDecision(db, step.refused(obstacle, cause));
  return obstacle;
}

/** Within a transaction. */
function decide(
  db: SqliteDatabase,
  fresh: DecisionRecord,
  step: PassageStep | CounterStep,
): DecisionOutcome {
  const { tenantId, nodeUid, policy } = step;
  const counted = "badgeUid" in step ? step : undefined;
  const obstacle =
    nodeUid === undefined ? undefined : outOfForce(db, tenantId, nodeUid, counted?.badgeUid);
  if (obstacle !== undefined) return refuseDecision(db, step, obstacle);
  if (policy !== undefined && policyRevision(db, tenantId) !== policy.revision)
    return POLICY_CHANGED;
  if (counted !== undefined && !raiseCounter(db, counted))
    return refuseDecision(db, step, "badge-cloned");
  const passage = policy?.passage && notePassage(db, tenantId, policy.passage);
  if (passage?.obstacle !== undefined)
    return refuseDecision(db, step, passage.obstacle, passage.violation);
  const violation = passage?.violation;
  appendDecision(db, (violation !== undefined && policy?.soft?.(violation)) || fresh);
  return undefined;
}

/** Decisions, the audit log and alarms. */
export function auditRecords(db: SqliteDatabase): AuditRecords {
  return {
    audit: (entry) => db.shared(() => appendAudit(db, entry)),
    recordDecision(fresh, step) {
      return db.shared(() => {
        if (step !== undefined) return decide(db, fresh, step);
        appendDecision(db, fresh);
        return undefined;
      });
    },
    recordPassage(fresh, step) {
      return db.shared(() => decide(db, fresh, step));
    },
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
