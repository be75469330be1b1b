/** Uses of a key, `first` included, `end` not. */
export interface LeaseRange {
  readonly first: number;
  readonly end: number;
}

/**
 * Where a key's lease record and journal are kept. One record of fixed size for each key, replaced
 * as a whole; entries of fixed size at fixed places.
 */
export interface LeaseStore {
  /** The record as it was last put, or `undefined` when there never was one. */
  read(keyId: string): Promise<Uint8Array | undefined>;
  /**
   * Puts `next` in place of `expected` (`undefined`: where there is none), in one step whatever
   * else runs, on this or another process. Durable when it resolves with `true`; `false` when the
   * record is not `expected` (any more).
   * @throws storage-failed
   */
  replace(keyId: string, expected: Uint8Array | undefined, next: Uint8Array): Promise<boolean>;
  /** Durably writes an entry at its place; the same entry may be written again. */
  putEntry(keyId: string, place: number, entry: Uint8Array): Promise<void>;
  /** The entry at a place, or `undefined`. */
  entry(keyId: string, place: number): Promise<Uint8Array | undefined>;
}

export interface WitnessedRange extends LeaseRange {
  /** No use below it may ever be given out again. */
  readonly next: number;
}

/**
 * A second memory of how far each range has come, which must not lie where a copy of the store
 * would be restored together with it: another disk, the server, a chip. It only ever goes up.
 */
export interface LeaseWitness {
  /** All ranges of a key, on whatever device. */
  read(keyId: string): Promise<readonly WitnessedRange[]>;
  /** Durable when it resolves: `next` of the range with that `first` goes up, `end` goes down. */
  raise(keyId: string, range: WitnessedRange): Promise<void>;
}
