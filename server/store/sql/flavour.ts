import type { Kysely } from "kysely";
import type { ColumnTypes } from "../schema-parts.ts";
import type { Tables } from "./tables.ts";

/** What a database's own error means for us. */
export type Meaning =
  /** Of two transactions that were in each other's way this one was called off: try again. */
  | "again"
  | "conflict"
  /** A text or a number is longer than its column. */
  | "too-long"
  /** It has that table, column or index already. */
  | "exists"
  | "unavailable"
  /** Name or password. */
  | "refused";

/** Where one database differs from another; everything else is written once. */
export interface Flavour {
  readonly name: "mariadb" | "postgres";
  readonly kysely: Kysely<Tables>;
  /** Asks the server what it is. */
  types(): Promise<ColumnTypes>;
  /** Whether a step of the schema is undone whole when a part of it fails. */
  readonly schemaInTransactions: boolean;
  /** Statements that keep a table from being changed other than by adding to it. */
  appendOnly(table: string): readonly string[];
  /** Runs `work` in one process of all at a time. */
  alone<T>(work: (db: Kysely<Tables>) => Promise<T>): Promise<T>;
  /** `undefined` when it means that we have a bug. */
  meaning(error: unknown): Meaning | undefined;
}
