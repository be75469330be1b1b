import type { Kysely, Transaction } from "kysely";
import { LatchkeyError, malformed } from "../../../protocol/errors.ts";
import type { Flavour } from "./flavour.ts";
import type { Tables } from "./tables.ts";

/** Where a query goes: to any connection, or into a transaction. */
export type Sql = Kysely<Tables>;
export type SqlTransaction = Transaction<Tables>;

/** Transactions in each other's way are called off by the database one at a time, so this ends. */
const ATTEMPTS = 20;
/** A server that neither answers nor hangs up. */
const PATIENCE_MS = 15_000;
const RETRY_AFTER_SECONDS = 2;

/** Somebody else has put the row there since it was looked for: the transaction begins anew. */
class Overtaken extends Error {}

/** It is not known what became of it. */
class NoAnswer extends Error {}

/** What work gave, or why it failed and left nothing behind. */
export type Attempt<T> = { readonly value: T } | { readonly undone: unknown };

/**
 * A database on the network: transactions that begin anew when they were in each other's way,
 * errors as codes. What it was that failed is in the cause, never in what is answered.
 */
export class SqlDatabase {
  readonly #flavour: Flavour;

  constructor(flavour: Flavour) {
    this.#flavour = flavour;
  }

  /** @throws conflict, malformed, unavailable */
  run<T>(work: (db: Sql) => Promise<T>): Promise<T> {
    return this.#guard(() => work(this.#flavour.kysely));
  }

  /**
   * All or nothing. `work` may run more than once and must do nothing but ask the database; a
   * commit whose answer was lost is `unavailable`, and is not tried again.
   * @throws conflict, malformed, unavailable
   */
  transaction<T>(work: (db: SqlTransaction) => Promise<T>): Promise<T> {
    return this.#guard(async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await this.#flavour.kysely.transaction().execute(work);
        } catch (error) {
          if (attempt === ATTEMPTS || !this.#mayTryAgain(error)) throw error;
        }
      }
    });
  }

  /**
   * The same, and tells a failure of the work, which is undone then and may be done in another
   * way, from one of the commit, which is thrown. @throws unavailable
   */
  async attempt<T>(work: (db: SqlTransaction) => Promise<T>): Promise<Attempt<T>> {
    let committing = false;
    try {
      const value = await this.transaction(async (db) => {
        committing = false;
        const done = await work(db);
        committing = true;
        return done;
      });
      return { value };
    } catch (error) {
      if (committing || gaveUp(error)) throw error;
      return { undone: error };
    }
  }

  /**
   * Changes the row, or adds it when there is none. In words that every database has: where
   * another one adds it first, the transaction begins anew and finds it.
   */
  async put(change: () => Promise<number>, add: () => Promise<unknown>): Promise<void> {
    if ((await change()) > 0) return;
    await this.add(add);
  }

  /** Adds a row that was looked for and is not there; see `put`. */
  async add(add: () => Promise<unknown>): Promise<void> {
    try {
      await add();
    } catch (error) {
      throw this.#flavour.meaning(error) === "conflict"
        ? new Overtaken("", { cause: error })
        : error;
    }
  }

  /** For the first words with it. @throws config-invalid, unavailable, and what `work` throws */
  async open(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#flavour.meaning(error) !== "refused") throw this.#translate(error);
      throw new LatchkeyError("config-invalid", {
        message: "The database does not let this user in, or has no database of that name.",
        detail: { field: "database" },
        cause: error,
      });
    }
  }

  /** @throws unavailable, and what `work` throws */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.#flavour.alone(work);
    } catch (error) {
      throw this.#translate(error);
    }
  }

  close(): Promise<void> {
    return this.#flavour.kysely.destroy();
  }

  #mayTryAgain(error: unknown): boolean {
    return error instanceof Overtaken || this.#flavour.meaning(error) === "again";
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(unavailable(new NoAnswer())), PATIENCE_MS);
    });
    try {
      return await Promise.race([work(), late]);
    } catch (error) {
      throw this.#translate(error);
    } finally {
      clearTimeout(timer);
    }
  }

  #translate(error: unknown): unknown {
    if (error instanceof LatchkeyError) return error;
    if (error instanceof Overtaken) return new LatchkeyError("conflict", { cause: error });
    switch (this.#flavour.meaning(error)) {
      case "conflict":
        return new LatchkeyError("conflict", { cause: error });
      case "too-long":
        return malformed("value", "more than the database can hold");
      case "again":
      case "unavailable":
      case "refused":
        return unavailable(error);
      default:
        return error;
    }
  }
}

/** Whether the database neither answered nor hung up. */
export function gaveUp(error: unknown): boolean {
  return (error as Error).cause instanceof NoAnswer;
}

export function unavailable(cause: unknown): LatchkeyError {
  return new LatchkeyError("unavailable", { cause, detail: { retry_after: RETRY_AFTER_SECONDS } });
}

/** How many rows a change found. */
export function found({ numUpdatedRows }: { readonly numUpdatedRows: bigint }): number {
  return Number(numUpdatedRows);
}
