import type { ReportRecords } from "../record-parts.ts";
import type { ReaderDenials } from "../records.ts";
import { type Append, appendDecision } from "./sql-chain.ts";
import { found, type SqlDatabase, type SqlTransaction } from "./sql-database.ts";

/** A report that was held up on the way is from this boot or one of the last; older ones go. */
const BOOTS_KEPT = 8;

/** Holds the node's row: the reports of one node are taken one after the other. */
async function lastNumber(
  db: SqlTransaction,
  { tenantId, nodeUid, boot }: ReaderDenials,
): Promise<number> {
  const node = { tenant_id: tenantId, node_uid: nodeUid };
  await db
    .selectFrom("nodes")
    .select("status")
    .where((is) => is.and(node))
    .forUpdate()
    .execute();
  const row = await db
    .selectFrom("reader_reports")
    .select("last_number")
    .where((is) => is.and({ ...node, boot }))
    .executeTakeFirst();
  return row?.last_number ?? 0;
}

/** What readers refused by themselves. */
export function reportRecords(database: SqlDatabase, append: Append): ReportRecords {
  async function saveNumber(
    db: SqlTransaction,
    { tenantId, nodeUid, boot, at }: ReaderDenials,
    number: number,
  ): Promise<void> {
    const node = { tenant_id: tenantId, node_uid: nodeUid };
    const cells = { last_number: number, at };
    await database.put(
      async () =>
        found(
          await db
            .updateTable("reader_reports")
            .set(cells)
            .where((is) => is.and({ ...node, boot }))
            .executeTakeFirst(),
        ),
      () =>
        db
          .insertInto("reader_reports")
          .values({ ...node, boot, ...cells })
          .execute(),
    );
    const others = await db
      .selectFrom("reader_reports")
      .select("boot")
      .where((is) => is.and(node))
      .orderBy("at", "desc")
      .orderBy("boot")
      .execute();
    const old = others.map((row) => row.boot).slice(BOOTS_KEPT);
    const gone = old.filter((other) => other !== boot);
    if (gone.length > 0)
      await db
        .deleteFrom("reader_reports")
        .where((is) => is.and(node))
        .where("boot", "in", gone)
        .execute();
  }

  return {
    recordReaderDenials(report) {
      return database.transaction(async (db) => {
        let last = await lastNumber(db, report);
        const before = last;
        const fresh = report.denials.filter(({ number }) => number > before);
        // Before the audit rows: whoever writes those holds the tenant's chain.
        await saveNumber(db, report, fresh.at(-1)?.number ?? last);
        for (const { number, record } of fresh) {
          const missing = number - last - 1;
          if (missing > 0) await append(db, report.dropped(missing));
          await appendDecision(db, append, record);
          last = number;
        }
        return last;
      });
    },
  };
}
