import { STATUS } from "../../../protocol/human/status/bit-array.ts";
import type { HumanRecords, StatusPlace } from "../humans.ts";
import type { Append } from "./sql-chain.ts";
import { found, type SqlDatabase, type SqlTransaction } from "./sql-database.ts";

type OwnRecords = Omit<HumanRecords, "addTenantKey">;

/** How many rows it changed: none that is revoked, or that nobody has. */
async function changeStatus(
  db: SqlTransaction,
  tenantId: string,
  { list, index }: StatusPlace,
  value: number,
): Promise<number> {
  const row = await db
    .selectFrom("human_statuses")
    .select("value")
    .where((is) => is.and({ tenant_id: tenantId, list, idx: index }))
    .forUpdate()
    .executeTakeFirst();
  // Not left to the number of changed rows, in which MariaDB does not count equal ones.
  if (row === undefined || row.value === STATUS.invalid) return 0;
  await db
    .updateTable("human_statuses")
    .set({ value })
    .where((is) => is.and({ tenant_id: tenantId, list, idx: index }))
    .execute();
  return 1;
}

/** People's accounts and identifiers, all sealed, and the statuses of their credentials. */
export function humanRecords(database: SqlDatabase, append: Append): OwnRecords {
  return {
    async human(tenantId, account) {
      const row = await database.run((db) =>
        db
          .selectFrom("human_accounts")
          .select(["sealed", "revision"])
          .where((is) => is.and({ tenant_id: tenantId, account }))
          .executeTakeFirst(),
      );
      return row && { sealed: new Uint8Array(row.sealed), revision: row.revision };
    },
    async humanIdentifier(tenantId, did) {
      const row = await database.run((db) =>
        db
          .selectFrom("human_identifiers")
          .select("sealed")
          .where((is) => is.and({ tenant_id: tenantId, did }))
          .executeTakeFirst(),
      );
      return row && new Uint8Array(row.sealed);
    },
    saveHuman({ tenantId, account, replaces, sealed, identifiers, revoked, entry }) {
      return database.transaction(async (db) => {
        const where = { tenant_id: tenantId, account };
        const at = await db
          .selectFrom("human_accounts")
          .select("revision")
          .where((is) => is.and(where))
          .forUpdate()
          .executeTakeFirst();
        if ((at?.revision ?? 0) !== replaces) return false;
        const cells = { sealed, revision: replaces + 1 };
        if (at === undefined)
          await database.add(() =>
            db
              .insertInto("human_accounts")
              .values({ ...where, ...cells })
              .execute(),
          );
        else
          await db
            .updateTable("human_accounts")
            .set(cells)
            .where((is) => is.and(where))
            .execute();
        for (const row of identifiers) await putIdentifier(database, db, tenantId, row);
        for (const place of revoked) await changeStatus(db, tenantId, place, STATUS.invalid);
        await append(db, entry);
        return true;
      });
    },
    takeStatus(tenantId, { list, index }, entry) {
      return database.transaction(async (db) => {
        const where = { tenant_id: tenantId, list, idx: index };
        const taken = await db
          .selectFrom("human_statuses")
          .select("value")
          .where((is) => is.and(where))
          .executeTakeFirst();
        if (taken !== undefined) return false;
        const cells = { ...where, value: STATUS.valid };
        await database.add(() => db.insertInto("human_statuses").values(cells).execute());
        await append(db, entry);
        return true;
      });
    },
    setStatus(tenantId, place, value, entry) {
      return database.transaction(async (db) => {
        if ((await changeStatus(db, tenantId, place, value)) === 0) return false;
        await append(db, entry);
        return true;
      });
    },
    statuses(tenantId, list) {
      return database.run(async (db) => {
        const rows = db
          .selectFrom("human_statuses")
          .where((is) => is.and({ tenant_id: tenantId, list }));
        const count = await rows
          .select((of) => of.fn.countAll().as("taken"))
          .executeTakeFirstOrThrow();
        const set = await rows
          .select(["idx as index", "value"])
          .where("value", "<>", STATUS.valid)
          .orderBy("idx")
          .execute();
        return { taken: Number(count.taken), set };
      });
    },
  };
}

/** Changes the row or adds it; its account is held, so nobody comes in between. */
async function putIdentifier(
  database: SqlDatabase,
  db: SqlTransaction,
  tenantId: string,
  { did, sealed }: { readonly did: Uint8Array; readonly sealed: Uint8Array },
): Promise<void> {
  const where = { tenant_id: tenantId, did };
  await database.put(
    async () =>
      found(
        await db
          .updateTable("human_identifiers")
          .set({ sealed })
          .where((is) => is.and(where))
          .executeTakeFirst(),
      ),
    () =>
      db
        .insertInto("human_identifiers")
        .values({ ...where, sealed })
        .execute(),
  );
}
