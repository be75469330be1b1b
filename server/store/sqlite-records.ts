import { integer } from "./columns.ts";
import { MIGRATIONS } from "./migrations.ts";
import type { Records } from "./records.ts";
import { toOperator } from "./row-readers.ts";
import { auditRecords } from "./sqlite-audit.ts";
import { badgeRecords } from "./sqlite-badges.ts";
import { cardRecords } from "./sqlite-cards.ts";
import { SqliteDatabase, type SqliteOptions } from "./sqlite-database.ts";
import { nodeRecords } from "./sqlite-nodes.ts";
import { readingRecords } from "./sqlite-readings.ts";
import { releaseRecords } from "./sqlite-releases.ts";
import { reportRecords } from "./sqlite-reports.ts";
import { tenantRecords } from "./sqlite-tenants.ts";
import { vaultRecords } from "./sqlite-vault.ts";

type OperatorRecords = Pick<Records, "addOperator" | "operator" | "removeOperator">;

function operatorRecords(db: SqliteDatabase): OperatorRecords {
  return {
    async addOperator({ name, role, tenantId = null }, tokenHash, at) {
      db.run("INSERT INTO operators VALUES (?,?,?,?,?)", tokenHash, name, role, tenantId, at);
    },
    async removeOperator(name, tenantId) {
      const sql = "DELETE FROM operators WHERE name = ? AND tenant_id IS ?";
      return db.run(sql, name, tenantId ?? null) > 0;
    },
    async operator(tokenHash) {
      const row = db.get("SELECT * FROM operators WHERE token_hash = ?", tokenHash);
      return row && toOperator(row);
    },
  };
}

/**
 * The records in one SQLite file, or in memory with `:memory:`.
 * @throws unavailable, storage-corrupt, unsupported-version
 */
export function openSqliteRecords(path: string, options: SqliteOptions = {}): Records {
  const db = new SqliteDatabase(path, MIGRATIONS, options);
  return {
    ...tenantRecords(db),
    ...vaultRecords(db),
    ...nodeRecords(db),
    ...badgeRecords(db),
    ...cardRecords(db),
    ...auditRecords(db),
    ...reportRecords(db),
    ...operatorRecords(db),
    ...readingRecords(db),
    async standing() {
      const schema = Number(db.get("PRAGMA user_version")?.["user_version"]);
      const newest = db.get("SELECT at FROM audit ORDER BY seq DESC LIMIT 1");
      const known = MIGRATIONS.length;
      db.requireRoom();
      return { schema, known, ...(newest && { newestAt: integer(newest, "at") }) };
    },
    // It is one process; the command line beside it makes nothing that is made once.
    alone: (work) => work(),
    ...releaseRecords(db),
    async sweep(nowAt, readingsBefore) {
      db.run("DELETE FROM enrol_tokens WHERE expires_at <= ?", nowAt);
      db.run("DELETE FROM readings WHERE received_at < ?", readingsBefore);
    },
    close: () => db.close(),
  };
}
