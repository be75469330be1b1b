import { blob, integer } from "./columns.ts";
import type { TenantRecords } from "./record-parts.ts";
import type { CommBatch } from "./records.ts";
import { toBatch, toTenant } from "./row-readers.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { requireActive } from "./sqlite-vault.ts";

/** Tenants, their sealed keys and their zones. */
export function tenantRecords(db: SqliteDatabase): TenantRecords {
  const addBatch = (tenantId: string, { batch, sealed }: CommBatch, at: number): void => {
    const sql = "INSERT INTO comm_batches (tenant_id, batch, sealed, created_at) VALUES (?,?,?,?)";
    db.run(sql, tenantId, batch, sealed, at);
  };
  return {
    async createTenant(
      { tenantId, name, registration, relayMs, createdAt },
      keys,
      batch,
      sealedUnder,
    ) {
      db.transaction(() => {
        requireActive(db, sealedUnder);
        const sql = "INSERT INTO tenants VALUES (?,?,?,?,?)";
        db.run(sql, tenantId, name, registration, relayMs, createdAt);
        for (const [key, sealed] of Object.entries(keys))
          db.run("INSERT INTO tenant_keys VALUES (?,?,?)", tenantId, key, sealed);
        addBatch(tenantId, batch, createdAt);
      });
    },
    async tenant(tenantId) {
      const row = db.get("SELECT * FROM tenants WHERE tenant_id = ?", tenantId);
      return row && toTenant(row);
    },
    async tenants() {
      return db.all("SELECT * FROM tenants ORDER BY created_at, tenant_id").map(toTenant);
    },
    async setRegistration(tenantId, policy) {
      const sql = "UPDATE tenants SET registration = ? WHERE tenant_id = ?";
      return db.run(sql, policy, tenantId) === 1;
    },
    async tenantKey(tenantId, name) {
      const sql = "SELECT sealed FROM tenant_keys WHERE tenant_id = ? AND name = ?";
      const row = db.get(sql, tenantId, name);
      return row && blob(row, "sealed");
    },
    async addTenantKey(tenantId, name, sealed, sealedUnder) {
      return db.transaction(() => {
        requireActive(db, sealedUnder);
        const sql = "INSERT INTO tenant_keys VALUES (?,?,?) ON CONFLICT DO NOTHING";
        return db.run(sql, tenantId, name, sealed) === 1;
      });
    },
    async commBatches(tenantId) {
      const sql =
        "SELECT batch, sealed FROM comm_batches WHERE tenant_id = ? " +
        "ORDER BY created_at DESC, batch LIMIT 16";
      const rows = db.all(sql, tenantId);
      return rows.map(toBatch);
    },
    async addCommBatch(tenantId, batch, sealedUnder, at) {
      db.transaction(() => {
        requireActive(db, sealedUnder);
        addBatch(tenantId, batch, at);
      });
    },
    async zoneRelayMs(tenantId, zone) {
      const sql = "SELECT relay_ms FROM zones WHERE tenant_id = ? AND zone = ?";
      const row = db.get(sql, tenantId, zone);
      return row && integer(row, "relay_ms");
    },
    async setZone(tenantId, zone, relayMs) {
      const sql =
        "INSERT INTO zones VALUES (?,?,?) " +
        "ON CONFLICT (tenant_id, zone) DO UPDATE SET relay_ms = excluded.relay_ms";
      db.run(sql, tenantId, zone, relayMs);
    },
  };
}
