import { closeSync, fdatasync, fsyncSync, openSync } from "node:fs";

/** `undefined` when it is on the disk. */
export type OnDisk = (error: unknown) => void;

/** Brings a file's content to the disk; as `fdatasync` of Node. */
export type Sync = (file: number, done: (error: Error | null) => void) => void;

/** So many are under way at a time: whoever comes meanwhile does not wait for the one before. */
const LANES = 2;

/**
 * Brings the log that SQLite writes commits to (https://sqlite.org/wal.html) to the disk, beside
 * the event loop: a disk that takes 8 ms would stop everything else for as long. Commits that come
 * while all lanes are taken go with the next time, together. Each lane has a descriptor of its
 * own, because the system tells each descriptor of a failure, once; a sync that began later has
 * brought the earlier commits along. SQLite holds no locks on this file, so that descriptors of
 * our own take none from it. Content and length are enough: times in the file's entry are not
 * asked for, and would make each wait for the file system's own log.
 */
export class WalSync {
  readonly #sync: Sync;
  /** Those that are free. */
  readonly #lanes: number[];
  /** For the end, when all of them may be taken. */
  readonly #last: number;
  #waiting: OnDisk[] = [];
  #whenFree: (() => void)[] = [];
  #closed = false;

  /** @param path of the log; it is there from the first commit on */
  constructor(path: string, sync: Sync = fdatasync) {
    this.#sync = sync;
    this.#lanes = Array.from({ length: LANES }, () => openSync(path, "r+"));
    this.#last = openSync(path, "r+");
  }

  /** Calls back when all that has been written to the log by now is on the disk. */
  after(done: OnDisk): void {
    this.#waiting.push(done);
    this.#next();
  }

  /** Whether what is written now has to wait for its turn; then it may as well be written later. */
  get isBusy(): boolean {
    return this.#lanes.length === 0;
  }

  /** Calls back, once, when there is a lane for what is written then. */
  whenFree(call: () => void): void {
    this.#whenFree.push(call);
  }

  /** What waits for its turn is brought to the disk at once. */
  close(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#closed = true;
    let failed: unknown;
    try {
      if (waiting.length > 0) fsyncSync(this.#last);
    } catch (error) {
      failed = error;
    }
    for (const done of waiting) done(failed);
    for (const file of [...this.#lanes, this.#last]) closeSync(file);
  }

  #next(): void {
    const file = this.#waiting.length > 0 ? this.#lanes.pop() : undefined;
    if (file === undefined) return;
    const now = this.#waiting;
    this.#waiting = [];
    this.#sync(file, (error) => {
      if (this.#closed) closeSync(file);
      else this.#lanes.push(file);
      for (const done of now) done(error ?? undefined);
      this.#next();
      if (!this.isBusy) for (const call of this.#whenFree.splice(0)) call();
    });
  }
}
