/** Of one kind at once, and then one in so long. A region of 256 kB has room for about 930. */
const AT_ONCE = 64;
const ONE_MORE_MS = 300_000;

/**
 * How many events are kept like taps. Whoever presses a button all night while the network is away
 * must leave room for taps, and for events of other kinds: what is beyond is kept like telemetry.
 */
export class EventAllowance {
  readonly #used = new Map<string, { count: number; atMs: number }>();

  /** Whether one more of that kind is, and counts it. @param nowMs monotonic */
  mayKeep(kind: string, nowMs: number): boolean {
    const { count, atMs } = this.#used.get(kind) ?? { count: 0, atMs: nowMs };
    const left = Math.max(0, count - (nowMs - atMs) / ONE_MORE_MS);
    const may = left <= AT_ONCE - 1;
    this.#used.set(kind, { count: may ? left + 1 : left, atMs: nowMs });
    return may;
  }
}
