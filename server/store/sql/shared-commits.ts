import type { DecisionOutcome } from "../decisions.ts";
import { gaveUp, type SqlDatabase } from "./sql-database.ts";
import { type Done, type Due, decideAll } from "./sql-decisions.ts";

/** Decisions and rows of one transaction at most. */
const DUES_AT_ONCE = 64;

interface Waiting {
  readonly due: Due;
  readonly resolve: (outcome: DecisionOutcome) => void;
  readonly reject: (error: unknown) => void;
}

function settle({ resolve, reject }: Waiting, done: Done): void {
  if ("error" in done) reject(done.error);
  else resolve(done.outcome);
}

/**
 * Decisions, and audit rows that stand for themselves. Those that come while a commit of the same
 * tenant is under way wait and go into the next one together: one after the other each would wait
 * for the disk, with the tenant's rules and the head of its chain in its hands. Each is answered
 * when it is committed. What keeps one of them from being committed keeps only that one: where a
 * transaction is undone, each gets one of its own.
 */
export class SharedCommits {
  readonly #database: SqlDatabase;
  /** By tenant; there while a commit is under way. */
  readonly #waiting = new Map<string, Waiting[]>();

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** Resolves when it is committed. @throws unavailable */
  add(due: Due): Promise<DecisionOutcome> {
    const { tenantId } = due.fresh.entry;
    return new Promise((resolve, reject) => {
      const one = { due, resolve, reject };
      const queue = this.#waiting.get(tenantId);
      if (queue !== undefined) {
        queue.push(one);
        return;
      }
      this.#waiting.set(tenantId, [one]);
      void this.#commitAll(tenantId);
    });
  }

  async #commitAll(tenantId: string): Promise<void> {
    const queue = this.#waiting.get(tenantId)!;
    // Those of the same turn of the event loop go together from the beginning.
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.length > 0) await this.#commit(tenantId, queue.splice(0, DUES_AT_ONCE));
    this.#waiting.delete(tenantId);
  }

  async #commit(tenantId: string, all: readonly Waiting[]): Promise<void> {
    try {
      const dues = all.map(({ due }) => due);
      const attempt = await this.#database.attempt((db) =>
        decideAll(this.#database, db, tenantId, dues),
      );
      if ("value" in attempt) for (const [n, one] of all.entries()) settle(one, attempt.value[n]!);
      else if (all.length === 1) all[0]!.reject(attempt.undone);
      // Not waited for: what holds one of them up is not to hold up those that come after.
      else for (const one of all) void this.#commit(tenantId, [one]);
    } catch (error) {
      // Those behind it have waited for as long, and would wait for as long again.
      const behind = gaveUp(error) ? this.#waiting.get(tenantId)!.splice(0) : [];
      for (const { reject } of [...all, ...behind]) reject(error);
    }
  }
}
