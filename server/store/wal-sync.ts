import { closeSync, fsync, fsyncSync, openSync } from "node:fs";

/** `undefined` when it is on the disk. */
export type OnDisk = (error: unknown) => void;

/**
 * Brings the log that SQLite writes commits to (https://sqlite.org/wal.html) to the disk, beside
 * the event loop: a disk that takes 8 ms would stop everything else for as long. Commits that come
 * meanwhile go with the next time, together. SQLite holds no locks on this file, so that a
 * descriptor of our own takes none from it.
 */
export class WalSync {
  readonly #file: number;
  #waiting: OnDisk[] = [];
  #busy = false;
  #closed = false;

  /** @param path of the log; it is there from the first commit on */
  constructor(path: string) {
    this.#file = openSync(path, "r+");
  }

  /** Calls back when all that has been written to the log by now is on the disk. */
  after(done: OnDisk): void {
    this.#waiting.push(done);
    if (!this.#busy) this.#next();
  }

  /** What waits for its turn is brought to the disk at once. */
  close(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#closed = true;
    let failed: unknown;
    try {
      if (waiting.length > 0) fsyncSync(this.#file);
    } catch (error) {
      failed = error;
    }
    for (const done of waiting) done(failed);
    if (!this.#busy) closeSync(this.#file);
  }

  #next(): void {
    const now = this.#waiting;
    this.#waiting = [];
    this.#busy = true;
    fsync(this.#file, (error) => {
      this.#busy = false;
      for (const done of now) done(error ?? undefined);
      if (this.#closed) closeSync(this.#file);
      else if (this.#waiting.length > 0 && !this.#busy) this.#next();
    });
  }
}
