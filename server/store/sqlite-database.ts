import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { Row } from "./columns.ts";

/** "LKEY": marks the file as ours (PRAGMA application_id), so that no other one is migrated. */
const APPLICATION_ID = 0x4c4b4559;
/** How long a statement waits for another process that writes. */
const BUSY_TIMEOUT_MS = 2000;
/** sqlite3.h: the primary result codes that mean "not now" rather than "wrong". */
const UNAVAILABLE = new Set([5, 6, 8, 10, 13, 14]); // BUSY LOCKED READONLY IOERR FULL CANTOPEN
const CONSTRAINT = 19;
const CORRUPT = new Set([11, 26]); // CORRUPT NOTADB

interface Outcome {
  readonly value?: unknown;
  readonly error?: unknown;
}

interface Shared {
  readonly body: () => unknown;
  readonly settle: (outcome: Outcome) => void;
}

function translate(error: unknown): unknown {
  const errcode = (error as { errcode?: unknown }).errcode;
  if (typeof errcode !== "number") return error;
  const primary = errcode & 0xff; // the rest of an extended code says where, not what
  if (primary === CONSTRAINT) return new LatchkeyError("conflict", { cause: error });
  if (CORRUPT.has(primary)) return new LatchkeyError("storage-corrupt", { cause: error });
  if (!UNAVAILABLE.has(primary)) return error;
  return new LatchkeyError("unavailable", { cause: error, detail: { retry_after: 2 } });
}

/**
 * One SQLite database: prepared statements kept by their text, transactions, errors as codes.
 * Everything is synchronous, so nothing comes between the statements of a transaction.
 */
export class SqliteDatabase {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  /** Whether a commit has to wait for a disk. */
  readonly #onDisk: boolean;
  #waiting: Shared[] = [];

  /**
   * Opens or creates the file (`:memory:` for none) and takes the missing migration steps.
   * WAL, so that readers do not wait; synchronous FULL, because NORMAL may lose the last commits
   * in a power cut: a spent token or a raised SDM counter would come back, and with it the copy
   * that it had shut out, and an open door would have no audit row.
   * @throws unavailable, storage-corrupt, unsupported-version
   */
  constructor(path: string, migrations: readonly string[]) {
    this.#onDisk = path !== ":memory:";
    this.#db = guard(() => new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS }));
    try {
      this.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
      this.exec("PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = 16777216");
      this.transaction(() => this.#migrate(migrations));
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  #pragma(name: string): number {
    return Number(this.get(`PRAGMA ${name}`)?.[name]);
  }

  #migrate(migrations: readonly string[]): void {
    const taken = this.#pragma("user_version");
    const tables = Number(this.get("SELECT count(*) AS n FROM sqlite_schema")?.["n"]);
    if (tables > 0 && this.#pragma("application_id") !== APPLICATION_ID)
      throw new LatchkeyError("storage-corrupt", {
        message: "The database file was not made by Latchkey.",
      });
    if (taken > migrations.length)
      throw new LatchkeyError("unsupported-version", {
        message: `The database has schema ${taken}, this program knows ${migrations.length}.`,
        detail: { schema: taken, known: migrations.length },
      });
    for (const step of migrations.slice(taken)) this.exec(step);
    this.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    this.exec(`PRAGMA user_version = ${migrations.length}`);
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  exec(sql: string): void {
    guard(() => this.#db.exec(sql));
  }

  /** The first row, or `undefined`. */
  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return guard(() => this.#prepare(sql).get(...values) as Row | undefined);
  }

  all(sql: string, ...values: SQLInputValue[]): readonly Row[] {
    return guard(() => this.#prepare(sql).all(...values) as Row[]);
  }

  /** How many rows it changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return guard(() => Number(this.#prepare(sql).run(...values).changes));
  }

  /** All or nothing. Takes the write lock at once, so that it cannot fail half-way for it. */
  transaction<T>(body: () => T): T {
    this.exec("BEGIN IMMEDIATE");
    try {
      const result = body();
      this.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.exec("ROLLBACK");
      throw error;
    }
  }

  /**
   * All or nothing, in one commit with whatever else comes in the same turn of the event loop: a
   * disk that takes 4 ms for a commit would let 250 decisions a second pass, one after the other.
   * Resolves when the commit is on the disk. What fails is undone alone.
   */
  async shared<T>(body: () => T): Promise<T> {
    if (!this.#onDisk) return this.transaction(body);
    return new Promise<T>((resolve, reject) => {
      const settle = ({ value, error }: Outcome) => (error ? reject(error) : resolve(value as T));
      this.#waiting.push({ body, settle });
      if (this.#waiting.length === 1) setImmediate(() => this.#commitShared());
    });
  }

  #commitShared(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length === 0) return;
    let outcomes: readonly Outcome[];
    try {
      outcomes = this.transaction(() => waiting.map(({ body }) => this.#alone(body)));
    } catch (error) {
      outcomes = waiting.map(() => ({ error }));
    }
    for (const [n, { settle }] of waiting.entries()) settle(outcomes[n]!);
  }

  /** Within a transaction; its failure leaves what the others did. */
  #alone(body: () => unknown): Outcome {
    this.exec("SAVEPOINT one");
    try {
      const value = body();
      this.exec("RELEASE one");
      return { value };
    } catch (error) {
      // A full disk has ended the whole of it.
      if (!this.#db.isTransaction) throw error;
      this.exec("ROLLBACK TO one; RELEASE one");
      return { error };
    }
  }

  close(): void {
    if (this.#db.isOpen) this.#commitShared();
    if (this.#db.isOpen) this.#db.close();
  }
}

function guard<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw translate(error);
  }
}
