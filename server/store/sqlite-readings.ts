import type { SQLInputValue } from "node:sqlite";
import { integer } from "./columns.ts";
import { readingCells, toReadingRow } from "./reading-columns.ts";
import type { NewReading, ReadingBatch, ReadingQuery, ReadingRecords } from "./readings.ts";
import { appendAlarm, appendAudit } from "./sqlite-audit.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { noteDoor } from "./sqlite-doors.ts";

/** Of a node's room is made free when it is full, so that it is not done with every row. */
const ROOM_TO_MAKE = 1 / 8;

/** Whether the reading was new. */
function insert(db: SqliteDatabase, batch: ReadingBatch, fresh: NewReading): boolean {
  const { tenantId, nodeUid, logId = null, receivedAt } = batch;
  const cells: readonly (readonly [string, SQLInputValue])[] = [
    ["tenant_id", tenantId],
    ["node_uid", nodeUid],
    ["log_id", logId],
    ["received_at", receivedAt],
    ...readingCells(fresh),
  ];
  // The names are ours, from a list in this folder; only values come from outside. ON CONFLICT
  // would use up an id for a repeat, and a gap in the ids would look like a loss.
  const names = cells.map(([name]) => name).join(", ");
  const sql =
    `INSERT INTO readings (${names}) SELECT ${cells.map(() => "?").join(",")} ` +
    "WHERE NOT EXISTS (SELECT 1 FROM readings " +
    "WHERE tenant_id = ? AND node_uid = ? AND log_id = ? AND seq = ?)";
  const values = cells.map(([, value]) => value);
  return db.run(sql, ...values, tenantId, nodeUid, logId, fresh.reading.seq) === 1;
}

function usedBytes(db: SqliteDatabase, { tenantId, nodeUid }: ReadingBatch): number {
  const sql = "SELECT bytes FROM reading_usage WHERE tenant_id = ? AND node_uid = ?";
  const row = db.get(sql, tenantId, nodeUid);
  return row === undefined ? 0 : integer(row, "bytes");
}

/** Deletes the node's oldest rows, access events last, until there is room. Gives how many. */
function makeRoom(db: SqliteDatabase, batch: ReadingBatch): number {
  const { tenantId, nodeUid, bytesMax } = batch;
  const used = usedBytes(db, batch);
  if (used <= bytesMax) return 0;
  const excess = used - bytesMax * (1 - ROOM_TO_MAKE);
  const sql =
    "DELETE FROM readings WHERE id IN (SELECT id FROM (" +
    "SELECT id, bytes, sum(bytes) OVER (ORDER BY kind = 'access', id) AS through " +
    "FROM readings WHERE tenant_id = ? AND node_uid = ?) WHERE through - bytes < ?)";
  return db.run(sql, tenantId, nodeUid, excess);
}

/** Each with its values. `field` is one of a list, the rest are parameters. */
function conditions(query: ReadingQuery): readonly (readonly [string, ...SQLInputValue[]])[] {
  const { tenantId, nodeUid, from, to, field, throughId, after, order } = query;
  const beyond = order === "asc" ? ">" : "<";
  const all: [string, ...SQLInputValue[]][] = [
    ["tenant_id = ?", tenantId],
    ["id <= ?", throughId],
  ];
  if (nodeUid !== undefined) all.push(["node_uid = ?", nodeUid]);
  if (from !== undefined) all.push(["at >= ?", from]);
  if (to !== undefined) all.push(["at <= ?", to]);
  if (field !== undefined) all.push([`${field} IS NOT NULL`]);
  if (after !== undefined) all.push([`(at, id) ${beyond} (?, ?)`, after.at, after.id]);
  return all;
}

/** What nodes report. */
export function readingRecords(db: SqliteDatabase): ReadingRecords {
  return {
    recordReadings(batch) {
      return db.shared(() => {
        const isNew = batch.readings.map((fresh) => {
          const stored = insert(db, batch, fresh);
          if (stored && fresh.alarm !== undefined) appendAlarm(db, fresh.alarm);
          if (stored) for (const door of fresh.doors ?? []) noteDoor(db, batch, door);
          return stored;
        });
        const evicted = makeRoom(db, batch);
        if (evicted > 0) appendAudit(db, batch.evicted(evicted));
        return { isNew, evicted };
      });
    },
    async readings(query) {
      const { order, limit } = query;
      const parts = conditions(query);
      const sql =
        `SELECT * FROM readings WHERE ${parts.map(([text]) => text).join(" AND ")} ` +
        `ORDER BY at ${order}, id ${order} LIMIT ?`;
      const values = parts.flatMap(([, ...given]) => given);
      return db.all(sql, ...values, limit).map(toReadingRow);
    },
    async readingsAfter(id, limit, { tenantId, nodeUid } = {}) {
      const sql =
        "SELECT * FROM readings WHERE id > ?1 AND (?2 IS NULL OR tenant_id = ?2) " +
        "AND (?3 IS NULL OR node_uid = ?3) ORDER BY id LIMIT ?4";
      return db.all(sql, id, tenantId ?? null, nodeUid ?? null, limit).map(toReadingRow);
    },
    async lastReadingId() {
      // Also when that row is gone: its number is never given again.
      const row = db.get("SELECT seq FROM sqlite_sequence WHERE name = 'readings'");
      return row === undefined ? 0 : integer(row, "seq");
    },
    async publishedThrough(broker) {
      const row = db.get("SELECT reading_id FROM published WHERE broker = ?", broker);
      return row && integer(row, "reading_id");
    },
    async savePublished(broker, id) {
      const sql =
        "INSERT INTO published VALUES (?,?) " +
        "ON CONFLICT (broker) DO UPDATE SET reading_id = excluded.reading_id";
      db.run(sql, broker, id);
    },
  };
}
