import { integer } from "./columns.ts";
import { MIGRATIONS } from "./migrations.ts";
import type { Records } from "./records.ts";
import { auditRecords } from "./sqlite-audit.ts";
import { badgeRecords } from "./sqlite-badges.ts";
import { cardRecords } from "./sqlite-cards.ts";
import { SqliteDatabase, type SqliteOptions } from "./sqlite-database.ts";
import { doorRecords } from "./sqlite-doors.ts";
import { humanRecords } from "./sqlite-humans.ts";
import { mandateRecords } from "./sqlite-mandates.ts";
import { nodeRecords } from "./sqlite-nodes.ts";
import { operatorRecords } from "./sqlite-operators.ts";
import { policyRecords } from "./sqlite-policies.ts";
import { readingRecords } from "./sqlite-readings.ts";
import { releaseRecords } from "./sqlite-releases.ts";
import { reportRecords } from "./sqlite-reports.ts";
import { tenantRecords } from "./sqlite-tenants.ts";
import { uploadRecords } from "./sqlite-uploads.ts";
import { vaultRecords } from "./sqlite-vault.ts";
import { UPLOAD_KEPT_SECONDS } from "./uploads.ts";

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
    ...mandateRecords(db),
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
    ...doorRecords(db),
    ...policyRecords(db),
    ...releaseRecords(db),
    ...uploadRecords(db),
    ...humanRecords(db),
    async sweep(nowAt, readingsBefore) {
      db.run("DELETE FROM enrol_tokens WHERE expires_at <= ?", nowAt);
      db.run("DELETE FROM readings WHERE received_at < ?", readingsBefore);
      db.run("DELETE FROM uploads WHERE at < ?", nowAt - UPLOAD_KEPT_SECONDS);
    },
    close: () => db.close(),
  };
}
