import type { ErrorCode } from "../../protocol/error-codes.ts";
import type { JsonObject } from "../../protocol/json/reader.ts";
import { QUANTITIES } from "../../protocol/telemetry/ranges.ts";
import type { NamedReadings, SensorFault } from "../../protocol/telemetry/reading.ts";
import type { LostReadings, SensorReading } from "../../protocol/telemetry/sensor-data.ts";
import { integer, optionalInteger, optionalJson, optionalText, type Row, text } from "./columns.ts";
import type { NewReading, ReadingRow } from "./readings.ts";

type Cell = null | number | string;

/** What a row takes besides its texts, its places in the four indexes included: measured. */
const ROW_BYTES = 460;

const json = (value: object | undefined): Cell =>
  value === undefined ? null : JSON.stringify(value);
const bit = (value: boolean | undefined): Cell => (value === undefined ? null : Number(value));

/** Of a reading that counts; of a refused one nothing is in a place where it could be counted. */
function valueCells({ fields, reason, named, faults, lost }: SensorReading): [string, Cell][] {
  return [
    ...QUANTITIES.map((name): [string, Cell] => [name, fields[name] ?? null]),
    ["motion", bit(fields.motion)],
    ["badge_uid", fields.badge_uid ?? null],
    ["granted", bit(fields.granted)],
    ["reason", reason ?? null],
    ["named", json(named)],
    ["faults", json(faults)],
    ["lost", json(lost)],
  ];
}

/** The columns of a reading, as `[name, value]`, without those of its batch. */
export function readingCells(fresh: NewReading): readonly (readonly [string, Cell])[] {
  const { kind, at, timeKnown, reading, refused } = fresh;
  const cells: [string, Cell][] = refused
    ? [
        ["refused", refused.code],
        ["refused_field", refused.field],
        ["refused_reading", json(refused.said)],
      ]
    : valueCells(reading);
  const texts = cells.map(([, value]) => (typeof value === "string" ? value.length : 0));
  return [
    ["seq", reading.seq],
    ["kind", kind],
    ["at", at],
    ["time_known", Number(timeKnown)],
    ...cells,
    ["bytes", texts.reduce((sum, length) => sum + length, ROW_BYTES)],
  ];
}

/** A column that was filled by `json` above. */
function stored<T extends object>(row: Row, name: string): T | undefined {
  return optionalJson(row, name) as T | undefined;
}

function toReading(row: Row): SensorReading {
  const numbers = QUANTITIES.map((name) => [name, optionalInteger(row, name)] as const);
  const motion = optionalInteger(row, "motion");
  const badgeUid = optionalText(row, "badge_uid");
  const granted = optionalInteger(row, "granted");
  const reason = optionalText(row, "reason");
  const named = stored<NamedReadings>(row, "named");
  const faults = stored<readonly SensorFault[]>(row, "faults");
  const lost = stored<LostReadings>(row, "lost");
  return {
    seq: integer(row, "seq"),
    ...(integer(row, "time_known") === 1 && { updatedAt: integer(row, "at") }),
    fields: {
      ...Object.fromEntries(numbers.filter(([, value]) => value !== undefined)),
      ...(motion !== undefined && { motion: motion === 1 }),
      ...(badgeUid !== undefined && { badge_uid: badgeUid }),
      ...(granted !== undefined && { granted: granted === 1 }),
    },
    ...(reason !== undefined && { reason }),
    ...(named !== undefined && { named }),
    ...(faults !== undefined && { faults }),
    ...(lost !== undefined && { lost }),
  };
}

function toRefusal(row: Row): ReadingRow["refused"] {
  const code = optionalText(row, "refused");
  if (code === undefined) return undefined;
  const said = stored<JsonObject>(row, "refused_reading")!;
  return { code: code as ErrorCode, field: text(row, "refused_field"), said };
}

export function toReadingRow(row: Row): ReadingRow {
  return {
    id: integer(row, "id"),
    tenantId: text(row, "tenant_id"),
    nodeUid: text(row, "node_uid"),
    logId: optionalText(row, "log_id"),
    at: integer(row, "at"),
    timeKnown: integer(row, "time_known") === 1,
    receivedAt: integer(row, "received_at"),
    kind: text(row, "kind") as ReadingRow["kind"],
    reading: toReading(row),
    refused: toRefusal(row),
  };
}
