import { QUANTITIES } from "../protocol/telemetry/ranges.ts";
import type { StoredReading } from "../protocol/telemetry/stored-reading.ts";
import { writeUpdatedAt } from "../protocol/telemetry/updated-at.ts";

const BEFORE = ["id", "node_uid", "kind", "updated_at", "time_known", "received_at"];
const AFTER = [
  ...["motion", "badge_uid", "granted", "reason", "named", "sensor_errors", "lost"],
  ...["seq", "log_id", "refused", "refused_field", "refused_reading"],
];

/** The columns, in their order; a column is never moved, new ones come at the end. */
export const CSV_COLUMNS: readonly string[] = Object.freeze([...BEFORE, ...QUANTITIES, ...AFTER]);

/**
 * A spreadsheet takes a cell that begins so for a formula, and a node is not to have one run on
 * the desk of whoever opens the file. An apostrophe in front makes it a text there.
 */
const FORMULA = /^[=+\-@\t\r]/;

function textCell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Numbers are typed in the database, so a minus here is a minus. */
function cell(value: string | number | boolean | object | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return textCell(typeof value === "string" ? value : JSON.stringify(value));
}

function line(stored: StoredReading): string {
  const { reading, refused } = stored;
  const { fields, reason, named, faults, lost } = reading;
  const times = [writeUpdatedAt(stored.at), stored.timeKnown, writeUpdatedAt(stored.receivedAt)];
  return [
    ...[stored.id, stored.nodeUid, stored.kind, ...times],
    ...QUANTITIES.map((quantity) => fields[quantity]),
    ...[fields.motion, fields.badge_uid, fields.granted, reason, named, faults, lost],
    ...[reading.seq, stored.logId, refused?.code, refused?.field, refused?.said],
  ]
    .map(cell)
    .join(",");
}

/** RFC 4180, with a header line. */
export function readingsCsv(readings: readonly StoredReading[]): string {
  return [CSV_COLUMNS.join(","), ...readings.map(line)].map((each) => `${each}\r\n`).join("");
}
