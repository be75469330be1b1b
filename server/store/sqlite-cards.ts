import type { BadgeChange, CardRow } from "./card-rows.ts";
import type { CardRecords } from "./record-parts.ts";
import { toCard } from "./row-readers.ts";
import { appendAudit } from "./sqlite-audit.ts";
import { insertBadge } from "./sqlite-badges.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";

/** Compare and set: true when the row was still at that revision. */
function storeRow(db: SqliteDatabase, card: CardRow): boolean {
  const { tenantId, badgeUid, revision, generation, generationMax, lock, writing, job } = card;
  const state = [generation, generationMax, lock, Number(writing)] as const;
  const jobText = job === undefined ? null : JSON.stringify(job);
  if (revision === 0) {
    const sql = "INSERT INTO cards VALUES (?,?,1,?,?,?,?,?) ON CONFLICT DO NOTHING";
    return db.run(sql, tenantId, badgeUid, ...state, jobText) === 1;
  }
  const sql =
    "UPDATE cards SET revision = revision + 1, generation = ?, generation_max = ?, lock = ?, " +
    "writing = ?, job = ? WHERE tenant_id = ? AND badge_uid = ? AND revision = ?";
  return db.run(sql, ...state, jobText, tenantId, badgeUid, revision) === 1;
}

function changeBadge(db: SqliteDatabase, card: CardRow, change: BadgeChange): void {
  const { tenantId, badgeUid } = card;
  if (change.kind === "register") insertBadge(db, change.badge, change.readCounter);
  if (change.kind === "remove")
    db.run("DELETE FROM badges WHERE tenant_id = ? AND badge_uid = ?", tenantId, badgeUid);
  if (change.kind === "recount") {
    const sql = "UPDATE badges SET read_counter = ? WHERE tenant_id = ? AND badge_uid = ?";
    db.run(sql, change.readCounter, tenantId, badgeUid);
  }
}

/** The journal of work on chips. */
export function cardRecords(db: SqliteDatabase): CardRecords {
  return {
    async card(tenantId, badgeUid) {
      const sql = "SELECT * FROM cards WHERE tenant_id = ? AND badge_uid = ?";
      const row = db.get(sql, tenantId, badgeUid);
      return row && toCard(row);
    },
    async saveCard({ card, badge, entry }) {
      return db.transaction(() => {
        if (!storeRow(db, card)) return false;
        if (badge !== undefined) changeBadge(db, card, badge);
        if (entry !== undefined) appendAudit(db, entry);
        return true;
      });
    },
  };
}
