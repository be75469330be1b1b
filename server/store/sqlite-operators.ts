import { integer } from "./columns.ts";
import { OPERATOR_NAME_MAX, type OperatorRecords } from "./operators.ts";
import { toOperator } from "./row-readers.ts";
import { appendAudit } from "./sqlite-audit.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";

/** Operators and the hashes of their tokens. */
export function operatorRecords(db: SqliteDatabase): OperatorRecords {
  return {
    async addOperator({ name, role, tenantId = null }, tokenHash, at, entry) {
      db.transaction(() => {
        const sql =
          "INSERT INTO operator_tokens (token_hash, name, role, tenant_id, created_at) " +
          "VALUES (?,?,?,?,?)";
        db.run(sql, tokenHash, name, role, tenantId, at);
        if (entry) appendAudit(db, entry);
      });
    },
    async operator(tokenHash) {
      const row = db.get("SELECT * FROM operator_tokens WHERE token_hash = ?", tokenHash);
      return row && toOperator(row);
    },
    async operators(tenantId, limit) {
      const sql =
        "SELECT * FROM operator_tokens WHERE tenant_id IS ? AND length(name) <= ? " +
        "ORDER BY name, created_at, token_hash LIMIT ?";
      const rows = db.all(sql, tenantId ?? null, OPERATOR_NAME_MAX, limit);
      return rows.map((row) => ({ ...toOperator(row), createdAt: integer(row, "created_at") }));
    },
    async setOperatorRole({ name, tenantId, role }, entry) {
      return db.transaction(() => {
        const sql = "UPDATE operator_tokens SET role = ? WHERE name = ? AND tenant_id IS ?";
        const found = db.run(sql, role, name, tenantId ?? null) > 0;
        if (found) appendAudit(db, entry);
        return found;
      });
    },
    async removeOperator(name, tenantId, entry) {
      return db.transaction(() => {
        const sql = "DELETE FROM operator_tokens WHERE name = ? AND tenant_id IS ?";
        const found = db.run(sql, name, tenantId ?? null) > 0;
        if (found && entry) appendAudit(db, entry);
        return found;
      });
    },
  };
}
