import { LatchkeyError } from "../../../protocol/errors.ts";
import type { SealedKey, VaultRecords } from "../vault-rows.ts";
import { found, type SqlDatabase, type SqlTransaction } from "./sql-database.ts";

/** Within the transaction that stores what was sealed; holds the row. @throws conflict */
export async function requireActive(db: SqlTransaction, sealedUnder: string): Promise<void> {
  const row = await db.selectFrom("vault").select("active").forUpdate().executeTakeFirst();
  if (row !== undefined && row.active !== sealedUnder) throw new LatchkeyError("conflict");
}

/** The key-encryption keys by their ids, and what is sealed under them. */
export function vaultRecords(database: SqlDatabase): VaultRecords {
  return {
    async vaultState() {
      const row = await database.run((db) =>
        db.selectFrom("vault").select(["active", "retiring"]).executeTakeFirst(),
      );
      return row && { active: row.active, retiring: row.retiring ?? undefined };
    },
    changeVault(before, { active, retiring = null }) {
      return database.transaction(async (db) => {
        const row = await db.selectFrom("vault").selectAll().forUpdate().executeTakeFirst();
        if (row?.active !== before?.active) return false;
        if ((row?.retiring ?? undefined) !== before?.retiring) return false;
        await database.put(
          async () =>
            found(await db.updateTable("vault").set({ active, retiring }).executeTakeFirst()),
          () => db.insertInto("vault").values({ id: 1, active, retiring }).execute(),
        );
        return true;
      });
    },
    async sealedKeys() {
      return database.run(async (db) => {
        const keys = await db.selectFrom("tenant_keys").selectAll().execute();
        const batches = await db.selectFrom("comm_batches").selectAll().execute();
        const of = (kind: SealedKey["kind"], tenantId: string, name: string, bytes: Uint8Array) => {
          return { kind, tenantId, name, sealed: new Uint8Array(bytes) };
        };
        return [
          ...keys.map((row) => of("key", row.tenant_id, row.name, row.sealed)),
          ...batches.map((row) => of("batch", row.tenant_id, row.batch, row.sealed)),
        ];
      });
    },
    reseal({ kind, tenantId, name, sealed: before }, sealed) {
      return database.run(async (db) => {
        const where = { tenant_id: tenantId, sealed: before };
        const changed =
          kind === "key"
            ? db
                .updateTable("tenant_keys")
                .set({ sealed })
                .where((is) => is.and({ ...where, name }))
            : db
                .updateTable("comm_batches")
                .set({ sealed })
                .where((is) => is.and({ ...where, batch: name }));
        return found(await changed.executeTakeFirst()) === 1;
      });
    },
  };
}
