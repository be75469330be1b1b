import type { Records } from "../records.ts";
import { UPLOAD_KEPT_SECONDS } from "../uploads.ts";
import type { DatabaseAddress } from "./database-url.ts";
import type { Flavour } from "./flavour.ts";
import { openMariaDb } from "./mariadb.ts";
import { openPostgres } from "./postgres.ts";
import { auditRecords } from "./sql-audit.ts";
import { badgeRecords, cardRecords } from "./sql-badges.ts";
import { auditAppender } from "./sql-chain.ts";
import { SqlDatabase } from "./sql-database.ts";
import { doorRecords } from "./sql-doors.ts";
import { humanRecords } from "./sql-humans.ts";
import { mandateRecords } from "./sql-mandates.ts";
import { migrateSql } from "./sql-migrate.ts";
import { nodeRecords } from "./sql-nodes.ts";
import { operatorRecords } from "./sql-operators.ts";
import { policyRecords } from "./sql-policies.ts";
import { readingRecords, sweepReadings } from "./sql-readings.ts";
import { releaseRecords } from "./sql-releases.ts";
import { reportRecords } from "./sql-reports.ts";
import { standingOf } from "./sql-standing.ts";
import { tenantRecords } from "./sql-tenants.ts";
import { uploadRecords } from "./sql-uploads.ts";
import { vaultRecords } from "./sql-vault.ts";

export function openFlavour(address: DatabaseAddress): Flavour {
  return address.flavour === "mariadb" ? openMariaDb(address) : openPostgres(address);
}

/**
 * The records in a MariaDB, MySQL or PostgreSQL database, which any number of replicas may use.
 * @throws unavailable, storage-corrupt, unsupported-version, config-invalid
 */
export async function openSqlRecords(address: DatabaseAddress): Promise<Records> {
  const flavour = openFlavour(address);
  const database = new SqlDatabase(flavour);
  try {
    await database.open(() => migrateSql(flavour));
  } catch (error) {
    await database.close();
    throw error;
  }
  const append = auditAppender(database);
  return {
    ...tenantRecords(database),
    ...vaultRecords(database),
    ...nodeRecords(database, append),
    ...badgeRecords(database, append),
    ...cardRecords(database, append),
    ...auditRecords(database),
    ...reportRecords(database, append),
    ...operatorRecords(database, append),
    ...mandateRecords(database, append),
    ...readingRecords(database, append),
    ...doorRecords(database),
    ...policyRecords(database, append),
    ...releaseRecords(database, append),
    ...uploadRecords(database),
    ...humanRecords(database, append),
    standing: () => standingOf(database, flavour),
    alone: (work) => database.alone(work),
    async sweep(nowAt, readingsBefore) {
      await database.run((db) =>
        db.deleteFrom("enrol_tokens").where("expires_at", "<=", nowAt).execute(),
      );
      await database.run((db) =>
        db
          .deleteFrom("uploads")
          .where("at", "<", nowAt - UPLOAD_KEPT_SECONDS)
          .execute(),
      );
      await sweepReadings(database, readingsBefore);
    },
    close: () => database.close(),
  };
}
