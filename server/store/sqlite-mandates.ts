import { blob } from "./columns.ts";
import type { MandateRecords } from "./mandates.ts";
import { toMandate } from "./row-readers.ts";
import { appendAudit } from "./sqlite-audit.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";

/** Courts' orders. */
export function mandateRecords(db: SqliteDatabase): MandateRecords {
  return {
    async addMandate(mandate, sealedExport, entry) {
      const { tenantId, mandateId, number, country, court, identityHash, salt } = mandate;
      const { registeredAt, registeredBy, windowEndsAt } = mandate;
      const said = [tenantId, mandateId, number, country, court, identityHash, salt] as const;
      db.transaction(() => {
        const sql =
          "INSERT INTO mandates (tenant_id, mandate_id, number, country, court, identity_hash, " +
          "salt, registered_at, registered_by, window_ends_at, state, sealed_export) " +
          "VALUES (?,?,?,?,?,?,?,?,?,?,'open',?)";
        db.run(sql, ...said, registeredAt, registeredBy, windowEndsAt, sealedExport);
        appendAudit(db, entry);
      });
    },
    async mandate(tenantId, mandateId) {
      const sql = "SELECT * FROM mandates WHERE tenant_id = ? AND mandate_id = ?";
      const row = db.get(sql, tenantId, mandateId);
      return row && toMandate(row);
    },
    async mandates(tenantId, limit) {
      const sql =
        "SELECT * FROM mandates WHERE tenant_id = ? " +
        "ORDER BY registered_at DESC, mandate_id LIMIT ?";
      return db.all(sql, tenantId, limit).map(toMandate);
    },
    async mandateExport(tenantId, mandateId) {
      const sql =
        "SELECT sealed_export FROM mandates " +
        "WHERE tenant_id = ? AND mandate_id = ? AND state = 'open'";
      const row = db.get(sql, tenantId, mandateId);
      return row && blob(row, "sealed_export");
    },
    async closeMandate({ tenantId, mandateId }, state, at, entry) {
      return db.transaction(() => {
        const sql =
          "UPDATE mandates SET state = ?1, closed_at = ?2, sealed_export = NULL " +
          "WHERE tenant_id = ?3 AND mandate_id = ?4 AND state = 'open' AND window_ends_at > ?2";
        if (db.run(sql, state, at, tenantId, mandateId) !== 1) return false;
        appendAudit(db, entry);
        return true;
      });
    },
    async expireMandates(nowAt, entry) {
      const over = "SELECT * FROM mandates WHERE state = 'open' AND window_ends_at <= ?";
      if (db.get(over, nowAt) === undefined) return;
      db.transaction(() => {
        for (const mandate of db.all(over, nowAt).map(toMandate)) {
          const sql =
            "UPDATE mandates SET state = 'expired', closed_at = ?, sealed_export = NULL " +
            "WHERE tenant_id = ? AND mandate_id = ?";
          db.run(sql, nowAt, mandate.tenantId, mandate.mandateId);
          appendAudit(db, entry(mandate));
        }
      });
    },
  };
}
