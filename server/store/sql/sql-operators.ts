import { type SqlBool, sql } from "kysely";
import { OPERATOR_NAME_MAX, type OperatorRecords } from "../operators.ts";
import { toOperator } from "../row-readers.ts";
import type { Append } from "./sql-chain.ts";
import { found, type SqlDatabase } from "./sql-database.ts";

/** An operator of that tenant, or of none. */
const of = (tenantId: string | undefined) =>
  tenantId === undefined ? sql<SqlBool>`tenant_id IS NULL` : sql<SqlBool>`tenant_id = ${tenantId}`;

/** Operators and the hashes of their tokens. */
export function operatorRecords(database: SqlDatabase, append: Append): OperatorRecords {
  return {
    async addOperator({ name, role, tenantId = null }, tokenHash, at, entry) {
      const cells = { token_hash: tokenHash, name, role, tenant_id: tenantId, created_at: at };
      await database.transaction(async (db) => {
        await db.insertInto("operator_tokens").values(cells).execute();
        if (entry) await append(db, entry);
      });
    },
    async operator(tokenHash) {
      const row = await database.run((db) =>
        db
          .selectFrom("operator_tokens")
          .selectAll()
          .where("token_hash", "=", tokenHash)
          .executeTakeFirst(),
      );
      return row && toOperator(row);
    },
    async operators(tenantId, limit) {
      const rows = await database.run((db) =>
        db
          .selectFrom("operator_tokens")
          .selectAll()
          .where(of(tenantId))
          .where(sql<number>`char_length(name)`, "<=", OPERATOR_NAME_MAX)
          .orderBy("name")
          .orderBy("created_at")
          .orderBy("token_hash")
          .limit(sql.lit(limit))
          .execute(),
      );
      return rows.map((row) => ({ ...toOperator(row), createdAt: row.created_at }));
    },
    async setOperatorRole({ name, tenantId, role }, entry) {
      return database.transaction(async (db) => {
        const changed = await db
          .updateTable("operator_tokens")
          .set({ role })
          .where("name", "=", name)
          .where(of(tenantId))
          .executeTakeFirst();
        if (found(changed) === 0) return false;
        await append(db, entry);
        return true;
      });
    },
    async removeOperator(name, tenantId, entry) {
      return database.transaction(async (db) => {
        const removed = await db
          .deleteFrom("operator_tokens")
          .where("name", "=", name)
          .where(of(tenantId))
          .executeTakeFirst();
        if (removed.numDeletedRows === 0n) return false;
        if (entry) await append(db, entry);
        return true;
      });
    },
  };
}
