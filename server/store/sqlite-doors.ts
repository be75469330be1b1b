import { doorEvents } from "../door/door-fact.ts";
import { type DoorChange, type DoorRecords, isOvertaken } from "./doors.ts";
import type { ReadingBatch } from "./readings.ts";
import { toDoorSource, toDoorState } from "./row-readers.ts";
import { appendDecision } from "./sqlite-audit.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";

/** Notes how a door is, with what is news in it. Within a transaction. */
export function noteDoor(
  db: SqliteDatabase,
  { tenantId, nodeUid, logId }: Pick<ReadingBatch, "tenantId" | "nodeUid" | "logId">,
  change: DoorChange,
): void {
  const { name, open, held, forced, at, seq, record } = change;
  const key = [tenantId, nodeUid, name] as const;
  const sql = "SELECT * FROM door_states WHERE tenant_id = ? AND node_uid = ? AND name = ?";
  const row = db.get(sql, ...key);
  const before = row && toDoorState(row);
  if (isOvertaken(row && toDoorSource(row), { logId, seq })) {
    if (change.exit && record !== undefined) appendDecision(db, record("door-exit"));
    return;
  }
  const put = "INSERT OR REPLACE INTO door_states VALUES (?,?,?,?,?,?,?,?,?)";
  const state = [Number(open), Number(held), Number(forced), at] as const;
  db.run(put, ...key, ...state, logId ?? null, seq);
  if (record === undefined) return;
  for (const event of doorEvents(before, change)) appendDecision(db, record(event));
}

/** How doors are. */
export function doorRecords(db: SqliteDatabase): DoorRecords {
  return {
    async doors(tenantId) {
      const sql = "SELECT * FROM door_states WHERE tenant_id = ? ORDER BY node_uid, name";
      return db.all(sql, tenantId).map(toDoorState);
    },
  };
}
