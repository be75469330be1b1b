import { concat } from "../../protocol/encoding/bytes.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { fromUtf8, toUtf8 } from "../../protocol/encoding/utf8.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { Quantity } from "../../protocol/telemetry/ranges.ts";
import type {
  NamedReadings,
  ReadingFields,
  SensorFault,
} from "../../protocol/telemetry/reading.ts";
import { ByteCursor } from "./byte-cursor.ts";

/** When something was measured. */
export type ReadingTime =
  /** Seconds since 1970, by the server's clock. */
  | { readonly unix: number }
  /** Seconds since this boot: the time was not known yet. */
  | { readonly uptime: number };

/** One moment of the node as it waits in flash for its upload. */
export interface StoredReading {
  readonly time: ReadingTime;
  readonly fields: ReadingFields;
  /** Of a tap: `granted`, or why not. */
  readonly reason?: string;
  readonly named?: NamedReadings;
  readonly faults?: readonly SensorFault[];
}

/**
 * ```
 * version u8 = 1 | flags u8 | time u32 | present u16 | a number i32 for each quantity present
 * badge_uid: length u8, bytes | reason: length u8, UTF-8
 * named: count u8, each: name (length u8, UTF-8), f64
 * faults: count u8, each: sensor, code (length u8, UTF-8 each), count u32
 * ```
 * Integers are little-endian; parts that are not there are left out, as the flags say. A
 * temperature takes 12 bytes. Written by older firmware it stays readable: a version is never
 * reused, and bits and scales of a version never change.
 */
const VERSION = 1;

const TIME_IS_UNIX = 1;
const HAS_NAMED = 2;
const HAS_FAULTS = 4;
const ALL_FLAGS = 7;

/** Decimals that are kept: finer than any of the parts resolves. Order and scale are the format. */
const QUANTITIES: readonly (readonly [Quantity, number])[] = Object.freeze([
  ["temperature", 2],
  ["humidity", 2],
  ["pressure", 2],
  ["lat", 7],
  ["lon", 7],
  ["altitude", 1],
  ["voltage", 3],
  ["current", 4],
  ["power", 3],
] as const);
/** Bits of `present` behind those of the quantities. */
const HAS_MOTION = 1 << 9;
const MOTION = 1 << 10;
const HAS_BADGE = 1 << 11;
const HAS_GRANTED = 1 << 12;
const GRANTED = 1 << 13;
const HAS_REASON = 1 << 14;

/** Whether the wire has a field of that name for what a sensor measures. */
export function isWireQuantity(name: string): boolean {
  return name === "motion" || QUANTITIES.some(([quantity]) => quantity === name);
}

/** The number as it is kept, which is as it is sent: noise behind the resolution is cut off. */
export function roundedTo(quantity: string, value: number): number {
  const scale = 10 ** (QUANTITIES.find(([known]) => known === quantity)?.[1] ?? 6);
  return Math.round(value * scale) / scale;
}

/** @throws RangeError for what is not a number of its quantity: it must not have come this far */
export function writeStoredReading(reading: StoredReading): Uint8Array {
  const { time, fields, reason, named, faults } = reading;
  const { motion, badge_uid: badge, granted } = fields;
  let present = 0;
  const numbers: Uint8Array[] = [];
  for (const [bit, [quantity, decimals]] of QUANTITIES.entries()) {
    const value = fields[quantity];
    if (value === undefined) continue;
    present |= 1 << bit;
    numbers.push(int32(Math.round(value * 10 ** decimals)));
  }
  if (motion !== undefined) present |= HAS_MOTION | (motion ? MOTION : 0);
  if (badge !== undefined) present |= HAS_BADGE;
  if (granted !== undefined) present |= HAS_GRANTED | (granted ? GRANTED : 0);
  if (reason !== undefined) present |= HAS_REASON;
  const known = "unix" in time;
  const flags = (known ? TIME_IS_UNIX : 0) | (named ? HAS_NAMED : 0) | (faults ? HAS_FAULTS : 0);
  return concat(
    Uint8Array.of(VERSION, flags),
    uint32(known ? time.unix : time.uptime),
    Uint8Array.of(present & 255, present >> 8),
    ...numbers,
    ...(badge === undefined ? [] : [counted(fromHex(badge))]),
    ...(reason === undefined ? [] : [text(reason)]),
    ...(named === undefined ? [] : [namedBytes(named)]),
    ...(faults === undefined ? [] : [faultBytes(faults)]),
  );
}

/** @throws storage-corrupt; unsupported-version for what a newer firmware wrote */
export function parseStoredReading(bytes: Uint8Array): StoredReading {
  const cursor = new ByteCursor(bytes);
  const version = cursor.uint8();
  if (version !== VERSION) throw new LatchkeyError("unsupported-version", { detail: { version } });
  const flags = cursor.uint8();
  const at = cursor.uint32();
  const present = cursor.uint16();
  if ((flags & ~ALL_FLAGS) !== 0 || present >> 15 !== 0) throw cursor.corrupt();
  const numbers: { [name in Quantity]?: number } = {};
  for (const [bit, [quantity, decimals]] of QUANTITIES.entries())
    if ((present & (1 << bit)) !== 0) numbers[quantity] = cursor.int32() / 10 ** decimals;
  const badge = (present & HAS_BADGE) === 0 ? undefined : toHex(cursor.bytes(cursor.uint8()));
  const reason = (present & HAS_REASON) === 0 ? undefined : cursorText(cursor);
  const named = (flags & HAS_NAMED) === 0 ? undefined : parseNamed(cursor);
  const faults = (flags & HAS_FAULTS) === 0 ? undefined : parseFaults(cursor);
  cursor.end();
  return {
    time: (flags & TIME_IS_UNIX) === 0 ? { uptime: at } : { unix: at },
    fields: {
      ...numbers,
      ...((present & HAS_MOTION) !== 0 && { motion: (present & MOTION) !== 0 }),
      ...(badge !== undefined && { badge_uid: badge }),
      ...((present & HAS_GRANTED) !== 0 && { granted: (present & GRANTED) !== 0 }),
    },
    ...(reason !== undefined && { reason }),
    ...(named !== undefined && { named }),
    ...(faults !== undefined && { faults }),
  };
}

function int32(value: number): Uint8Array {
  // NaN fails as well.
  if (!(Math.abs(value) < 2 ** 31)) throw new RangeError("a reading out of its range");
  const out = new Uint8Array(4);
  new DataView(out.buffer).setInt32(0, value, true);
  return out;
}

function uint32(value: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(
    0,
    Math.min(Math.max(0, Math.floor(value)), 2 ** 32 - 1),
    true,
  );
  return out;
}

function counted(bytes: Uint8Array): Uint8Array {
  if (bytes.length > 255) throw new RangeError("longer than 255 bytes");
  return concat(Uint8Array.of(bytes.length), bytes);
}

function text(value: string): Uint8Array {
  return counted(toUtf8(value));
}

function cursorText(cursor: ByteCursor): string {
  const bytes = cursor.bytes(cursor.uint8());
  try {
    return fromUtf8(bytes);
  } catch {
    throw cursor.corrupt();
  }
}

function namedBytes(named: NamedReadings): Uint8Array {
  const entries = Object.entries(named);
  const parts = entries.map(([name, value]) => {
    if (!Number.isFinite(value)) throw new RangeError("a reading that is no number");
    const number = new Uint8Array(8);
    new DataView(number.buffer).setFloat64(0, value, true);
    return concat(text(name), number);
  });
  return concat(Uint8Array.of(entries.length), ...parts);
}

function parseNamed(cursor: ByteCursor): NamedReadings {
  const named: [string, number][] = [];
  for (let left = cursor.uint8(); left > 0; left--) {
    const name = cursorText(cursor);
    const value = cursor.float64();
    if (!Number.isFinite(value)) throw cursor.corrupt();
    named.push([name, value]);
  }
  return Object.fromEntries(named);
}

function faultBytes(faults: readonly SensorFault[]): Uint8Array {
  const parts = faults.map(({ sensor, code, count }) =>
    concat(text(sensor), text(code), uint32(count)),
  );
  return concat(Uint8Array.of(faults.length), ...parts);
}

function parseFaults(cursor: ByteCursor): SensorFault[] {
  const faults: SensorFault[] = [];
  for (let left = cursor.uint8(); left > 0; left--)
    faults.push({ sensor: cursorText(cursor), code: cursorText(cursor), count: cursor.uint32() });
  return faults;
}
