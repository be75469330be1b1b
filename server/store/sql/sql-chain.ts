import type { Alarm } from "../alarms.ts";
import { nextAuditRow } from "../audit-chain.ts";
import type { AuditEntry, AuditRow, DecisionRecord } from "../records.ts";
import { question } from "./question.ts";
import { found, type SqlDatabase, type SqlTransaction } from "./sql-database.ts";
import { piecesOf } from "./sql-lists.ts";

/** Appends a row to its tenant's chain; to be called last in a transaction. */
export type Append = (db: SqlTransaction, entry: AuditEntry) => Promise<void>;

const heldHead = question((db, tenantId: string) =>
  db
    .selectFrom("audit_heads")
    .select(["seq", "hash"])
    .where("tenant_id", "=", tenantId)
    .forUpdate(),
);

/**
 * Appends rows to one tenant's chain. The chain's head is held until the commit, so that of two
 * replicas the second one sees what the first has written.
 */
export async function appendRows(
  database: SqlDatabase,
  db: SqlTransaction,
  tenantId: string,
  entries: readonly AuditEntry[],
): Promise<void> {
  const [head] = await heldHead(db, tenantId);
  const rows: AuditRow[] = [];
  const first = head && { seq: head.seq, hash: new Uint8Array(head.hash) };
  for (const entry of entries) {
    const last = rows.at(-1) ?? first;
    rows.push(nextAuditRow(entry, (last?.seq ?? 0) + 1, last?.hash));
  }
  const { seq, hash } = rows.at(-1)!;
  await database.put(
    async () =>
      head === undefined
        ? 0
        : found(
            await db
              .updateTable("audit_heads")
              .set({ seq, hash })
              .where("tenant_id", "=", tenantId)
              .executeTakeFirst(),
          ),
    () => db.insertInto("audit_heads").values({ tenant_id: tenantId, seq, hash }).execute(),
  );
  const cells = rows.map(({ previousHash, tenantId: _, ...row }) => ({
    ...{ ...row, tenant_id: tenantId, previous_hash: previousHash },
  }));
  for (const piece of piecesOf(cells)) await db.insertInto("audit").values(piece).execute();
}

export async function appendAlarms(db: SqlTransaction, alarms: readonly Alarm[]): Promise<void> {
  const cells = alarms.map(({ tenantId, at, kind, badgeUid = null, nodeUid = null, cause }) => ({
    ...{ tenant_id: tenantId, at, kind, badge_uid: badgeUid, node_uid: nodeUid, cause },
  }));
  for (const piece of piecesOf(cells)) await db.insertInto("alarms").values(piece).execute();
}

/** Audit row and alarm. */
export async function appendDecision(
  db: SqlTransaction,
  append: Append,
  { entry, alarm }: DecisionRecord,
): Promise<void> {
  await append(db, entry);
  if (alarm) await appendAlarms(db, [alarm]);
}

export function auditAppender(database: SqlDatabase): Append {
  return (db, entry) => appendRows(database, db, entry.tenantId, [entry]);
}
