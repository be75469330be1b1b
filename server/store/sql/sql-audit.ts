import { sql } from "kysely";
import type { AuditRecords } from "../record-parts.ts";
import { toAlarm, toAuditRow } from "../row-readers.ts";
import { SharedCommits } from "./shared-commits.ts";
import type { SqlDatabase } from "./sql-database.ts";

/** Decisions, the audit log and alarms. */
export function auditRecords(database: SqlDatabase): AuditRecords {
  const commits = new SharedCommits(database);
  return {
    async audit(entry) {
      await commits.add({ fresh: { entry } });
    },
    recordDecision: (fresh, step) => commits.add({ fresh, step }),
    recordPassage: (fresh, step) => commits.add({ fresh, step }),
    async auditRows(tenantId, limit, after = 0) {
      const rows = await database.run((db) =>
        db
          .selectFrom("audit")
          .selectAll()
          .where("tenant_id", "=", tenantId)
          .where("seq", ">", after)
          .orderBy("seq")
          .limit(sql.lit(limit))
          .execute(),
      );
      return rows.map(toAuditRow);
    },
    async alarms(tenantId, limit, after = Number.MAX_SAFE_INTEGER) {
      const rows = await database.run((db) =>
        db
          .selectFrom("alarms")
          .selectAll()
          .where("tenant_id", "=", tenantId)
          .where("id", "<", after)
          .orderBy("id", "desc")
          .limit(sql.lit(limit))
          .execute(),
      );
      return rows.map(toAlarm);
    },
  };
}
