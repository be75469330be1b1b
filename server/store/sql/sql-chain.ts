import { nextAuditRow } from "../audit-chain.ts";
import type { AuditEntry, AuditRow } from "../records.ts";
import { found, type SqlDatabase, type SqlTransaction } from "./sql-database.ts";

/** Appends a row to its tenant's chain; to be called last in a transaction. */
export type Append = (db: SqlTransaction, entry: AuditEntry) => Promise<void>;

/** Rows of one transaction at most. */
const ROWS_AT_ONCE = 256;

/**
 * Appends rows to one tenant's chain. The chain's head is held until the commit, so that of two
 * replicas the second one sees what the first has written.
 */
async function appendAll(
  database: SqlDatabase,
  db: SqlTransaction,
  tenantId: string,
  entries: readonly AuditEntry[],
): Promise<void> {
  const head = await db
    .selectFrom("audit_heads")
    .select(["seq", "hash"])
    .where("tenant_id", "=", tenantId)
    .forUpdate()
    .executeTakeFirst();
  const rows: AuditRow[] = [];
  const first = head && { seq: head.seq, hash: new Uint8Array(head.hash) };
  for (const entry of entries) {
    const last = rows.at(-1) ?? first;
    rows.push(nextAuditRow(entry, (last?.seq ?? 0) + 1, last?.hash));
  }
  const { seq, hash } = rows.at(-1)!;
  await database.put(
    async () =>
      head === undefined
        ? 0
        : found(
            await db
              .updateTable("audit_heads")
              .set({ seq, hash })
              .where("tenant_id", "=", tenantId)
              .executeTakeFirst(),
          ),
    () => db.insertInto("audit_heads").values({ tenant_id: tenantId, seq, hash }).execute(),
  );
  const cells = rows.map(({ previousHash, tenantId: _, ...row }) => ({
    ...{ ...row, tenant_id: tenantId, previous_hash: previousHash },
  }));
  await db.insertInto("audit").values(cells).execute();
}

export function auditAppender(database: SqlDatabase): Append {
  return (db, entry) => appendAll(database, db, entry.tenantId, [entry]);
}

interface Waiting {
  readonly entry: AuditEntry;
  readonly settle: { readonly resolve: () => void; readonly reject: (error: unknown) => void };
}

/**
 * Appends rows that stand for themselves. Those that come while a commit of the same chain is
 * under way wait and go into the next one together: one after the other each would wait for the
 * disk, with the chain's head in its hands.
 */
export class SharedAppends {
  readonly #database: SqlDatabase;
  readonly #waiting = new Map<string, Waiting[]>();

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** Resolves when the row is committed. @throws unavailable */
  append(entry: AuditEntry): Promise<void> {
    const { tenantId } = entry;
    return new Promise((resolve, reject) => {
      const settle = { resolve, reject };
      const queue = this.#waiting.get(tenantId);
      if (queue !== undefined) {
        queue.push({ entry, settle });
        return;
      }
      this.#waiting.set(tenantId, [{ entry, settle }]);
      void this.#commitAll(tenantId);
    });
  }

  async #commitAll(tenantId: string): Promise<void> {
    const queue = this.#waiting.get(tenantId)!;
    while (queue.length > 0) {
      const now = queue.splice(0, ROWS_AT_ONCE);
      const entries = now.map(({ entry }) => entry);
      const committed = this.#database.transaction((db) =>
        appendAll(this.#database, db, tenantId, entries),
      );
      await committed.then(
        () => {
          for (const { settle } of now) settle.resolve();
        },
        (error) => {
          for (const { settle } of now) settle.reject(error);
        },
      );
    }
    this.#waiting.delete(tenantId);
  }
}
