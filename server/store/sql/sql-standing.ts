import { sql } from "kysely";
import { SCHEMA } from "../schema.ts";
import type { Standing } from "../standing.ts";
import type { Flavour } from "./flavour.ts";
import type { SqlDatabase } from "./sql-database.ts";

interface Row {
  readonly step: number;
  readonly newest: number | null;
  readonly now: number;
}

/** Unix seconds with their fraction, on the database's own clock. */
const NOW = {
  mariadb: sql<number>`unix_timestamp(now(3))`,
  postgres: sql<number>`extract(epoch from clock_timestamp())`,
};

/** Schema, clock and newest audit row in one question. @throws unavailable */
export function standingOf(database: SqlDatabase, { name }: Flavour): Promise<Standing> {
  return database.run(async (db) => {
    const asked = sql<Row>`SELECT step, ${NOW[name]} AS now,
      (SELECT max(audit.at) FROM audit_heads JOIN audit ON audit.tenant_id = audit_heads.tenant_id
        AND audit.seq = audit_heads.seq) AS newest FROM latchkey_schema`;
    const { rows } = await asked.execute(db);
    const { step = 0, now = 0, newest = null } = rows[0] ?? {};
    const standing = { schema: Number(step), known: SCHEMA.length, clockMs: Number(now) * 1000 };
    return newest === null ? standing : { ...standing, newestAt: Number(newest) };
  });
}
