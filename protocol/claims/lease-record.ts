import { constantTimeEqual } from "../crypto/constant-time.ts";
import type { Secret } from "../crypto/secret.ts";
import type { Sha3 } from "../crypto/sha3.ts";
import { concat, uintBE } from "../encoding/bytes.ts";
import { toHex } from "../encoding/hex.ts";
import { transcript } from "../encoding/transcript.ts";
import { LatchkeyError } from "../errors.ts";
import type { LeaseRange } from "./lease-store.ts";
import { seedBytes } from "./wots-secret.ts";

/** Why the counter moved. */
export const LEASE_EVENTS = Object.freeze({ created: 0, reserved: 1, split: 2, recovered: 3 });
export type LeaseEvent = keyof typeof LEASE_EVENTS;

/** One line of the journal: 89 bytes. */
export interface LeaseEntry {
  readonly sequence: number;
  readonly event: LeaseEvent;
  /** The use that was reserved; else where the counter stands. */
  readonly use: number;
  /** Unix milliseconds, as the clock had it. */
  readonly atMs: number;
  /** What the use was reserved for: the digest that is signed, or zeros. */
  readonly purpose: Uint8Array;
}

/** What is known of a key's uses: 178 bytes, replaced as a whole. */
export interface LeaseRecord extends LeaseRange {
  readonly next: number;
  /** Link of the entry before {@link entry}. */
  readonly previous: Uint8Array;
  /** The newest entry in its bytes; the journal has it only once the next one is made. */
  readonly entry: Uint8Array;
}

export const ENTRY_LENGTH = 89;
const LINK_AT = 57;
const RECORD_LENGTH = 3 * 8 + 1 + 32 + ENTRY_LENGTH + 32;
const VERSION = 1;

/** A key's name in the store, and the key of its journal's chain. Both follow from the seed alone. */
export interface LeaseKeys {
  readonly keyId: string;
  readonly chainKey: Uint8Array;
}

/** Named by the seed: two labels for one seed cannot count apart (the reference's can). */
export function leaseKeys(sha3: Sha3, seed: Secret): LeaseKeys {
  const of = (purpose: string) =>
    sha3.sha3_256(transcript(`latchkey/v1/lease/${purpose}`, seedBytes(seed)));
  return { keyId: toHex(of("id")), chainKey: of("chain") };
}

function readUint(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let i = 0; i < 8; i++) value = value * 256 + bytes[at + i]!;
  return value;
}

function keyed(sha3: Sha3, keys: LeaseKeys, what: string, ...parts: Uint8Array[]): Uint8Array {
  return sha3.sha3_256(
    transcript(`latchkey/v1/lease/${what}`, keys.chainKey, keys.keyId, ...parts),
  );
}

/** The bytes of an entry that follows `previous`, its own link at the end. */
export function encodeEntry(
  sha3: Sha3,
  keys: LeaseKeys,
  entry: LeaseEntry,
  previous: Uint8Array,
): Uint8Array {
  const { sequence, event, use, atMs, purpose } = entry;
  const fields = concat(
    Uint8Array.of(LEASE_EVENTS[event]),
    uintBE(sequence, 8),
    uintBE(use, 8),
    uintBE(atMs, 8),
    purpose,
  );
  return concat(fields, keyed(sha3, keys, "entry", previous, fields));
}

/** The link that the next entry refers to. */
export function linkOf(entry: Uint8Array): Uint8Array {
  return entry.subarray(LINK_AT);
}

/** @throws lease-corrupt unless the entry is ours and follows `previous` */
export function decodeEntry(
  sha3: Sha3,
  keys: LeaseKeys,
  bytes: Uint8Array | undefined,
  previous: Uint8Array,
): LeaseEntry {
  if (bytes?.length !== ENTRY_LENGTH) throw corrupt("an entry of the journal is missing");
  const fields = bytes.subarray(0, LINK_AT);
  if (!constantTimeEqual(keyed(sha3, keys, "entry", previous, fields), linkOf(bytes)))
    throw corrupt("an entry of the journal is not the one that was written");
  const [event] = Object.entries(LEASE_EVENTS).find(([, number]) => number === fields[0])!;
  return {
    sequence: readUint(fields, 1),
    event: event as LeaseEvent,
    use: readUint(fields, 9),
    atMs: readUint(fields, 17),
    purpose: fields.slice(25),
  };
}

export function encodeRecord(sha3: Sha3, keys: LeaseKeys, record: LeaseRecord): Uint8Array {
  const fields = concat(
    Uint8Array.of(VERSION),
    uintBE(record.first, 8),
    uintBE(record.end, 8),
    uintBE(record.next, 8),
    record.previous,
    record.entry,
  );
  return concat(fields, keyed(sha3, keys, "record", fields));
}

/** @throws lease-corrupt */
export function decodeRecord(sha3: Sha3, keys: LeaseKeys, bytes: Uint8Array): LeaseRecord {
  if (bytes.length !== RECORD_LENGTH || bytes[0] !== VERSION)
    throw corrupt("the record does not have its length");
  const fields = bytes.subarray(0, RECORD_LENGTH - 32);
  const tag = bytes.subarray(RECORD_LENGTH - 32);
  if (!constantTimeEqual(keyed(sha3, keys, "record", fields), tag))
    throw corrupt("the record is not the one that was written");
  return {
    first: readUint(fields, 1),
    end: readUint(fields, 9),
    next: readUint(fields, 17),
    previous: fields.slice(25, 57),
    entry: fields.slice(57),
  };
}

function corrupt(message: string): LatchkeyError {
  return new LatchkeyError("lease-corrupt", { message });
}
