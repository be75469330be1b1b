import type { Presence } from "../../policy/passage.ts";
import { question } from "./question.ts";
import type { SqlDatabase, SqlTransaction } from "./sql-database.ts";
import { padded, piecesOf } from "./sql-lists.ts";

const heldHead = question((db, tenantId: string) =>
  db.selectFrom("policy_heads").select("revision").where("tenant_id", "=", tenantId).forUpdate(),
);

/**
 * The revision of a tenant's rules, held until the commit: a change of the rules comes before it
 * or after it. Of taps of one tenant it lets one after the other pass, so that what is found of
 * somebody's presence, also that there is no row yet, is still so when it is written.
 */
export async function holdRevision(db: SqlTransaction, tenantId: string): Promise<number> {
  const [row] = await heldHead(db, tenantId);
  return row?.revision ?? 0;
}

/** Where somebody is from now on. */
export interface PresenceCells extends Presence {
  readonly zone: string;
  readonly subject: string;
}

/** In place of what was known of them. The tenant's rules are held. */
export async function savePresences(
  database: SqlDatabase,
  db: SqlTransaction,
  tenantId: string,
  presences: readonly PresenceCells[],
): Promise<void> {
  for (const piece of piecesOf(presences)) {
    await db
      .deleteFrom("presence")
      .where("tenant_id", "=", tenantId)
      .where((of) =>
        of(
          of.refTuple("subject", "zone"),
          "in",
          piece.map(({ subject, zone }) => of.tuple(subject, zone)),
        ),
      )
      .execute();
    const cells = piece.map(({ subject, zone, inside, cameAt }) => ({
      ...{ tenant_id: tenantId, subject, zone, inside: Number(inside), came_at: cameAt ?? null },
    }));
    await database.add(() => db.insertInto("presence").values(cells).execute());
  }
}

/** The day for which a zone was opened, and by whom. */
export interface OpeningCells {
  readonly zone: string;
  readonly day: string;
  readonly subject: string;
  readonly at: number;
}

/** In place of the openings before. The tenant's rules are held. */
export async function saveOpenings(
  database: SqlDatabase,
  db: SqlTransaction,
  tenantId: string,
  openings: readonly OpeningCells[],
): Promise<void> {
  const zones = padded(openings.map(({ zone }) => zone));
  await db
    .deleteFrom("zone_openings")
    .where("tenant_id", "=", tenantId)
    .where("zone", "in", zones)
    .execute();
  const cells = openings.map((each) => ({ tenant_id: tenantId, ...each }));
  for (const piece of piecesOf(cells))
    await database.add(() => db.insertInto("zone_openings").values(piece).execute());
}
