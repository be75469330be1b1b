import type {
  LeaseStore,
  LeaseWitness,
  WitnessedRange,
} from "../../protocol/claims/lease-store.ts";
import { blob, integer } from "./columns.ts";
import { SqliteDatabase } from "./sqlite-database.ts";

/** Tables of their own in a file of their own, so that a witness can lie on another disk. */
const LEASE_MIGRATIONS: readonly string[] = Object.freeze([
  `
  CREATE TABLE lease_records (
    key_id TEXT PRIMARY KEY,
    record BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE lease_entries (
    key_id TEXT NOT NULL,
    place INTEGER NOT NULL,
    entry BLOB NOT NULL,
    PRIMARY KEY (key_id, place)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE lease_ranges (
    key_id TEXT NOT NULL,
    first INTEGER NOT NULL,
    until INTEGER NOT NULL,
    next INTEGER NOT NULL,
    PRIMARY KEY (key_id, first)
  ) STRICT, WITHOUT ROWID;
  `,
]);

/** Opens or creates a file of leases or of a witness. @throws as {@link SqliteDatabase} */
export function openLeaseDatabase(path: string): SqliteDatabase {
  return new SqliteDatabase(path, LEASE_MIGRATIONS);
}

/** Leases in a database: the comparison and the swap are one statement. */
export class SqliteLeaseStore implements LeaseStore {
  readonly #db: SqliteDatabase;

  constructor(db: SqliteDatabase) {
    this.#db = db;
  }

  async read(keyId: string): Promise<Uint8Array | undefined> {
    const row = this.#db.get("SELECT record FROM lease_records WHERE key_id = ?", keyId);
    return row && blob(row, "record");
  }

  async replace(
    keyId: string,
    expected: Uint8Array | undefined,
    next: Uint8Array,
  ): Promise<boolean> {
    if (expected === undefined) {
      const sql = "INSERT INTO lease_records VALUES (?, ?) ON CONFLICT DO NOTHING";
      return this.#db.run(sql, keyId, next) === 1;
    }
    const sql = "UPDATE lease_records SET record = ? WHERE key_id = ? AND record = ?";
    return this.#db.run(sql, next, keyId, expected) === 1;
  }

  async putEntry(keyId: string, place: number, entry: Uint8Array): Promise<void> {
    // The first stays: whoever comes again, however late, has the same to write.
    const sql = "INSERT INTO lease_entries VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
    this.#db.run(sql, keyId, place, entry);
  }

  async entry(keyId: string, place: number): Promise<Uint8Array | undefined> {
    const sql = "SELECT entry FROM lease_entries WHERE key_id = ? AND place = ?";
    const row = this.#db.get(sql, keyId, place);
    return row && blob(row, "entry");
  }
}

/** A witness in a database that is not restored together with the store's. */
export class SqliteLeaseWitness implements LeaseWitness {
  readonly #db: SqliteDatabase;

  constructor(db: SqliteDatabase) {
    this.#db = db;
  }

  async read(keyId: string): Promise<readonly WitnessedRange[]> {
    const sql = "SELECT first, until, next FROM lease_ranges WHERE key_id = ? ORDER BY first";
    return this.#db.all(sql, keyId).map((row) => ({
      first: integer(row, "first"),
      end: integer(row, "until"),
      next: integer(row, "next"),
    }));
  }

  async raise(keyId: string, { first, end, next }: WitnessedRange): Promise<void> {
    const sql =
      "INSERT INTO lease_ranges VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE " +
      "SET next = max(next, excluded.next), until = min(until, excluded.until)";
    this.#db.run(sql, keyId, first, end, next);
  }
}
