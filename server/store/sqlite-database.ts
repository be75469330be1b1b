import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";
import type { Row } from "./columns.ts";
import { type Sync, WalSync } from "./wal-sync.ts";

/** "LKEY": marks the file as ours (PRAGMA application_id), so that no other one is migrated. */
const APPLICATION_ID = 0x4c4b4559;
/** How long a statement waits for another process that writes. */
const BUSY_TIMEOUT_MS = 2000;
/** sqlite3.h: the primary result codes that mean "not now" rather than "wrong". */
const UNAVAILABLE = new Set([5, 6, 8, 10, 13, 14]); // BUSY LOCKED READONLY IOERR FULL CANTOPEN
const FULL = 13;
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
  if (primary === FULL) return storageFull(error);
  if (!UNAVAILABLE.has(primary)) return error;
  return new LatchkeyError("unavailable", { cause: error, detail: { retry_after: 2 } });
}

/** Written and perhaps not kept: it is not acknowledged. */
function notOnDisk(cause: unknown): LatchkeyError {
  if ((cause as NodeJS.ErrnoException).code === "ENOSPC") return storageFull(cause);
  return new LatchkeyError("unavailable", { cause, detail: { retry_after: 2 } });
}

/** Somebody has to make room: it is not over in a moment, but it may be over by itself. */
const FULL_RETRY_AFTER_SECONDS = 30;

/**
 * Not the nodes' `storage-full`, whose words for people are about their flash: for them the server
 * is unavailable, and they keep what they have. `field` tells operators why.
 */
export function storageFull(cause: unknown): LatchkeyError {
  return new LatchkeyError("unavailable", {
    message: "The server has no room left to store anything.",
    detail: { field: "storage", retry_after: FULL_RETRY_AFTER_SECONDS },
    cause,
  });
}

/** Takes as much room as a transaction of ours does, and gives it back. */
const PROBE =
  "CREATE TABLE probe (filler BLOB); INSERT INTO probe VALUES (zeroblob(65536)); " +
  "DROP TABLE probe";

export interface SqliteOptions {
  /** Pages of 4 KiB that the file may have, so that it leaves the disk some room. */
  readonly pagesMax?: number;
  /** Of the log of commits, for tests of a disk that fails. */
  readonly sync?: Sync;
}

/**
 * One SQLite database: prepared statements kept by their text, transactions, errors as codes.
 * Everything is synchronous, so nothing comes between the statements of a transaction.
 */
export class SqliteDatabase {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  /** Where commits are written to first; `undefined` in memory, which no commit waits for. */
  readonly #walPath: string | undefined;
  #wal: WalSync | undefined;
  readonly #sync: Sync | undefined;
  #waiting: Shared[] = [];
  #isFull = false;
  /** Something in the log may not be on the disk, and what stands behind it counts for nothing. */
  #isTorn = false;

  /**
   * Opens or creates the file (`:memory:` for none) and takes the missing migration steps.
   * WAL, so that readers do not wait; synchronous FULL, because NORMAL may lose the last commits
   * in a power cut: a spent token or a raised SDM counter would come back, and with it the copy
   * that it had shut out, and an open door would have no audit row.
   * @throws unavailable, storage-corrupt, unsupported-version
   */
  constructor(path: string, migrations: readonly string[], options: SqliteOptions = {}) {
    const { pagesMax, sync } = options;
    this.#sync = sync;
    this.#walPath = path === ":memory:" ? undefined : `${path}-wal`;
    this.#db = this.#guard(() => new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS }));
    try {
      this.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
      this.exec("PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = 16777216");
      this.transaction(() => this.#migrate(migrations));
      if (pagesMax !== undefined) this.exec(`PRAGMA max_page_count = ${pagesMax}`);
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
    this.#guard(() => this.#db.exec(sql));
  }

  /** The first row, or `undefined`. */
  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#guard(() => this.#prepare(sql).get(...values) as Row | undefined);
  }

  all(sql: string, ...values: SQLInputValue[]): readonly Row[] {
    return this.#guard(() => this.#prepare(sql).all(...values) as Row[]);
  }

  /** How many rows it changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return this.#guard(() => Number(this.#prepare(sql).run(...values).changes));
  }

  /** All or nothing. Takes the write lock at once, so that it cannot fail half-way for it. */
  transaction<T>(body: () => T): T {
    if (this.#isTorn) this.#mend();
    this.run("BEGIN IMMEDIATE");
    try {
      const result = body();
      this.run("COMMIT");
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.exec("ROLLBACK");
      throw error;
    }
  }

  /**
   * All or nothing, in one commit with whatever else comes in the same turn of the event loop, or
   * while the disk is at work: a disk that takes 4 ms for a commit would let 250 decisions a second
   * pass, one after the other. Resolves when the commit is on the disk, which the event loop does
   * not wait for: what others do in between stands behind it in the same log. What fails is undone
   * alone.
   */
  async shared<T>(body: () => T): Promise<T> {
    if (this.#walPath === undefined) return this.transaction(body);
    return new Promise<T>((resolve, reject) => {
      const settle = ({ value, error }: Outcome) => (error ? reject(error) : resolve(value as T));
      this.#waiting.push({ body, settle });
      if (this.#waiting.length === 1) setImmediate(() => this.#commitWhenFree());
    });
  }

  /** While the disk is at work, those that come go together: it can take them no sooner. */
  #commitWhenFree(): void {
    if (this.#wal?.isBusy) this.#wal.whenFree(() => this.#commitShared());
    else this.#commitShared();
  }

  #commitShared(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length === 0) return;
    const all = (error: unknown) => {
      for (const { settle } of waiting) settle({ error });
    };
    try {
      this.exec("PRAGMA synchronous = NORMAL");
      let outcomes: readonly Outcome[];
      try {
        // One that is alone is undone with the transaction.
        outcomes = this.transaction(() =>
          waiting.length === 1
            ? [{ value: waiting[0]!.body() }]
            : waiting.map(({ body }) => this.#alone(body)),
        );
      } finally {
        this.exec("PRAGMA synchronous = FULL");
      }
      this.#wal ??= new WalSync(this.#walPath!, this.#sync);
      this.#wal.after((error) => {
        if (error !== undefined) {
          this.#isTorn = true;
          return all(notOnDisk(error));
        }
        for (const [n, { settle }] of waiting.entries()) settle(outcomes[n]!);
      });
    } catch (error) {
      all(error);
    }
  }

  /**
   * The system tells of a failure once and then takes what it has for good: a later commit would
   * be brought to the disk behind a gap, at which SQLite stops reading after a power cut. So all of
   * the log goes into the database first, from memory. @throws unavailable
   */
  #mend(): void {
    const done = this.get("PRAGMA wal_checkpoint(TRUNCATE)");
    if (done?.["busy"] !== 0) throw notOnDisk(new Error("the log is in use"));
    this.#isTorn = false;
  }

  /** Within a transaction; its failure leaves what the others did. */
  #alone(body: () => unknown): Outcome {
    this.run("SAVEPOINT one");
    try {
      const value = body();
      this.run("RELEASE one");
      return { value };
    } catch (error) {
      // A full disk has ended the whole of it.
      if (!this.#db.isTransaction) throw error;
      this.exec("ROLLBACK TO one; RELEASE one");
      return { error };
    }
  }

  /** Once there was no room: whether there is some now. @throws unavailable */
  requireRoom(): void {
    if (!this.#isFull) return;
    this.transaction(() => this.exec(PROBE));
    this.#isFull = false;
  }

  close(): void {
    if (this.#db.isOpen) this.#commitShared();
    this.#wal?.close();
    this.#wal = undefined;
    if (this.#db.isOpen) this.#db.close();
  }

  #guard<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      const translated = translate(error);
      if (isLatchkeyError(translated) && translated.detail["field"] === "storage")
        this.#isFull = true;
      throw translated;
    }
  }
}
