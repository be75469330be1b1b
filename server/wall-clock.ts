/** The time of day. The simulator hands in its own, so that a run depends on the seed only. */
export interface WallClock {
  /** Milliseconds since 1970-01-01 UTC. */
  unixMs(): number;
}

/** The machine's clock. */
export const systemClock: WallClock = Object.freeze({ unixMs: () => Date.now() });

/** Whole seconds since 1970: the unit of every time on the wire and in the database. */
export function unixSeconds(clock: WallClock): number {
  return Math.floor(clock.unixMs() / 1000);
}
