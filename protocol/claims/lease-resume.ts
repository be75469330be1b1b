import type { Secret } from "../crypto/secret.ts";
import { LatchkeyError, malformed } from "../errors.ts";
import { type LeaseKeeper, type LeaseKeeperOptions, NO_LINK_LENGTH } from "./lease.ts";
import { checkRange } from "./lease-range.ts";
import { decodeRecord, encodeEntry, encodeRecord, leaseKeys, linkOf } from "./lease-record.ts";
import type { LeaseRange } from "./lease-store.ts";

/**
 * Counts a key's uses on where its witness, its record or both are lost. Nobody knows then what was
 * given out last, so `ahead` uses are given up: at least as many as may have been given out since
 * what is left was written, and of nothing left, ever. A use that was not counted among them can be
 * given out twice, and two signatures with one key can be forged: rather a thousand too many.
 * @param wanted the key's whole range
 * @throws conflict when nothing is lost; lease-exhausted when there are not so many left; malformed
 */
export async function resumeLease(
  options: LeaseKeeperOptions,
  keeper: Pick<LeaseKeeper, "recover">,
  seed: Secret,
  wanted: LeaseRange,
  ahead: number,
): Promise<void> {
  const { sha3, store, witness } = options;
  if (!Number.isSafeInteger(ahead) || ahead < 1) throw malformed("ahead", "not 1 or more");
  const range = checkRange(wanted, wanted.end);
  const keys = leaseKeys(sha3, seed);
  const known = await witness.read(keys.keyId);
  const bytes = await store.read(keys.keyId);
  const record = bytes === undefined ? undefined : decodeRecord(sha3, keys, bytes);
  const first = record?.first ?? range.first;
  const witnessed = known.find((one) => one.first === first);
  if (record !== undefined && witnessed !== undefined)
    throw new LatchkeyError("conflict", {
      message: "record and witness are both there: what was put back is recovered without this",
    });
  // What the witness knows of other devices is theirs.
  const others = known.map((one) => one.first).filter((start) => start > first);
  const end = Math.min(range.end, record?.end ?? range.end, witnessed?.end ?? range.end, ...others);
  const next = Math.max(record?.next ?? first, witnessed?.next ?? first) + ahead;
  if (next > end) throw new LatchkeyError("lease-exhausted");
  // The witness first: cut off here, the key is one that was put back, or has no record still.
  await witness.raise(keys.keyId, { first, end, next });
  if (record !== undefined) return keeper.recover(seed);
  // On with the journal that may still be there, so that an audit sees one chain.
  let previous: Uint8Array = new Uint8Array(NO_LINK_LENGTH);
  let sequence = 0;
  for (;;) {
    const last = await store.entry(keys.keyId, sequence);
    if (last === undefined) break;
    previous = linkOf(last);
    sequence++;
  }
  const facts = { sequence, event: "recovered", use: next, purpose: new Uint8Array(32) } as const;
  const entry = encodeEntry(sha3, keys, { ...facts, atMs: options.nowMs() }, previous);
  const made = encodeRecord(sha3, keys, { first, end, next, previous, entry });
  if (!(await store.replace(keys.keyId, undefined, made)))
    throw new LatchkeyError("conflict", { message: "the key is counted here already" });
}
