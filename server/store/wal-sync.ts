import { closeSync, fsync, fsyncSync, openSync } from "node:fs";

/** `undefined` when it is on the disk. */
export type OnDisk = (error: unknown) => void;

/** Brings a file's content to the disk; as `fsync` of Node. */
export type Sync = (file: number, done: (error: Error | null) => void) => void;

/**
 * Brings the log that SQLite writes commits to (https://sqlite.org/wal.html) to the disk, beside
 * the event loop: a disk that takes 8 ms would stop everything else for as long. Commits that come
 * meanwhile go with the next time, together; two at a time made the slowest slower, because what is
 * written waits for what is on its way. SQLite holds no locks on this file, so that a descriptor of
 * our own takes none from it.
 */
export class WalSync {
  readonly #file: number;
  readonly #sync: Sync;
  #waiting: OnDisk[] = [];
  #whenFree: (() => void)[] = [];
  #busy = false;
  #closed = false;

  /** @param path of the log; it is there from the first commit on */
  constructor(path: string, sync: Sync = fsync) {
    this.#sync = sync;
    this.#file = openSync(path, "r+");
  }

  /** Calls back when all that has been written to the log by now is on the disk. */
  after(done: OnDisk): void {
    this.#waiting.push(done);
    if (!this.#busy) this.#next();
  }

  /** Whether what is written now has to wait for its turn; then it may as well be written later. */
  get isBusy(): boolean {
    return this.#busy;
  }

  /** Calls back, once, when it is not busy any more. */
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
    this.#sync(this.#file, (error) => {
      this.#busy = false;
      for (const done of now) done(error ?? undefined);
      if (this.#closed) {
        closeSync(this.#file);
        return;
      }
      if (this.#waiting.length > 0 && !this.#busy) this.#next();
      if (!this.#busy) for (const call of this.#whenFree.splice(0)) call();
    });
  }
}
