import { toBase64Url } from "../encoding/base64.ts";
import { type ErrorCode, isErrorCode } from "../error-codes.ts";
import { malformed } from "../errors.ts";
import type { JsonObject, JsonReader } from "../json/reader.ts";
import { MAX_UNIX_TIME } from "../node/endpoints.ts";
import type { NamedReadings, ReadingFields, SensorFault } from "./reading.ts";
import {
  FAULTS_MAX,
  parseNamedReadings,
  parseReadingFields,
  parseSensorFaults,
  writeNamedReadings,
  writeReadingFields,
  writeSensorFaults,
} from "./reading-fields.ts";
import { parseUpdatedAt, writeUpdatedAt } from "./updated-at.ts";

/** The value of `request` in `ii_post`. */
export const RECORD_SENSOR_DATA = "record_sensor_data";
/** The most readings in one request; the envelope's 12,000 bytes are mostly full before. */
export const READINGS_MAX = 128;
/** Names a log in a node's flash, at random: its numbers begin anew with each. */
export const LOG_ID_BYTES = 8;
export const SEQUENCE_MAX = 2 ** 32 - 1;
const REASON_LENGTH_MAX = 40;

/** Events that had to go unread, to make room in the node's log. */
export interface LostReadings {
  readonly count: number;
  /** Numbers of the first and of the last one. */
  readonly first: number;
  readonly last: number;
  readonly eventClass: "access" | "telemetry";
}

/** What a node says of one moment. */
export interface SensorReading {
  /** Its number in the node's log: what arrives twice under one number is recorded once. */
  readonly seq: number;
  /** Unix seconds; absent when the node did not know the time. */
  readonly updatedAt?: number;
  readonly fields: ReadingFields;
  /** Why a badge was refused, or `granted`. */
  readonly reason?: string;
  readonly named?: NamedReadings;
  readonly faults?: readonly SensorFault[];
  /** Stands alone: there is no reading beside it. */
  readonly lost?: LostReadings;
}

/** record_sensor_data: a node tells what it measured, or has kept since. */
export interface SensorData {
  readonly nodeUid: string;
  readonly tenantId: string;
  readonly nodeType: string;
  /**
   * 8 bytes; empty for a node that keeps no log. Such a request holds one reading, its number
   * is 0, and the server cannot tell a repeat of it.
   */
  readonly logId: Uint8Array;
  /** At least one. */
  readonly readings: readonly SensorReading[];
}

/** The server's answer: everything in the request is dealt with, for good. */
export interface SensorDataAnswer {
  /** Unix seconds. */
  readonly serverTime: number;
  readonly recorded: number;
  /** Were there before. */
  readonly duplicates: number;
  /** Stored as refused, with the reason. */
  readonly refused: readonly { readonly seq: number; readonly code: ErrorCode }[];
}

function writeLost({ count, first, last, eventClass }: LostReadings): JsonObject {
  return { count, first, last, class: eventClass };
}

function parseLost(body: JsonReader): LostReadings {
  const first = body.uint("first", { max: SEQUENCE_MAX });
  const last = body.uint("last", { max: SEQUENCE_MAX });
  const count = body.uint("count", { max: SEQUENCE_MAX });
  if (count === 0 || first > last || count > last - first + 1)
    throw body.wrong("count", "first, last and count contradict each other");
  return { count, first, last, eventClass: body.oneOf("class", ["access", "telemetry"]) };
}

/** Without its number. @throws malformed for what is not a number */
export function writeReading(reading: SensorReading): JsonObject {
  const { updatedAt, fields, reason, named, faults, lost } = reading;
  return {
    ...writeReadingFields(fields),
    ...(reason !== undefined && { reason }),
    ...(named !== undefined && { named: writeNamedReadings(named) }),
    ...(faults !== undefined && { sensor_errors: writeSensorFaults(faults) }),
    ...(lost !== undefined && { lost: writeLost(lost) }),
    ...(updatedAt !== undefined && { updated_at: writeUpdatedAt(updatedAt) }),
  };
}

/** @throws malformed */
export function parseReading(body: JsonReader, seq: number): SensorReading {
  const updatedAt = body.optionalString("updated_at");
  const fields = parseReadingFields(body);
  const reason = body.optional("reason", () => body.word("reason", { max: REASON_LENGTH_MAX }));
  const named = body.optionalObject("named");
  const faults = body.optional("sensor_errors", () =>
    body.objects("sensor_errors", { max: FAULTS_MAX }),
  );
  const lost = body.optionalObject("lost");
  const content = {
    fields,
    ...(reason !== undefined && { reason }),
    ...(named !== undefined && { named: parseNamedReadings(named) }),
    ...(faults !== undefined && { faults: parseSensorFaults(faults) }),
  };
  const values = Object.keys(fields).length + Object.keys(content).length - 1;
  if (lost === undefined && values === 0) throw body.wrong("reading", "nothing to record");
  if (lost !== undefined && values > 0) throw body.wrong("lost", "does not stand alone");
  return {
    seq,
    ...(updatedAt !== undefined && { updatedAt: parseUpdatedAt(updatedAt) }),
    ...content,
    ...(lost !== undefined && { lost: parseLost(lost) }),
  };
}

/**
 * Flat for one reading, with `readings` for more.
 * @throws malformed for a value that is not a number, and when there is nothing to tell
 */
export function writeSensorData(data: SensorData): JsonObject {
  const { nodeUid, tenantId, nodeType, logId, readings } = data;
  const head = {
    request: RECORD_SENSOR_DATA,
    node_uid: nodeUid,
    tenant_id: tenantId,
    node_type: nodeType,
  };
  const [only] = readings;
  if (only === undefined) throw malformed("readings", "nothing to record");
  if (logId.length === 0 && readings.length === 1) return { ...head, ...writeReading(only) };
  if (logId.length !== LOG_ID_BYTES) throw malformed("log_id", `needs ${LOG_ID_BYTES} bytes`);
  const log = { log_id: toBase64Url(logId) };
  if (readings.length === 1) return { ...head, ...writeReading(only), seq: only.seq, ...log };
  const written = readings.map((reading) => ({ seq: reading.seq, ...writeReading(reading) }));
  return { ...head, ...log, readings: written };
}

/** @throws malformed */
export function parseSensorData(body: JsonReader): SensorData {
  body.oneOf("request", [RECORD_SENSOR_DATA]);
  const numbered = body.has("readings") || body.has("log_id") || body.has("seq");
  const seqOf = (reading: JsonReader): number => reading.uint("seq", { max: SEQUENCE_MAX });
  const readings = body.has("readings")
    ? body.objects("readings", { max: READINGS_MAX }).map((one) => parseReading(one, seqOf(one)))
    : [parseReading(body, numbered ? seqOf(body) : 0)];
  if (readings.length === 0) throw body.wrong("readings", "nothing to record");
  return {
    nodeUid: body.uuid("node_uid"),
    tenantId: body.uuid("tenant_id"),
    nodeType: body.word("node_type", { max: 32 }),
    logId: numbered ? body.bytes("log_id", LOG_ID_BYTES) : new Uint8Array(0),
    readings,
  };
}

export function writeSensorDataAnswer(answer: SensorDataAnswer): JsonObject {
  const { serverTime, recorded, duplicates, refused } = answer;
  return {
    status: "ok",
    server_time: serverTime,
    recorded,
    duplicates,
    refused: refused.map(({ seq, code }) => ({ seq, code })),
  };
}

/** A code that only a newer server knows becomes `internal`. @throws malformed */
export function parseSensorDataAnswer(body: JsonReader): SensorDataAnswer {
  body.oneOf("status", ["ok"]);
  const refused = body.objects("refused", { max: READINGS_MAX }).map((one) => {
    const code = one.word("code", { max: 40 });
    const known: ErrorCode = isErrorCode(code) ? code : "internal";
    return { seq: one.uint("seq", { max: SEQUENCE_MAX }), code: known };
  });
  return {
    serverTime: body.uint("server_time", { max: MAX_UNIX_TIME }),
    recorded: body.uint("recorded", { max: READINGS_MAX }),
    duplicates: body.uint("duplicates", { max: READINGS_MAX }),
    refused,
  };
}
