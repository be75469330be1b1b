import type { ErrorCode } from "../error-codes.ts";
import { LatchkeyError } from "../errors.ts";
import type { Timer } from "../platform.ts";

/**
 * Every wait of one owner, so that closing the owner ends them all: no promise hangs and no
 * timer outlives it.
 */
export class Waits {
  readonly #timer: Timer;
  readonly #cancels = new Set<() => void>();
  #closed = false;

  constructor(timer: Timer) {
    this.#timer = timer;
  }

  /** Resolves after `delayMs`. @throws cancelled */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#begin(delayMs, resolve, reject);
    });
  }

  /**
   * The outcome of `work`, or the error `code` if that takes longer than `limitMs`. The work
   * itself cannot be stopped; what comes of it later is ignored.
   * @throws what the work throws; `code`; cancelled
   */
  limit<T>(work: Promise<T>, limitMs: number, code: ErrorCode): Promise<T> {
    return new Promise((resolve, reject) => {
      const end = this.#begin(limitMs, () => reject(new LatchkeyError(code)), reject);
      // Not by `finally`, which makes three promises more.
      work.then(
        (value) => {
          end();
          resolve(value);
        },
        (error: unknown) => {
          end();
          reject(error);
        },
      );
    });
  }

  /** Ends all waits with `cancelled`, and every later one at once. */
  close(): void {
    this.#closed = true;
    for (const cancel of [...this.#cancels]) cancel();
  }

  /** Starts a wait; calling what it gives ends the wait without calling anything. */
  #begin(delayMs: number, onTime: () => void, onCancel: (error: LatchkeyError) => void) {
    const handle = this.#timer.set(() => {
      end();
      onTime();
    }, delayMs);
    const cancel = () => {
      end();
      onCancel(new LatchkeyError("cancelled"));
    };
    const end = () => {
      this.#cancels.delete(cancel);
      this.#timer.clear(handle);
    };
    this.#cancels.add(cancel);
    if (this.#closed) cancel();
    return end;
  }
}
