import { integer } from "./columns.ts";
import type { ReportRecords } from "./record-parts.ts";
import type { ReaderDenials } from "./records.ts";
import { appendAudit, appendDecision } from "./sqlite-audit.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";

/** A report that was held up on the way is from this boot or one of the last; older ones go. */
const BOOTS_KEPT = 8;

function lastNumber(db: SqliteDatabase, { tenantId, nodeUid, boot }: ReaderDenials): number {
  const sql =
    "SELECT last_number FROM reader_reports WHERE tenant_id = ? AND node_uid = ? AND boot = ?";
  const row = db.get(sql, tenantId, nodeUid, boot);
  return row === undefined ? 0 : integer(row, "last_number");
}

function saveNumber(db: SqliteDatabase, report: ReaderDenials, number: number): void {
  const { tenantId, nodeUid, boot, at } = report;
  const save =
    "INSERT INTO reader_reports VALUES (?,?,?,?,?) ON CONFLICT (tenant_id, node_uid, boot) " +
    "DO UPDATE SET last_number = excluded.last_number, at = excluded.at";
  db.run(save, tenantId, nodeUid, boot, number, at);
  const forget =
    "DELETE FROM reader_reports WHERE tenant_id = ?1 AND node_uid = ?2 AND boot <> ?3 AND boot " +
    "NOT IN (SELECT boot FROM reader_reports WHERE tenant_id = ?1 AND node_uid = ?2 " +
    "ORDER BY at DESC, boot LIMIT ?4)";
  db.run(forget, tenantId, nodeUid, boot, BOOTS_KEPT);
}

/** What readers refused by themselves. */
export function reportRecords(db: SqliteDatabase): ReportRecords {
  return {
    async recordReaderDenials(report) {
      return db.transaction(() => {
        let last = lastNumber(db, report);
        for (const { number, record } of report.denials) {
          if (number <= last) continue;
          const missing = number - last - 1;
          if (missing > 0) appendAudit(db, report.dropped(missing));
          appendDecision(db, record);
          last = number;
        }
        saveNumber(db, report, last);
        return last;
      });
    },
  };
}
