import { sql } from "kysely";
import type { Alarm } from "../alarms.ts";
import {
  type CounterStep,
  type DecisionOutcome,
  type GrantObstacle,
  type PassageStep,
  POLICY_CHANGED,
} from "../decisions.ts";
import type { AuditRecords } from "../record-parts.ts";
import type { DecisionRecord } from "../records.ts";
import { toAlarm, toAuditRow } from "../row-readers.ts";
import { type Append, SharedAppends } from "./sql-chain.ts";
import { found, type SqlDatabase, type SqlTransaction } from "./sql-database.ts";
import { holdRevision, notePassage } from "./sql-passages.ts";

export async function appendAlarm(db: SqlTransaction, alarm: Alarm): Promise<void> {
  const { tenantId, at, kind, badgeUid = null, nodeUid = null, cause } = alarm;
  const cells = { tenant_id: tenantId, at, kind, badge_uid: badgeUid, node_uid: nodeUid, cause };
  await db.insertInto("alarms").values(cells).execute();
}

/** Audit row and alarm. */
export async function appendDecision(
  db: SqlTransaction,
  append: Append,
  { entry, alarm }: DecisionRecord,
): Promise<void> {
  await append(db, entry);
  if (alarm) await appendAlarm(db, alarm);
}

/**
 * Looks once more whether reader and badge are in force, and holds both rows: a revocation that
 * came while the tap was examined counts, and one that comes now waits for the grant's row.
 */
async function outOfForce(
  db: SqlTransaction,
  tenantId: string,
  nodeUid: string,
  badgeUid: string | undefined,
): Promise<GrantObstacle | undefined> {
  const node = await db
    .selectFrom("nodes")
    .select("status")
    .where("tenant_id", "=", tenantId)
    .where("node_uid", "=", nodeUid)
    .forUpdate()
    .executeTakeFirst();
  if (node?.status !== "active") return "node-revoked";
  if (badgeUid === undefined) return undefined;
  const badge = await db
    .selectFrom("badges")
    .select("status")
    .where("tenant_id", "=", tenantId)
    .where("badge_uid", "=", badgeUid)
    .forUpdate()
    .executeTakeFirst();
  if (badge?.status === "active") return undefined;
  return badge?.status === "suspended" ? "badge-suspended" : "badge-revoked";
}

/** Whether the chip's counter is above all that were seen, and is the highest now. */
async function raiseCounter(db: SqlTransaction, step: CounterStep): Promise<boolean> {
  const { tenantId, badgeUid, readCounter } = step;
  // One statement compares and raises: two taps with one counter cannot both pass.
  const raised = await db
    .updateTable("badges")
    .set({ read_counter: readCounter })
    .where("tenant_id", "=", tenantId)
    .where("badge_uid", "=", badgeUid)
    .where("read_counter", "<", readCounter)
    .executeTakeFirst();
  return found(raised) === 1;
}

/** Decisions, the audit log and alarms. */
export function auditRecords(database: SqlDatabase, append: Append): AuditRecords {
  const shared = new SharedAppends(database);
  /** Records what stands in the way, and gives it. */
  async function refuse(
    db: SqlTransaction,
    step: PassageStep,
    obstacle: GrantObstacle,
    cause?: string,
  ): Promise<GrantObstacle> {
    await appendDecision(db, append, step.refused(obstacle, cause));
    return obstacle;
  }

  /** Rows are held in one order everywhere: node, badge, rules, presence, audit log. */
  async function decide(
    db: SqlTransaction,
    fresh: DecisionRecord,
    step: PassageStep | CounterStep,
  ): Promise<DecisionOutcome> {
    const { tenantId, nodeUid, policy } = step;
    const counted = "badgeUid" in step ? step : undefined;
    const obstacle =
      nodeUid === undefined
        ? undefined
        : await outOfForce(db, tenantId, nodeUid, counted?.badgeUid);
    if (obstacle !== undefined) return refuse(db, step, obstacle);
    if (policy !== undefined && (await holdRevision(db, tenantId)) !== policy.revision)
      return POLICY_CHANGED;
    if (counted !== undefined && !(await raiseCounter(db, counted)))
      return refuse(db, step, "badge-cloned");
    const passage = policy?.passage && (await notePassage(database, db, tenantId, policy.passage));
    if (passage?.obstacle !== undefined)
      return refuse(db, step, passage.obstacle, passage.violation);
    const violation = passage?.violation;
    const soft = violation === undefined ? undefined : policy?.soft?.(violation);
    await appendDecision(db, append, soft ?? fresh);
    return undefined;
  }

  return {
    audit: (entry) => shared.append(entry),
    recordDecision(fresh, step) {
      return database.transaction(async (db) => {
        if (step !== undefined) return decide(db, fresh, step);
        await appendDecision(db, append, fresh);
        return undefined;
      });
    },
    recordPassage(fresh, step) {
      return database.transaction((db) => decide(db, fresh, step));
    },
    async auditRows(tenantId, limit, after = 0) {
      const rows = await database.run((db) =>
        db
          .selectFrom("audit")
          .selectAll()
          .where("tenant_id", "=", tenantId)
          .where("seq", ">", after)
          .orderBy("seq")
          .limit(sql.lit(limit))
          .execute(),
      );
      return rows.map(toAuditRow);
    },
    async alarms(tenantId, limit, after = Number.MAX_SAFE_INTEGER) {
      const rows = await database.run((db) =>
        db
          .selectFrom("alarms")
          .selectAll()
          .where("tenant_id", "=", tenantId)
          .where("id", "<", after)
          .orderBy("id", "desc")
          .limit(sql.lit(limit))
          .execute(),
      );
      return rows.map(toAlarm);
    },
  };
}
