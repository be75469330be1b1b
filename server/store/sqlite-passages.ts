import type { PassageQuestion } from "../policy/passage.ts";
import { integer, text } from "./columns.ts";
import type { HeldRows, Judgement } from "./decision-rule.ts";
import { toPresence } from "./row-readers.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";

/** Of a tenant's rules; 0 before the first. */
export function policyRevision(db: SqliteDatabase, tenantId: string): number {
  const row = db.get("SELECT revision FROM policy_heads WHERE tenant_id = ?", tenantId);
  return row === undefined ? 0 : integer(row, "revision");
}

/** Who is where, and which zones are open to all. */
export function passageRows(
  db: SqliteDatabase,
  tenantId: string,
): Pick<HeldRows, "presence" | "openedOn"> {
  return {
    presence({ subject, zone }) {
      const sql = "SELECT * FROM presence WHERE tenant_id = ? AND subject = ? AND zone = ?";
      const row = db.get(sql, tenantId, subject, zone);
      return row && toPresence(row);
    },
    openedOn(zone) {
      const sql = "SELECT day FROM zone_openings WHERE tenant_id = ? AND zone = ?";
      const row = db.get(sql, tenantId, zone);
      return row && text(row, "day");
    },
  };
}

/** Within a transaction. */
export function savePassage(
  db: SqliteDatabase,
  tenantId: string,
  { zone, subject, at }: PassageQuestion,
  { presence, opened }: Judgement,
): void {
  if (presence !== undefined) {
    const { inside, cameAt = null } = presence;
    const put = "INSERT OR REPLACE INTO presence VALUES (?,?,?,?,?)";
    db.run(put, tenantId, subject, zone, Number(inside), cameAt);
  }
  if (opened !== undefined) {
    const put = "INSERT OR REPLACE INTO zone_openings VALUES (?,?,?,?,?)";
    db.run(put, tenantId, zone, opened, subject, at);
  }
}
