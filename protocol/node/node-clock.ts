import type { Clock } from "../platform.ts";

/**
 * The time of day, taken from signed answers and carried on by the monotonic clock. It is set at
 * the receipt of an answer, so that it is never ahead of the server and behind it by one round
 * trip plus one second at most; an attacker can only delay, up to the request's time limit.
 */
export class NodeClock {
  readonly #clock: Clock;
  #unixAtSync: number | undefined;
  #syncedAtMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sets the time; `unix` must come from an answer that proved to be the server's and fresh. */
  sync(unix: number): void {
    this.#unixAtSync = unix;
    this.#syncedAtMs = this.#clock.monotonicMs();
  }

  /** Unix seconds, or `undefined` as long as no server has said. */
  nowUnix(): number | undefined {
    if (this.#unixAtSync === undefined) return undefined;
    return this.#unixAtSync + Math.floor(this.#sinceSyncMs() / 1000);
  }

  /** Milliseconds since the last sync, or `undefined` if there was none. */
  ageMs(): number | undefined {
    return this.#unixAtSync === undefined ? undefined : this.#sinceSyncMs();
  }

  #sinceSyncMs(): number {
    return this.#clock.monotonicMs() - this.#syncedAtMs;
  }
}
