import { doorEvents } from "../door/door-fact.ts";
import type { DoorChange, DoorRecords } from "./doors.ts";
import { toDoorState } from "./row-readers.ts";
import { appendDecision } from "./sqlite-audit.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";

/** Notes how a door is, with what is news in it. Within a transaction. */
export function noteDoor(
  db: SqliteDatabase,
  tenantId: string,
  nodeUid: string,
  change: DoorChange,
): void {
  const { name, open, held, forced, at } = change;
  const key = [tenantId, nodeUid, name] as const;
  const sql = "SELECT * FROM door_states WHERE tenant_id = ? AND node_uid = ? AND name = ?";
  const row = db.get(sql, ...key);
  const before = row && toDoorState(row);
  const put = "INSERT OR REPLACE INTO door_states VALUES (?,?,?,?,?,?,?)";
  db.run(put, ...key, Number(open), Number(held), Number(forced), at);
  if (change.record === undefined) return;
  for (const event of doorEvents(before, change)) appendDecision(db, change.record(event));
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
