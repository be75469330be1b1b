import { LatchkeyError } from "../protocol/errors.ts";
import type { Timer } from "../protocol/platform.ts";
import type { ReadingRecords, ReadingRow } from "./store/readings.ts";

/** What a follower is woken with at a time; a slow one holds no more than this. */
const ROWS_AT_A_TIME = 50;

export interface FollowOptions {
  /** Only rows after this one. */
  readonly after: number;
  readonly of?: { readonly tenantId?: string; readonly nodeUid?: string };
  /** How long it waits before it looks by itself: another process may write too. */
  readonly pollMs: number;
}

export interface StreamLimits {
  readonly streamsMax: number;
  readonly streamsPerToken: number;
}

/**
 * Wakes whoever follows the readings. Nothing is queued for anybody: a follower reads on in the
 * database from where it is, as fast as it is read from itself, so that one that hangs costs one
 * page of memory and misses nothing.
 */
export class ReadingFeed {
  readonly #records: ReadingRecords;
  readonly #timer: Timer;
  readonly #sleepers = new Set<() => void>();
  readonly #open = new Map<string, number>();
  #closed = false;

  constructor(records: ReadingRecords, timer: Timer) {
    this.#records = records;
    this.#timer = timer;
  }

  /** Listeners at the moment. */
  get size(): number {
    return [...this.#open.values()].reduce((sum, count) => sum + count, 0);
  }

  /** There are new rows. */
  announce(): void {
    for (const wake of [...this.#sleepers]) wake();
  }

  /** Ends every follower, and every one that begins later. */
  close(): void {
    this.#closed = true;
    this.announce();
  }

  /** Counts a listener by its token's hash; the result lets it go, once. @throws rate-limited */
  claim(token: string, { streamsMax, streamsPerToken }: StreamLimits): () => void {
    const own = this.#open.get(token) ?? 0;
    if (own >= streamsPerToken || this.size >= streamsMax) {
      const limit = own >= streamsPerToken ? "streams-per-token" : "streams";
      throw new LatchkeyError("rate-limited", { detail: { limit, retry_after: 10 } });
    }
    this.#open.set(token, own + 1);
    let held = true;
    return () => {
      const count = this.#open.get(token);
      if (!held || count === undefined) return;
      held = false;
      if (count === 1) this.#open.delete(token);
      else this.#open.set(token, count - 1);
    };
  }

  /**
   * Pages of rows as they come in, in the order of arrival; an empty page when there was nothing
   * for `pollMs`. Whoever stops iterating stops it, also in the middle of its waiting.
   */
  follow({ after, of = {}, pollMs }: FollowOptions): AsyncIterableIterator<readonly ReadingRow[]> {
    const stop = new AbortController();
    const pages = this.#pages(after, of, pollMs, stop.signal);
    return {
      next: () => pages.next(),
      return: () => {
        stop.abort();
        return pages.return(undefined);
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  async *#pages(
    after: number,
    of: NonNullable<FollowOptions["of"]>,
    pollMs: number,
    stop: AbortSignal,
  ): AsyncGenerator<readonly ReadingRow[], undefined> {
    let last = after;
    while (!this.#closed && !stop.aborted) {
      // Asleep before it looks: what arrives in between wakes it at once.
      const slept = this.#sleep(pollMs, stop);
      const newestId = await this.#records.lastReadingId();
      const rows = await this.#records.readingsAfter(last, ROWS_AT_A_TIME, of);
      last = rows.at(-1)?.id ?? last;
      // Rows of others are behind it then; they are not gone through again with every waking.
      if (rows.length < ROWS_AT_A_TIME) last = Math.max(last, newestId);
      if (rows.length > 0) {
        slept.cancel();
        yield rows;
      } else if ((await slept.done) === "late") yield rows;
    }
  }

  #sleep(pollMs: number, stop: AbortSignal) {
    let cancel = (): void => {};
    const done = new Promise<"woken" | "late">((resolve) => {
      const end = (how: "woken" | "late"): void => {
        this.#timer.clear(handle);
        this.#sleepers.delete(cancel);
        stop.removeEventListener("abort", cancel);
        resolve(how);
      };
      const handle = this.#timer.set(() => end("late"), pollMs);
      cancel = () => end("woken");
      this.#sleepers.add(cancel);
      stop.addEventListener("abort", cancel);
    });
    return { done, cancel };
  }
}
