import { toBase64Url } from "../encoding/base64.ts";
import { type ErrorCode, isErrorCode } from "../error-codes.ts";
import type { JsonObject, JsonReader } from "../json/reader.ts";
import { MAX_UNIX_TIME } from "../node/endpoints.ts";
import {
  LOG_ID_BYTES,
  parseReading,
  SEQUENCE_MAX,
  type SensorReading,
  writeReading,
} from "./sensor-data.ts";

/** GET: what a node or all nodes of a tenant reported, page by page. */
export const SENSOR_DATA_PATH = "identity_iot/ii_sensor_data";
/** GET: the same as it comes in, as server-sent events. */
export const SENSOR_STREAM_PATH = "identity_iot/ii_sensor_stream";
/** The most readings in one answer. */
export const STORED_READINGS_MAX = 1000;

const KINDS = ["telemetry", "access", "lost"] as const;

/** `access`: what a node says of a badge; `lost`: numbers whose events the node had to drop. */
export type ReadingKind = (typeof KINDS)[number];

/** Why a reading counts for nothing: kept all the same, so that it can be looked at. */
export interface Refusal {
  readonly code: ErrorCode;
  /** The wire's name of what was wrong. */
  readonly field: string;
  /** What the node said, in the form of the wire; nothing of it is in `reading`. */
  readonly said: JsonObject;
}

/** What a node said of one moment, and what became of it. */
export interface StoredReading {
  /** Ascends in the order of arrival; never given twice. */
  readonly id: number;
  readonly nodeUid: string;
  /** As on the wire; absent from a node that keeps no log: its number means nothing then. */
  readonly logId: string | undefined;
  /** Unix seconds: when it was measured if the node knew, else when it arrived. */
  readonly at: number;
  readonly timeKnown: boolean;
  readonly receivedAt: number;
  readonly kind: ReadingKind;
  /** Of a refused one its number only. */
  readonly reading: SensorReading;
  readonly refused: Refusal | undefined;
}

/** One page. */
export interface StoredReadings {
  readonly readings: readonly StoredReading[];
  /** Asks for the next page; absent at the end. */
  readonly cursor?: string;
}

export function writeStoredReading(stored: StoredReading): JsonObject {
  const { id, nodeUid, kind, at, timeKnown, receivedAt, logId, reading, refused } = stored;
  return {
    id,
    node_uid: nodeUid,
    kind,
    at,
    time_known: timeKnown,
    received_at: receivedAt,
    ...writeReading(reading),
    seq: reading.seq,
    ...(logId !== undefined && { log_id: logId }),
    ...(refused !== undefined && {
      refused: { code: refused.code, field: refused.field, reading: refused.said },
    }),
  };
}

function parseRefusal(body: JsonReader): Refusal {
  const code = body.word("code", { max: 40 });
  return {
    code: isErrorCode(code) ? code : "internal",
    field: body.string("field", { max: 64 }),
    said: body.object("reading").value,
  };
}

/** @throws malformed */
export function parseStoredReading(body: JsonReader): StoredReading {
  const time = (name: string): number => body.uint(name, { max: MAX_UNIX_TIME });
  const refused = body.optionalObject("refused");
  const logId = body.optionalBytes("log_id", LOG_ID_BYTES);
  const seq = body.uint("seq", { max: SEQUENCE_MAX });
  return {
    id: body.uint("id"),
    nodeUid: body.uuid("node_uid"),
    kind: body.oneOf("kind", KINDS),
    at: time("at"),
    timeKnown: body.boolean("time_known"),
    receivedAt: time("received_at"),
    logId: logId && toBase64Url(logId),
    reading: refused === undefined ? parseReading(body, seq) : { seq, fields: {} },
    refused: refused && parseRefusal(refused),
  };
}

export function writeStoredReadings({ readings, cursor }: StoredReadings): JsonObject {
  return {
    readings: readings.map(writeStoredReading),
    ...(cursor !== undefined && { cursor }),
  };
}

/** @throws malformed */
export function parseStoredReadings(body: JsonReader): StoredReadings {
  const cursor = body.optionalString("cursor", { max: 64 });
  const readings = body.objects("readings", { max: STORED_READINGS_MAX }).map(parseStoredReading);
  return { readings, ...(cursor !== undefined && { cursor }) };
}
