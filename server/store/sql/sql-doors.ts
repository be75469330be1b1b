import { doorEvents } from "../../door/door-fact.ts";
import { type DoorChange, type DoorRecords, isOvertaken } from "../doors.ts";
import type { ReadingBatch } from "../readings.ts";
import type { DecisionRecord } from "../records.ts";
import { toDoorSource, toDoorState } from "../row-readers.ts";
import { found, type SqlDatabase, type SqlTransaction } from "./sql-database.ts";

/** Notes how a door is, and gives what is news in it: to be recorded last. */
export async function noteDoor(
  database: SqlDatabase,
  db: SqlTransaction,
  { tenantId, nodeUid, logId }: Pick<ReadingBatch, "tenantId" | "nodeUid" | "logId">,
  change: DoorChange,
): Promise<readonly DecisionRecord[]> {
  const { name, open, held, forced, at, seq, record } = change;
  const where = { tenant_id: tenantId, node_uid: nodeUid, name };
  const row = await db
    .selectFrom("door_states")
    .selectAll()
    .where((is) => is.and(where))
    .forUpdate()
    .executeTakeFirst();
  const state = { is_open: Number(open), held: Number(held), forced: Number(forced) };
  if (isOvertaken(row && toDoorSource(row), { logId, seq }))
    return change.exit && record !== undefined ? [record("door-exit")] : [];
  const cells = { ...state, changed_at: at, log_id: logId ?? null, seq };
  const update = async () =>
    db
      .updateTable("door_states")
      .set(cells)
      .where((is) => is.and(where))
      .executeTakeFirst();
  const all = { ...where, ...cells };
  const add = () => db.insertInto("door_states").values(all).execute();
  await database.put(async () => found(await update()), add);
  if (record === undefined) return [];
  return doorEvents(row && toDoorState(row), change).map(record);
}

/** How doors are. */
export function doorRecords(database: SqlDatabase): DoorRecords {
  return {
    async doors(tenantId) {
      const rows = await database.run((db) =>
        db
          .selectFrom("door_states")
          .selectAll()
          .where("tenant_id", "=", tenantId)
          .orderBy("node_uid")
          .orderBy("name")
          .execute(),
      );
      return rows.map(toDoorState);
    },
  };
}
