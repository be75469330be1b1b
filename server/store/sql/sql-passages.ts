import {
  judgePassage,
  type PassageQuestion,
  type PassageVerdict,
  type Presence,
} from "../../policy/passage.ts";
import { toPresence } from "../row-readers.ts";
import { found, type SqlDatabase, type SqlTransaction } from "./sql-database.ts";

/**
 * The revision of a tenant's rules, held until the commit: a change of the rules comes before it
 * or after it. Of taps of one tenant it lets one after the other pass, so that what is found of
 * somebody's presence, also that there is no row yet, is still so when it is written.
 */
export async function holdRevision(db: SqlTransaction, tenantId: string): Promise<number> {
  const row = await db
    .selectFrom("policy_heads")
    .select("revision")
    .where("tenant_id", "=", tenantId)
    .forUpdate()
    .executeTakeFirst();
  return row?.revision ?? 0;
}

async function savePresence(
  database: SqlDatabase,
  db: SqlTransaction,
  where: { readonly tenant_id: string; readonly subject: string; readonly zone: string },
  { inside, cameAt }: { readonly inside: boolean; readonly cameAt: number | undefined },
): Promise<void> {
  const cells = { inside: Number(inside), came_at: cameAt ?? null };
  await database.put(
    async () =>
      found(
        await db
          .updateTable("presence")
          .set(cells)
          .where((is) => is.and(where))
          .executeTakeFirst(),
      ),
    () =>
      db
        .insertInto("presence")
        .values({ ...where, ...cells })
        .execute(),
  );
}

async function saveOpening(
  database: SqlDatabase,
  db: SqlTransaction,
  where: { readonly tenant_id: string; readonly zone: string },
  cells: { readonly day: string; readonly subject: string; readonly at: number },
): Promise<void> {
  await database.put(
    async () =>
      found(
        await db
          .updateTable("zone_openings")
          .set(cells)
          .where((is) => is.and(where))
          .executeTakeFirst(),
      ),
    () =>
      db
        .insertInto("zone_openings")
        .values({ ...where, ...cells })
        .execute(),
  );
}

async function presenceOf(
  db: SqlTransaction,
  where: { readonly tenant_id: string; readonly subject: string; readonly zone: string },
): Promise<Presence | undefined> {
  const row = await db
    .selectFrom("presence")
    .selectAll()
    .where((is) => is.and(where))
    .forUpdate()
    .executeTakeFirst();
  return row && toPresence(row);
}

/** The last word over a passage; notes it when nothing is in its way. */
export async function notePassage(
  database: SqlDatabase,
  db: SqlTransaction,
  tenantId: string,
  question: PassageQuestion,
): Promise<PassageVerdict> {
  const { zone, subject, at, passback, firstPerson } = question;
  const inZone = { tenant_id: tenantId, zone };
  const who = { ...inZone, subject };
  const presence = passback && (await presenceOf(db, who));
  const opening =
    firstPerson &&
    (await db
      .selectFrom("zone_openings")
      .select("day")
      .where((is) => is.and(inZone))
      .forUpdate()
      .executeTakeFirst());
  const verdict = judgePassage(question, presence, opening?.day);
  if (verdict.obstacle !== undefined) return verdict;
  if (verdict.presence !== undefined) await savePresence(database, db, who, verdict.presence);
  if (verdict.opened !== undefined)
    await saveOpening(database, db, inZone, { day: verdict.opened, subject, at });
  return verdict;
}
