import { sql } from "kysely";
import type { TenantRecords } from "../record-parts.ts";
import type { CommBatch } from "../records.ts";
import { toBatch, toTenant } from "../row-readers.ts";
import { question } from "./question.ts";
import { found, type Sql, type SqlDatabase } from "./sql-database.ts";
import { requireActive } from "./sql-vault.ts";

const BATCHES_MAX = 16;

async function addBatch(
  db: Sql,
  tenantId: string,
  { batch, sealed }: CommBatch,
  at: number,
): Promise<void> {
  const cells = { tenant_id: tenantId, batch, sealed, created_at: at };
  await db.insertInto("comm_batches").values(cells).execute();
}

const oneTenant = question((db, tenantId: string) =>
  db.selectFrom("tenants").selectAll().where("tenant_id", "=", tenantId),
);

const oneKey = question((db, tenantId: string, name: string) =>
  db
    .selectFrom("tenant_keys")
    .select("sealed")
    .where("tenant_id", "=", tenantId)
    .where("name", "=", name),
);

const oneZone = question((db, tenantId: string, zone: string) =>
  db
    .selectFrom("zones")
    .select("relay_ms")
    .where("tenant_id", "=", tenantId)
    .where("zone", "=", zone),
);

/** Tenants, their sealed keys and their zones. */
export function tenantRecords(database: SqlDatabase): TenantRecords {
  return {
    async createTenant(
      { tenantId, name, registration, relayMs, createdAt },
      keys,
      batch,
      sealedUnder,
    ) {
      const row = { tenant_id: tenantId, name, registration };
      const cells = { ...row, relay_ms: relayMs, created_at: createdAt };
      await database.transaction(async (db) => {
        await requireActive(db, sealedUnder);
        await db.insertInto("tenants").values(cells).execute();
        const named = Object.entries(keys);
        const keyRows = named.map(([key, sealed]) => ({ tenant_id: tenantId, name: key, sealed }));
        await db.insertInto("tenant_keys").values(keyRows).execute();
        await addBatch(db, tenantId, batch, createdAt);
      });
    },
    async tenant(tenantId) {
      const [row] = await database.run((db) => oneTenant(db, tenantId));
      return row && toTenant(row);
    },
    async tenants() {
      const rows = await database.run((db) =>
        db.selectFrom("tenants").selectAll().orderBy("created_at").orderBy("tenant_id").execute(),
      );
      return rows.map(toTenant);
    },
    async setRegistration(tenantId, registration) {
      const changed = await database.run((db) =>
        db
          .updateTable("tenants")
          .set({ registration })
          .where("tenant_id", "=", tenantId)
          .executeTakeFirst(),
      );
      return found(changed) === 1;
    },
    async tenantKey(tenantId, name) {
      const [row] = await database.run((db) => oneKey(db, tenantId, name));
      return row && new Uint8Array(row.sealed);
    },
    addTenantKey(tenantId, name, sealed, sealedUnder) {
      return database.transaction(async (db) => {
        await requireActive(db, sealedUnder);
        const where = { tenant_id: tenantId, name };
        const known = await db
          .selectFrom("tenant_keys")
          .select("name")
          .where((is) => is.and(where))
          .executeTakeFirst();
        if (known !== undefined) return false;
        const cells = { ...where, sealed };
        await database.add(() => db.insertInto("tenant_keys").values(cells).execute());
        return true;
      });
    },
    async commBatches(tenantId) {
      const rows = await database.run((db) =>
        db
          .selectFrom("comm_batches")
          .select(["batch", "sealed"])
          .where("tenant_id", "=", tenantId)
          .orderBy("created_at", "desc")
          .orderBy("batch")
          .limit(sql.lit(BATCHES_MAX))
          .execute(),
      );
      return rows.map(toBatch);
    },
    async addCommBatch(tenantId, batch, sealedUnder, at) {
      await database.transaction(async (db) => {
        await requireActive(db, sealedUnder);
        await addBatch(db, tenantId, batch, at);
      });
    },
    async zoneRelayMs(tenantId, zone) {
      const [row] = await database.run((db) => oneZone(db, tenantId, zone));
      return row?.relay_ms;
    },
    async setZone(tenantId, zone, relayMs) {
      await database.transaction((db) =>
        database.put(
          async () =>
            found(
              await db
                .updateTable("zones")
                .set({ relay_ms: relayMs })
                .where("tenant_id", "=", tenantId)
                .where("zone", "=", zone)
                .executeTakeFirst(),
            ),
          () =>
            db
              .insertInto("zones")
              .values({ tenant_id: tenantId, zone, relay_ms: relayMs })
              .execute(),
        ),
      );
    },
  };
}
