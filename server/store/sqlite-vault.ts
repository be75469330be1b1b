import { LatchkeyError } from "../../protocol/errors.ts";
import { blob, optionalText, text } from "./columns.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import type { SealedKey, VaultRecords, VaultState } from "./vault-rows.ts";

function vaultState(db: SqliteDatabase): VaultState | undefined {
  const row = db.get("SELECT active, retiring FROM vault");
  return row && { active: text(row, "active"), retiring: optionalText(row, "retiring") };
}

/** Within the transaction that stores what was sealed. @throws conflict */
export function requireActive(db: SqliteDatabase, sealedUnder: string): void {
  const state = vaultState(db);
  if (state !== undefined && state.active !== sealedUnder) throw new LatchkeyError("conflict");
}

/** The key-encryption keys by their ids, and what is sealed under them. */
export function vaultRecords(db: SqliteDatabase): VaultRecords {
  return {
    async vaultState() {
      return vaultState(db);
    },
    async changeVault(before, { active, retiring = null }) {
      if (before === undefined) {
        const sql = "INSERT INTO vault VALUES (1,?,?) ON CONFLICT DO NOTHING";
        return db.run(sql, active, retiring) === 1;
      }
      const sql = "UPDATE vault SET active = ?, retiring = ? WHERE active = ? AND retiring IS ?";
      return db.run(sql, active, retiring, before.active, before.retiring ?? null) === 1;
    },
    async sealedKeys() {
      const sql =
        "SELECT 'key' AS kind, tenant_id, name, sealed FROM tenant_keys UNION ALL " +
        "SELECT 'batch', tenant_id, batch, sealed FROM comm_batches";
      return db.all(sql).map((row) => ({
        kind: text(row, "kind") as SealedKey["kind"],
        tenantId: text(row, "tenant_id"),
        name: text(row, "name"),
        sealed: blob(row, "sealed"),
      }));
    },
    async reseal({ kind, tenantId, name, sealed: before }, sealed) {
      const [table, column] = kind === "key" ? ["tenant_keys", "name"] : ["comm_batches", "batch"];
      const sql = `UPDATE ${table} SET sealed = ? WHERE tenant_id = ? AND ${column} = ? AND sealed = ?`;
      return db.run(sql, sealed, tenantId, name, before) === 1;
    },
  };
}
