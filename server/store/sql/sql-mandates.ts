import { sql } from "kysely";
import type { MandateRecords } from "../mandates.ts";
import { toMandate } from "../row-readers.ts";
import type { Append } from "./sql-chain.ts";
import { found, type Sql, type SqlDatabase } from "./sql-database.ts";

const EXPIRED_AT_ONCE = 100;

/** Rows without the export, which may be large. */
function mandatesIn(db: Sql) {
  return db
    .selectFrom("mandates")
    .select([
      ...(["tenant_id", "mandate_id", "number", "country", "court", "identity_hash"] as const),
      ...(["salt", "registered_at", "registered_by", "window_ends_at", "state"] as const),
      "closed_at",
    ]);
}

/** Courts' orders. */
export function mandateRecords(database: SqlDatabase, append: Append): MandateRecords {
  return {
    async addMandate(mandate, sealedExport, entry) {
      const cells = {
        tenant_id: mandate.tenantId,
        mandate_id: mandate.mandateId,
        number: mandate.number,
        country: mandate.country,
        court: mandate.court,
        identity_hash: mandate.identityHash,
        salt: mandate.salt,
        registered_at: mandate.registeredAt,
        registered_by: mandate.registeredBy,
        window_ends_at: mandate.windowEndsAt,
        state: "open",
        sealed_export: sealedExport,
      } as const;
      await database.transaction(async (db) => {
        await db.insertInto("mandates").values(cells).execute();
        await append(db, entry);
      });
    },
    async mandate(tenantId, mandateId) {
      const row = await database.run((db) =>
        mandatesIn(db)
          .where("tenant_id", "=", tenantId)
          .where("mandate_id", "=", mandateId)
          .executeTakeFirst(),
      );
      return row && toMandate(row);
    },
    async mandates(tenantId, limit) {
      const rows = await database.run((db) =>
        mandatesIn(db)
          .where("tenant_id", "=", tenantId)
          .orderBy("registered_at", "desc")
          .orderBy("mandate_id")
          .limit(sql.lit(limit))
          .execute(),
      );
      return rows.map(toMandate);
    },
    async mandateExport(tenantId, mandateId) {
      const row = await database.run((db) =>
        db
          .selectFrom("mandates")
          .select("sealed_export")
          .where("tenant_id", "=", tenantId)
          .where("mandate_id", "=", mandateId)
          .where("state", "=", "open")
          .executeTakeFirst(),
      );
      return row?.sealed_export ? new Uint8Array(row.sealed_export) : undefined;
    },
    closeMandate({ tenantId, mandateId }, state, at, entry) {
      return database.transaction(async (db) => {
        const closed = await db
          .updateTable("mandates")
          .set({ state, closed_at: at, sealed_export: null })
          .where("tenant_id", "=", tenantId)
          .where("mandate_id", "=", mandateId)
          .where("state", "=", "open")
          .where("window_ends_at", ">", at)
          .executeTakeFirst();
        if (found(closed) !== 1) return false;
        await append(db, entry);
        return true;
      });
    },
    async expireMandates(nowAt, entry) {
      const over = await database.run((db) =>
        mandatesIn(db)
          .where("state", "=", "open")
          .where("window_ends_at", "<=", nowAt)
          .limit(sql.lit(EXPIRED_AT_ONCE))
          .execute(),
      );
      for (const mandate of over.map(toMandate))
        await database.transaction(async (db) => {
          const expired = await db
            .updateTable("mandates")
            .set({ state: "expired", closed_at: nowAt, sealed_export: null })
            .where("tenant_id", "=", mandate.tenantId)
            .where("mandate_id", "=", mandate.mandateId)
            .where("state", "=", "open")
            .executeTakeFirst();
          // Another replica sweeps too.
          if (found(expired) === 1) await append(db, entry(mandate));
        });
    },
  };
}
