import { sql } from "kysely";
import { badgeRegistered, badgeScopeChanged, badgeStatusChanged } from "../audit-entries.ts";
import type { BadgeChange, CardRow } from "../card-rows.ts";
import type { BadgeRecords, CardRecords } from "../record-parts.ts";
import { BADGE_STATUSES, type BadgeStatus, type NewBadge } from "../records.ts";
import { scopeText, toBadge, toCard } from "../row-readers.ts";
import { question } from "./question.ts";
import type { Append } from "./sql-chain.ts";
import { found, type Sql, type SqlDatabase, type SqlTransaction } from "./sql-database.ts";

/** Stores a badge with its audit entry. @throws conflict */
async function insertBadge(
  db: SqlTransaction,
  append: Append,
  badge: NewBadge,
  readCounter = -1,
  by?: string,
): Promise<void> {
  const { tenantId, badgeUid, badgePk, mode, nodeUid = null, holder, label = null } = badge;
  const { scope, createdAt, profile } = badge;
  const who = { tenant_id: tenantId, badge_uid: badgeUid, badge_pk: badgePk, node_uid: nodeUid };
  const said = { mode, profile, holder, label, scope: scopeText(scope) };
  const cells = { ...who, ...said, status: "active", read_counter: readCounter } as const;
  await db
    .insertInto("badges")
    .values({ ...cells, created_at: createdAt })
    .execute();
  await append(db, badgeRegistered(badge, by));
}

async function changeCells(
  db: SqlTransaction,
  tenantId: string,
  badgeUid: string,
  cells: { readonly status?: BadgeStatus; scope?: string | null; read_counter?: number },
  from: readonly BadgeStatus[] = BADGE_STATUSES,
): Promise<boolean> {
  const changed = await db
    .updateTable("badges")
    .set(cells)
    .where("tenant_id", "=", tenantId)
    .where("badge_uid", "=", badgeUid)
    .where("status", "in", from)
    .executeTakeFirst();
  return found(changed) === 1;
}

/** With what the journal of cards knows of each. */
function badgesOf(db: Sql, tenantId: string) {
  return db
    .selectFrom("badges as b")
    .leftJoin("cards as c", (join) =>
      join.onRef("c.tenant_id", "=", "b.tenant_id").onRef("c.badge_uid", "=", "b.badge_uid"),
    )
    .selectAll("b")
    .select((of) => [
      of.fn.coalesce("c.generation", of.lit(1)).as("generation"),
      of.fn.coalesce("c.writing", of.lit(0)).as("writing"),
    ])
    .where("b.tenant_id", "=", tenantId);
}

const oneBadge = question((db, tenantId: string, badgeUid: string) =>
  badgesOf(db, tenantId).where("b.badge_uid", "=", badgeUid),
);

/** Badges. */
export function badgeRecords(database: SqlDatabase, append: Append): BadgeRecords {
  return {
    async createBadge(badge, by) {
      await database.transaction((db) => insertBadge(db, append, badge, -1, by));
    },
    async badge(tenantId, badgeUid) {
      const [row] = await database.run((db) => oneBadge(db, tenantId, badgeUid));
      return row && toBadge(row);
    },
    async badges(tenantId, limit, after = "") {
      const rows = await database.run((db) =>
        badgesOf(db, tenantId)
          .where("b.badge_uid", ">", after)
          .orderBy("b.badge_uid")
          .limit(sql.lit(limit))
          .execute(),
      );
      return rows.map(toBadge);
    },
    setBadgeStatus(tenantId, badgeUid, status, at, { from, by } = {}) {
      return database.transaction(async (db) => {
        const changed = await changeCells(db, tenantId, badgeUid, { status }, from);
        if (changed) await append(db, badgeStatusChanged(tenantId, badgeUid, status, at, by));
        return changed;
      });
    },
    setBadgeScope(tenantId, badgeUid, scope, at) {
      return database.transaction(async (db) => {
        const changed = await changeCells(db, tenantId, badgeUid, { scope: scopeText(scope) });
        if (changed) await append(db, badgeScopeChanged(tenantId, badgeUid, scope, at));
        return changed;
      });
    },
  };
}

/** Compare and set: true when the row was still at that revision. */
async function storeRow(
  database: SqlDatabase,
  db: SqlTransaction,
  card: CardRow,
): Promise<boolean> {
  const { tenantId, badgeUid, revision, generation, generationMax, lock, job } = card;
  const where = { tenant_id: tenantId, badge_uid: badgeUid };
  const jobText = job === undefined ? null : JSON.stringify(job);
  const state = { generation, generation_max: generationMax, lock, writing: Number(card.writing) };
  const cells = { ...state, job: jobText, revision: revision + 1 };
  if (revision > 0) {
    const changed = await db
      .updateTable("cards")
      .set(cells)
      .where((is) => is.and({ ...where, revision }))
      .executeTakeFirst();
    return found(changed) === 1;
  }
  const known = await db
    .selectFrom("cards")
    .select("revision")
    .where((is) => is.and(where))
    .executeTakeFirst();
  if (known !== undefined) return false;
  await database.add(() =>
    db
      .insertInto("cards")
      .values({ ...where, ...cells })
      .execute(),
  );
  return true;
}

/** The journal of work on chips. */
export function cardRecords(database: SqlDatabase, append: Append): CardRecords {
  async function changeBadge(
    db: SqlTransaction,
    { tenantId, badgeUid }: CardRow,
    change: BadgeChange,
  ): Promise<void> {
    if (change.kind === "register") await insertBadge(db, append, change.badge, change.readCounter);
    if (change.kind === "remove")
      await db
        .deleteFrom("badges")
        .where("tenant_id", "=", tenantId)
        .where("badge_uid", "=", badgeUid)
        .execute();
    if (change.kind === "recount")
      await changeCells(db, tenantId, badgeUid, { read_counter: change.readCounter });
  }

  return {
    async card(tenantId, badgeUid) {
      const row = await database.run((db) =>
        db
          .selectFrom("cards")
          .selectAll()
          .where("tenant_id", "=", tenantId)
          .where("badge_uid", "=", badgeUid)
          .executeTakeFirst(),
      );
      return row && toCard(row);
    },
    saveCard({ card, badge, entry }) {
      return database.transaction(async (db) => {
        if (!(await storeRow(database, db, card))) return false;
        if (badge !== undefined) await changeBadge(db, card, badge);
        if (entry !== undefined) await append(db, entry);
        return true;
      });
    },
  };
}
