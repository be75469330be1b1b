import { sql } from "kysely";
import { readingCells, toReadingRow } from "../reading-columns.ts";
import type { NewReading, ReadingBatch, ReadingQuery, ReadingRecords } from "../readings.ts";
import type { DecisionRecord } from "../records.ts";
import { type Append, appendAlarms, appendDecision } from "./sql-chain.ts";
import { found, type Sql, type SqlDatabase, type SqlTransaction } from "./sql-database.ts";
import { noteDoor } from "./sql-doors.ts";
import type { Tables } from "./tables.ts";

/** Of a node's room is made free when it is full, so that it is not done with every row. */
const ROOM_TO_MAKE = 1 / 8;

type Cells = Tables["readings"];

/**
 * The highest id that was given. Held until the commit: ids are given in the order of commits and
 * without gaps, so that a follower who has read one has missed none before it.
 */
async function holdHead(db: SqlTransaction): Promise<number> {
  const row = await db.selectFrom("reading_head").select("last").forUpdate().executeTakeFirst();
  return row!.last;
}

/** The numbers of the batch that are stored already. */
async function knownNumbers(db: Sql, batch: ReadingBatch): Promise<Set<number>> {
  const { tenantId, nodeUid, logId, readings } = batch;
  if (logId === undefined || readings.length === 0) return new Set();
  const numbers = readings.map(({ reading }) => reading.seq);
  const rows = await db
    .selectFrom("readings")
    .select("seq")
    .where((is) => is.and({ tenant_id: tenantId, node_uid: nodeUid, log_id: logId }))
    .where("seq", "in", numbers)
    .execute();
  return new Set(rows.map(({ seq }) => seq));
}

function cellsOf(batch: ReadingBatch, fresh: NewReading, id: number): Cells {
  const { tenantId, nodeUid, logId = null, receivedAt } = batch;
  const own = { id, tenant_id: tenantId, node_uid: nodeUid, log_id: logId };
  return { ...own, received_at: receivedAt, ...Object.fromEntries(readingCells(fresh)) } as Cells;
}

/** Adds to what the rows of a node take, and gives what they take then. */
async function addUsage(
  database: SqlDatabase,
  db: SqlTransaction,
  node: { tenant_id: string; node_uid: string },
  bytes: number,
): Promise<number> {
  await database.put(
    async () =>
      found(
        await db
          .updateTable("reading_usage")
          .set((of) => ({ bytes: of("bytes", "+", bytes) }))
          .where((is) => is.and(node))
          .executeTakeFirst(),
      ),
    () =>
      db
        .insertInto("reading_usage")
        .values({ ...node, bytes })
        .execute(),
  );
  const row = await db
    .selectFrom("reading_usage")
    .select("bytes")
    .where((is) => is.and(node))
    .executeTakeFirst();
  return row!.bytes;
}

/** Deletes the node's oldest rows, access events last, until there is room. Gives how many. */
async function makeRoom(
  database: SqlDatabase,
  db: SqlTransaction,
  { tenantId, nodeUid, bytesMax }: ReadingBatch,
  used: number,
): Promise<number> {
  if (used <= bytesMax) return 0;
  const excess = used - bytesMax * (1 - ROOM_TO_MAKE);
  const oldest = sql`(
    SELECT id, bytes, sum(bytes) OVER (
      ORDER BY CASE kind WHEN 'access' THEN 1 ELSE 0 END, id) AS through
    FROM readings WHERE tenant_id = ${tenantId} AND node_uid = ${nodeUid}) AS oldest`;
  const { rows } = await sql<{ freed: number | string | null }>`
    SELECT sum(bytes) AS freed FROM ${oldest} WHERE through - bytes < ${excess}`.execute(db);
  const { numAffectedRows } = await sql`DELETE FROM readings WHERE id IN (
    SELECT id FROM ${oldest} WHERE through - bytes < ${excess})`.execute(db);
  const node = { tenant_id: tenantId, node_uid: nodeUid };
  await addUsage(database, db, node, -Number(rows[0]!.freed));
  return Number(numAffectedRows);
}

/** The page's rows; `field` is one of a list, all else are values. */
function selection(db: Sql, query: ReadingQuery) {
  const { tenantId, nodeUid, from, to, field, throughId, after, order, limit } = query;
  const beyond = order === "asc" ? ">" : "<";
  let rows = db
    .selectFrom("readings")
    .selectAll()
    .where("tenant_id", "=", tenantId)
    .where("id", "<=", throughId);
  if (nodeUid !== undefined) rows = rows.where("node_uid", "=", nodeUid);
  if (from !== undefined) rows = rows.where("at", ">=", from);
  if (to !== undefined) rows = rows.where("at", "<=", to);
  if (field !== undefined) rows = rows.where(field, "is not", null);
  if (after !== undefined)
    // (at, id) beyond (at, id), so that each database can use its index for the first half.
    rows = rows
      .where("at", `${beyond}=`, after.at)
      .where((is) => is.or([is("at", beyond, after.at), is("id", beyond, after.id)]));
  return rows.orderBy("at", order).orderBy("id", order).limit(sql.lit(limit));
}

/** What nodes report. */
export function readingRecords(database: SqlDatabase, append: Append): ReadingRecords {
  async function record(db: SqlTransaction, batch: ReadingBatch) {
    const { tenantId, nodeUid } = batch;
    const node = { tenant_id: tenantId, node_uid: nodeUid };
    const last = await holdHead(db);
    const known = await knownNumbers(db, batch);
    const fresh: NewReading[] = [];
    const isNew = batch.readings.map((reading) => {
      const { seq } = reading.reading;
      if (known.has(seq)) return false;
      if (batch.logId !== undefined) known.add(seq);
      fresh.push(reading);
      return true;
    });
    if (fresh.length === 0) return { isNew, evicted: 0 };
    const rows = fresh.map((reading, i) => cellsOf(batch, reading, last + 1 + i));
    for (const cells of rows) await db.insertInto("readings").values(cells).execute();
    await db
      .updateTable("reading_head")
      .set({ last: last + rows.length })
      .execute();
    const bytes = rows.reduce((sum, cells) => sum + cells.bytes, 0);
    const used = await addUsage(database, db, node, bytes);
    const evicted = await makeRoom(database, db, batch, used);
    const news: DecisionRecord[] = [];
    for (const { doors = [] } of fresh)
      for (const door of doors) news.push(...(await noteDoor(database, db, batch, door)));
    for (const { alarm } of fresh) if (alarm !== undefined) await appendAlarms(db, [alarm]);
    for (const record of news) await appendDecision(db, append, record);
    if (evicted > 0) await append(db, batch.evicted(evicted));
    return { isNew, evicted };
  }

  return {
    recordReadings(batch) {
      return database.transaction((db) => record(db, batch));
    },
    async readings(query) {
      return (await database.run((db) => selection(db, query).execute())).map(toReadingRow);
    },
    async readingsAfter(id, limit, { tenantId, nodeUid } = {}) {
      const rows = await database.run((db) => {
        let all = db.selectFrom("readings").selectAll().where("id", ">", id);
        if (tenantId !== undefined) all = all.where("tenant_id", "=", tenantId);
        if (nodeUid !== undefined) all = all.where("node_uid", "=", nodeUid);
        return all.orderBy("id").limit(sql.lit(limit)).execute();
      });
      return rows.map(toReadingRow);
    },
    lastReadingId() {
      // Also when that row is gone: its number is never given again.
      return database.run(async (db) => {
        const row = await db.selectFrom("reading_head").select("last").executeTakeFirst();
        return row!.last;
      });
    },
    async publishedThrough(broker) {
      const row = await database.run((db) =>
        db
          .selectFrom("published")
          .select("reading_id")
          .where("broker", "=", broker)
          .executeTakeFirst(),
      );
      return row?.reading_id;
    },
    async savePublished(broker, id) {
      await database.transaction((db) =>
        database.put(
          async () =>
            found(
              await db
                .updateTable("published")
                .set({ reading_id: id })
                .where("broker", "=", broker)
                .executeTakeFirst(),
            ),
          () => db.insertInto("published").values({ broker, reading_id: id }).execute(),
        ),
      );
    },
  };
}

/** Deletes what arrived before that, and takes it off what its nodes' rows take. */
export async function sweepReadings(database: SqlDatabase, before: number): Promise<void> {
  await database.transaction(async (db) => {
    await holdHead(db);
    const old = await db
      .selectFrom("readings")
      .select((of) => ["tenant_id", "node_uid", of.fn.sum("bytes").as("bytes")])
      .where("received_at", "<", before)
      .groupBy(["tenant_id", "node_uid"])
      .execute();
    if (old.length === 0) return;
    for (const { bytes, ...node } of old) await addUsage(database, db, node, -Number(bytes));
    await db.deleteFrom("readings").where("received_at", "<", before).execute();
  });
}
