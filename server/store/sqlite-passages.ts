import { judgePassage, type PassageQuestion, type PassageVerdict } from "../policy/passage.ts";
import { integer, text } from "./columns.ts";
import { toPresence } from "./row-readers.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";

/** Of a tenant's rules; 0 before the first. */
export function policyRevision(db: SqliteDatabase, tenantId: string): number {
  const row = db.get("SELECT revision FROM policy_heads WHERE tenant_id = ?", tenantId);
  return row === undefined ? 0 : integer(row, "revision");
}

/** The last word over a passage; notes it when nothing is in its way. Within a transaction. */
export function notePassage(
  db: SqliteDatabase,
  tenantId: string,
  question: PassageQuestion,
): PassageVerdict {
  const { zone, subject, at } = question;
  const was = "SELECT * FROM presence WHERE tenant_id = ? AND subject = ? AND zone = ?";
  const presence = question.passback && db.get(was, tenantId, subject, zone);
  const opening = "SELECT day FROM zone_openings WHERE tenant_id = ? AND zone = ?";
  const opened = question.firstPerson && db.get(opening, tenantId, zone);
  const verdict = judgePassage(
    question,
    presence && toPresence(presence),
    opened && text(opened, "day"),
  );
  if (verdict.obstacle !== undefined) return verdict;
  if (verdict.presence !== undefined) {
    const { inside, cameAt = null } = verdict.presence;
    const put = "INSERT OR REPLACE INTO presence VALUES (?,?,?,?,?)";
    db.run(put, tenantId, subject, zone, Number(inside), cameAt);
  }
  if (verdict.opened !== undefined) {
    const put = "INSERT OR REPLACE INTO zone_openings VALUES (?,?,?,?,?)";
    db.run(put, tenantId, zone, verdict.opened, subject, at);
  }
  return verdict;
}
