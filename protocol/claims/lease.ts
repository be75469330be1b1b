import type { Secret } from "../crypto/secret.ts";
import type { Sha3 } from "../crypto/sha3.ts";
import { LatchkeyError, malformed } from "../errors.ts";
import { checkRange, overlaps } from "./lease-range.ts";
import {
  decodeEntry,
  decodeRecord,
  encodeEntry,
  encodeRecord,
  type LeaseEntry,
  type LeaseEvent,
  type LeaseKeys,
  type LeaseRecord,
  leaseKeys,
  linkOf,
} from "./lease-record.ts";
import type { LeaseRange, LeaseStore, LeaseWitness, WitnessedRange } from "./lease-store.ts";

export interface LeaseKeeperOptions {
  readonly sha3: Sha3;
  readonly store: LeaseStore;
  readonly witness: LeaseWitness;
  /** Unix milliseconds for the journal; whole ones. */
  readonly nowMs: () => number;
}

interface State {
  readonly keys: LeaseKeys;
  readonly bytes: Uint8Array;
  readonly record: LeaseRecord;
  readonly witnessed: WitnessedRange;
}

interface Change {
  readonly event: LeaseEvent;
  readonly use: number;
  readonly next: number;
  readonly end?: number;
  readonly purpose?: Uint8Array;
}

/** Uses are counted in 8 bytes, and a one-time key's index has 32 bits. */
const MAX_CAPACITY = 2 ** 32;
/** How often a reservation begins anew because another writer was faster. */
const ATTEMPTS = 16;
/** Before the first entry. */
export const NO_LINK_LENGTH = 32;

/**
 * Gives out the uses of a key, each at most once, whatever crashes, is restored from a copy or
 * runs beside it. A use is reserved by moving the counter past it; what is reserved and then not
 * used is lost, and that is all that a crash can cost.
 *
 * The order is: journal of what the record holds, record (compare and swap), witness, and only
 * then the use leaves. So the record is never behind what was given out, the journal never behind
 * the record by more than the entry that the record itself holds, and a record that is behind the
 * witness was put back by somebody. Each reservation reads and writes the same few bytes.
 */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
  }

  /**
   * Begins to count the uses of a key, once in its life and for each of its devices.
   * @throws conflict when any device has uses of that range already; malformed; storage errors
   */
  async create(seed: Secret, wanted: LeaseRange): Promise<void> {
    const { sha3, store, witness } = this.#options;
    const range = checkRange(wanted, MAX_CAPACITY);
    const keys = leaseKeys(sha3, seed);
    // What began here and was cut off before the record was there may begin again.
    const known = (await witness.read(keys.keyId)).filter((one) => !isUntouched(one, range));
    if (known.some((one) => overlaps(one, range)))
      throw new LatchkeyError("conflict", {
        message: "uses of that range have been given out already, here or elsewhere",
      });
    // The witness first: a store that lost its record must not look as if it never had one.
    await witness.raise(keys.keyId, { ...range, next: range.first });
    const start = { ...range, next: range.first, previous: new Uint8Array(NO_LINK_LENGTH) };
    const change: Change = { event: "created", use: range.first, next: range.first };
    const entry = this.#entry(keys, 0, change, start.previous);
    const bytes = encodeRecord(sha3, keys, { ...start, entry });
    if (!(await store.replace(keys.keyId, undefined, bytes)))
      throw new LatchkeyError("conflict", { message: "the key is counted here already" });
  }

  /**
   * Reserves the next use, or a certain later one (those between are lost), for a 32-byte digest.
   * @throws lease-missing, lease-rolled-back, lease-corrupt, lease-spent, lease-exhausted, busy
   */
  async reserve(seed: Secret, purpose: Uint8Array, wanted?: number): Promise<number> {
    if (purpose.length !== 32) throw malformed("purpose", "needs 32 bytes");
    const { use } = await this.#change(seed, ({ first, next, end }) => {
      const use = wanted ?? next;
      if (wanted === undefined && use >= end) throw exhausted();
      if (!Number.isSafeInteger(use) || use < first || use >= end)
        throw malformed("use", "outside of the range");
      if (use < next) throw new LatchkeyError("lease-spent", { detail: { use } });
      return { event: "reserved", use, next: use + 1, purpose };
    });
    return use;
  }

  /**
   * Gives the last `count` uses away, for another device: it calls {@link create} with them.
   * @throws lease-exhausted when there are not so many left; as {@link reserve}
   */
  async split(seed: Secret, count: number): Promise<LeaseRange> {
    if (!Number.isSafeInteger(count) || count < 1) throw malformed("count", "not 1 or more");
    let given: LeaseRange | undefined;
    await this.#change(seed, ({ next, end }) => {
      if (end - count < next) throw exhausted();
      given = { first: end - count, end };
      return { event: "split", use: next, next, end: end - count };
    });
    return given!;
  }

  /**
   * Goes on after `lease-rolled-back`, from where the witness stands.
   * @throws as {@link reserve}, but for lease-rolled-back
   */
  async recover(seed: Secret): Promise<void> {
    await this.#change(
      seed,
      (record, witnessed) => {
        const next = Math.max(record.next, witnessed.next);
        return { event: "recovered", use: next, next, end: Math.min(record.end, witnessed.end) };
      },
      true,
    );
  }

  /** How many uses are left. @throws as {@link reserve} */
  async left(seed: Secret): Promise<number> {
    const { record } = await this.#state(seed, false);
    return record.end - record.next;
  }

  /** The whole journal, every link of it checked. @throws lease-corrupt; as {@link reserve} */
  async audit(seed: Secret): Promise<readonly LeaseEntry[]> {
    const { sha3, store } = this.#options;
    const { keys, record } = await this.#state(seed, false);
    const newest = decodeEntry(sha3, keys, record.entry, record.previous);
    const entries: LeaseEntry[] = [];
    let link: Uint8Array = new Uint8Array(NO_LINK_LENGTH);
    for (let place = 0; place < newest.sequence; place++) {
      const bytes = await store.entry(keys.keyId, place);
      entries.push(decodeEntry(sha3, keys, bytes, link));
      link = linkOf(bytes!);
    }
    // The newest follows the last of the journal only if nothing was cut off between them.
    entries.push(decodeEntry(sha3, keys, record.entry, link));
    return entries;
  }

  async #change(
    seed: Secret,
    decide: (record: LeaseRecord, witnessed: WitnessedRange) => Change,
    evenRolledBack = false,
  ): Promise<Change> {
    const { store, witness } = this.#options;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { keys, bytes, record, witnessed } = await this.#state(seed, evenRolledBack);
      const change = decide(record, witnessed);
      const { entry, after } = this.#after(keys, record, change);
      await store.putEntry(keys.keyId, entry, record.entry);
      const next = encodeRecord(this.#options.sha3, keys, after);
      if (!(await store.replace(keys.keyId, bytes, next))) continue;
      await witness.raise(keys.keyId, { first: after.first, end: after.end, next: after.next });
      return change;
    }
    throw new LatchkeyError("busy", { message: "other writers of this key were always faster" });
  }

  #after(
    keys: LeaseKeys,
    record: LeaseRecord,
    change: Change,
  ): { readonly entry: number; readonly after: LeaseRecord } {
    const { sequence } = decodeEntry(this.#options.sha3, keys, record.entry, record.previous);
    const previous = linkOf(record.entry);
    const entry = this.#entry(keys, sequence + 1, change, previous);
    const { first, end } = record;
    const after = { first, end: change.end ?? end, next: change.next, previous, entry };
    return { entry: sequence, after };
  }

  #entry(keys: LeaseKeys, sequence: number, change: Change, previous: Uint8Array): Uint8Array {
    const { event, use, purpose = new Uint8Array(32) } = change;
    const entry = { sequence, event, use, atMs: this.#options.nowMs(), purpose };
    return encodeEntry(this.#options.sha3, keys, entry, previous);
  }

  async #state(seed: Secret, evenRolledBack: boolean): Promise<State> {
    const { sha3, store, witness } = this.#options;
    const keys = leaseKeys(sha3, seed);
    // The witness first: what others do in between moves the record on, never behind it.
    const ranges = await witness.read(keys.keyId);
    const bytes = await store.read(keys.keyId);
    if (bytes === undefined) throw new LatchkeyError("lease-missing");
    const record = decodeRecord(sha3, keys, bytes);
    const witnessed = ranges.find(({ first }) => first === record.first);
    if (witnessed === undefined)
      throw new LatchkeyError("lease-missing", { message: "the witness does not know this key" });
    const behind = record.next < witnessed.next || record.end > witnessed.end;
    if (behind && !evenRolledBack) throw new LatchkeyError("lease-rolled-back");
    return { keys, bytes, record, witnessed };
  }
}

/** Whether a range that the witness knows is this one, and nothing of it was given out. */
function isUntouched(known: WitnessedRange, { first, end }: LeaseRange): boolean {
  return known.first === first && known.end === end && known.next === first;
}

function exhausted(): LatchkeyError {
  return new LatchkeyError("lease-exhausted");
}
