import { STATUS } from "../../protocol/human/status/bit-array.ts";
import { blob, integer } from "./columns.ts";
import type { HumanRecords } from "./humans.ts";
import { appendAudit } from "./sqlite-audit.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";

const REVOKE =
  "UPDATE human_statuses SET value = ? WHERE tenant_id = ? AND list = ? AND idx = ? AND value <> ?";

/** People's accounts and identifiers, all sealed, and the statuses of their credentials. */
export function humanRecords(db: SqliteDatabase): Omit<HumanRecords, "addTenantKey"> {
  return {
    async human(tenantId, account) {
      const sql = "SELECT sealed, revision FROM human_accounts WHERE tenant_id = ? AND account = ?";
      const row = db.get(sql, tenantId, account);
      return row && { sealed: blob(row, "sealed"), revision: integer(row, "revision") };
    },
    async humanIdentifier(tenantId, did) {
      const sql = "SELECT sealed FROM human_identifiers WHERE tenant_id = ? AND did = ?";
      const row = db.get(sql, tenantId, did);
      return row && blob(row, "sealed");
    },
    async saveHuman({ tenantId, account, replaces, sealed, identifiers, revoked, entry }) {
      return db.transaction(() => {
        const sql = "SELECT revision FROM human_accounts WHERE tenant_id = ? AND account = ?";
        const at = db.get(sql, tenantId, account);
        if ((at === undefined ? 0 : integer(at, "revision")) !== replaces) return false;
        const put = "INSERT OR REPLACE INTO human_accounts VALUES (?,?,?,?)";
        db.run(put, tenantId, account, sealed, replaces + 1);
        for (const row of identifiers)
          db.run(
            "INSERT OR REPLACE INTO human_identifiers VALUES (?,?,?)",
            ...[tenantId, row.did, row.sealed],
          );
        for (const { list, index } of revoked)
          db.run(REVOKE, STATUS.invalid, tenantId, list, index, STATUS.invalid);
        appendAudit(db, entry);
        return true;
      });
    },
    async takeStatus(tenantId, { list, index }, entry) {
      return db.transaction(() => {
        const sql = "INSERT OR IGNORE INTO human_statuses VALUES (?,?,?,?)";
        const free = db.run(sql, tenantId, list, index, STATUS.valid) === 1;
        if (free) appendAudit(db, entry);
        return free;
      });
    },
    async setStatus(tenantId, { list, index }, value, entry) {
      return db.transaction(() => {
        const changed = db.run(REVOKE, value, tenantId, list, index, STATUS.invalid) === 1;
        if (changed) appendAudit(db, entry);
        return changed;
      });
    },
    async statuses(tenantId, list) {
      const where = "FROM human_statuses WHERE tenant_id = ? AND list = ?";
      const count = db.get(`SELECT count(*) AS taken ${where}`, tenantId, list);
      const rows = db.all(`SELECT idx, value ${where} AND value <> 0 ORDER BY idx`, tenantId, list);
      return {
        taken: integer(count!, "taken"),
        set: rows.map((row) => ({ index: integer(row, "idx"), value: integer(row, "value") })),
      };
    },
  };
}
