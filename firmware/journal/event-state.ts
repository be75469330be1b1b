import { concat, equalBytes } from "../../protocol/encoding/bytes.ts";
import type { JournalRecord } from "./page.ts";

/** Access events are uploaded before telemetry and never give way to it. */
export type EventClass = "access" | "telemetry";

export const EVENT_CLASSES: readonly EventClass[] = Object.freeze(["access", "telemetry"]);

/** Events that had to go unread: how many, and the first and last of their sequence numbers. */
export interface Loss {
  readonly count: number;
  readonly first: number;
  readonly last: number;
}

export type PerClass<T> = Readonly<Record<EventClass, T>>;

/**
 * What a log of events must know of itself. It goes into every page that begins something, so
 * that no single page is needed to find it again; the one with the highest sequence number holds.
 */
export interface EventState {
  /** Eight random bytes. */
  readonly logId: Uint8Array;
  /** Sectors of the class with a lower number are dead, whatever stands in them. */
  readonly floors: PerClass<number>;
  /** The server has everything of the class up to this sequence number. */
  readonly marks: PerClass<number>;
  /** Lost and not yet an event of its own. */
  readonly lost: Readonly<Partial<Record<EventClass, Loss>>>;
}

/** What the header of a sector says besides the state. */
export interface SectorNote {
  /** A number that no event has: it orders the header among them. */
  readonly sequence: number;
  /** Sequence number of the last event of the sector's class before this sector. */
  readonly previous: number;
  /** Events since the log was born. */
  readonly appended: PerClass<number>;
  readonly dropped: PerClass<number>;
  readonly state: EventState;
}

/**
 * Layout, integers little-endian. The state is the key of every record, with the sector's number
 * in it, so that a sector whose header is damaged can still be told; the note stands in headers:
 *
 * ```
 * state:  sector number u32 | floors 2 × u32 | marks 2 × u32 | (0 … 2) × loss | log id 8
 * loss:   class u8 | count u32 | first u32 | last u32
 * note:   sequence u32 | previous u32 | appended 2 × u32 | dropped 2 × u32 | state
 * ```
 */
export const LOG_ID_BYTES = 8;
const STATE_HEAD_BYTES = 20 + LOG_ID_BYTES;
/** A loss as a record's value. */
export const LOSS_BYTES = 12;
const NOTE_HEAD_BYTES = 24;

export const STATE_BYTES_MAX = STATE_HEAD_BYTES + 2 * (1 + LOSS_BYTES);

/**
 * Record types, one for each class: 16 and 17 events, 18 and 19 losses, 20 and 21 states alone.
 * They are none of the journal's.
 */
export type RecordKind = "event" | "loss" | "state";
const KINDS: readonly RecordKind[] = Object.freeze(["event", "loss", "state"]);
const TYPE_FIRST = 16;

export function recordType(kind: RecordKind, eventClass: EventClass): number {
  return TYPE_FIRST + 2 * KINDS.indexOf(kind) + EVENT_CLASSES.indexOf(eventClass);
}

/** A record of the event log with its state decoded. */
export interface EventRecord {
  readonly kind: RecordKind;
  readonly eventClass: EventClass;
  readonly sequence: number;
  readonly value: Uint8Array;
  /** Number of the sector that it was written for. */
  readonly sector: number;
  readonly state: EventState;
}

/** `undefined` for a record of something else. */
export function toEventRecord(record: JournalRecord): EventRecord | undefined {
  const kind = KINDS[(record.type - TYPE_FIRST) >> 1];
  const eventClass = EVENT_CLASSES[(record.type - TYPE_FIRST) & 1];
  if (kind === undefined || eventClass === undefined) return undefined;
  const found = decodeState(record.key);
  if (found === undefined || (kind === "loss" && record.value.length !== LOSS_BYTES))
    return undefined;
  const { sequence, value } = record;
  return { kind, eventClass, sequence, value, ...found };
}

function uints(...values: readonly number[]): Uint8Array {
  const out = new Uint8Array(4 * values.length);
  const view = new DataView(out.buffer);
  for (const [i, value] of values.entries()) view.setUint32(4 * i, value, true);
  return out;
}

function uint(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true);
}

function pair(bytes: Uint8Array, at: number): PerClass<number> {
  return { access: uint(bytes, at), telemetry: uint(bytes, at + 4) };
}

export function encodeState(
  { logId, floors, marks, lost }: EventState,
  sector: number,
): Uint8Array {
  const parts = [uints(sector, floors.access, floors.telemetry, marks.access, marks.telemetry)];
  for (const [index, eventClass] of EVENT_CLASSES.entries()) {
    const loss = lost[eventClass];
    if (loss !== undefined) parts.push(Uint8Array.of(index), encodeLoss(loss));
  }
  return concat(...parts, logId);
}

export function decodeState(
  bytes: Uint8Array,
): { readonly sector: number; readonly state: EventState } | undefined {
  const losses = (bytes.length - STATE_HEAD_BYTES) / (1 + LOSS_BYTES);
  if (losses !== 0 && losses !== 1 && losses !== 2) return undefined;
  const lost: Partial<Record<EventClass, Loss>> = {};
  const end = bytes.length - LOG_ID_BYTES;
  for (let at = STATE_HEAD_BYTES - LOG_ID_BYTES; at < end; at += 1 + LOSS_BYTES) {
    const eventClass = EVENT_CLASSES[bytes[at]!];
    if (eventClass === undefined) return undefined;
    lost[eventClass] = lossAt(bytes, at + 1);
  }
  const state = {
    logId: bytes.slice(end),
    floors: pair(bytes, 4),
    marks: pair(bytes, 12),
    lost,
  };
  return { sector: uint(bytes, 0), state };
}

export function encodeLoss({ count, first, last }: Loss): Uint8Array {
  return uints(count, first, last);
}

/** From a loss record's value, which its checksum has vouched for. */
export function decodeLoss(value: Uint8Array): Loss {
  return lossAt(value, 0);
}

function lossAt(bytes: Uint8Array, at: number): Loss {
  return { count: uint(bytes, at), first: uint(bytes, at + 4), last: uint(bytes, at + 8) };
}

/** Both losses as one. */
export function mergeLoss(a: Loss | undefined, b: Loss): Loss {
  if (a === undefined) return b;
  const count = a.count + b.count;
  return { count, first: Math.min(a.first, b.first), last: Math.max(a.last, b.last) };
}

export function encodeNote(note: SectorNote, sector: number): Uint8Array {
  const { sequence, previous, appended, dropped, state } = note;
  const totals = [appended.access, appended.telemetry, dropped.access, dropped.telemetry];
  return concat(uints(sequence, previous, ...totals), encodeState(state, sector));
}

/** `undefined` when it is not the note of sector number `sector`. */
export function decodeNote(bytes: Uint8Array, sector: number): SectorNote | undefined {
  if (bytes.length < NOTE_HEAD_BYTES) return undefined;
  const found = decodeState(bytes.subarray(NOTE_HEAD_BYTES));
  if (found === undefined || found.sector !== sector) return undefined;
  const appended = pair(bytes, 8);
  const dropped = pair(bytes, 16);
  const { state } = found;
  return { sequence: uint(bytes, 0), previous: uint(bytes, 4), appended, dropped, state };
}

/** Whether a note ends as that log's do, which a torn one does not. */
export function endsInLogId(note: Uint8Array, logId: Uint8Array): boolean {
  return equalBytes(note.subarray(-LOG_ID_BYTES), logId);
}

/** Whether both belong to one log. */
export function isOneLog(a: EventState, b: EventState): boolean {
  return equalBytes(a.logId, b.logId);
}
