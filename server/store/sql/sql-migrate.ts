import { sql } from "kysely";
import { LatchkeyError } from "../../../protocol/errors.ts";
import { SCHEMA } from "../schema.ts";
import type { Flavour } from "./flavour.ts";
import type { Sql } from "./sql-database.ts";

/** Tables that are only added to, also by ourselves. */
const APPEND_ONLY: readonly string[] = ["audit"];

/**
 * How far a database is: steps taken whole, and statements of the next one. A database that makes
 * tables outside of transactions may have been interrupted within a step.
 */
interface Progress {
  readonly step: number;
  readonly statement: number;
}

const CREATE_VERSION =
  "CREATE TABLE latchkey_schema (id INTEGER PRIMARY KEY CHECK (id = 1), " +
  "step INTEGER NOT NULL, statement INTEGER NOT NULL)";

async function progressOf(db: Sql): Promise<Progress> {
  const { rows } = await sql<Progress>`SELECT step, statement FROM latchkey_schema`.execute(db);
  const [row] = rows;
  return { step: Number(row?.step ?? 0), statement: Number(row?.statement ?? 0) };
}

async function note(db: Sql, { step, statement }: Progress): Promise<void> {
  await sql`UPDATE latchkey_schema SET step = ${step}, statement = ${statement}`.execute(db);
}

/** Whether the table of the version had to be made. */
async function begin(db: Sql, flavour: Flavour): Promise<boolean> {
  try {
    await sql`SELECT step FROM latchkey_schema`.execute(db);
  } catch (error) {
    if (flavour.meaning(error) !== undefined) throw error;
    await sql.raw(CREATE_VERSION).execute(db);
  }
  const { rows } = await sql`SELECT step FROM latchkey_schema`.execute(db);
  if (rows.length > 0) return false;
  await sql`INSERT INTO latchkey_schema (id, step, statement) VALUES (1, 0, 0)`.execute(db);
  return true;
}

async function statementsOf(flavour: Flavour): Promise<readonly (readonly string[])[]> {
  const types = await flavour.types();
  const [first = [], ...others] = SCHEMA.map((step) => step(types));
  return [[...first, ...APPEND_ONLY.flatMap(flavour.appendOnly)], ...others];
}

interface Schema {
  readonly flavour: Flavour;
  readonly steps: readonly (readonly string[])[];
}

/** The rest of a step, statement by statement, each noted when it is done. */
async function takeStep(db: Sql, schema: Schema, from: Progress, isNew: boolean): Promise<void> {
  const { flavour, steps } = schema;
  const statements = steps[from.step]!;
  for (let at = from.statement; at < statements.length; at++) {
    try {
      await sql.raw(statements[at]!).execute(db);
    } catch (error) {
      // Only where it goes on: the statement may have been done and not noted.
      const means = flavour.meaning(error);
      const isThere = means === "exists" || means === "conflict";
      const doneBefore = !isNew && at === from.statement && isThere;
      if (!doneBefore) throw error;
    }
    await note(db, { step: from.step, statement: at + 1 });
  }
  await note(db, { step: from.step + 1, statement: 0 });
}

async function migrate(db: Sql, schema: Schema): Promise<void> {
  const { flavour, steps } = schema;
  const isNew = await begin(db, flavour);
  const taken = await progressOf(db);
  if (taken.step > steps.length)
    throw new LatchkeyError("unsupported-version", {
      message: `The database has schema ${taken.step}, this program knows ${steps.length}.`,
      detail: { schema: taken.step, known: steps.length },
    });
  for (let step = taken.step; step < steps.length; step++) {
    const from = step === taken.step ? taken : { step, statement: 0 };
    const fresh = isNew || step > taken.step;
    if (!flavour.schemaInTransactions) await takeStep(db, schema, from, fresh);
    else await db.transaction().execute((whole) => takeStep(whole, schema, from, true));
  }
}

/**
 * Takes the missing steps of the schema. Of replicas that start at once one does it, the others
 * wait and find it done.
 * @throws unsupported-version, storage-corrupt when a table of the name is somebody else's
 */
export async function migrateSql(flavour: Flavour): Promise<void> {
  const steps = await statementsOf(flavour);
  try {
    await flavour.alone((db) => migrate(db, { flavour, steps }));
  } catch (error) {
    if (error instanceof LatchkeyError || flavour.meaning(error) !== "exists") throw error;
    throw new LatchkeyError("storage-corrupt", {
      message: "The database holds a table of this name that was not made by Latchkey.",
      cause: error,
    });
  }
}
