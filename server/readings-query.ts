import { malformed } from "../protocol/errors.ts";
import { JsonReader } from "../protocol/json/reader.ts";
import { MAX_UNIX_TIME } from "../protocol/node/endpoints.ts";
import { QUANTITIES } from "../protocol/telemetry/ranges.ts";
import { STORED_READINGS_MAX } from "../protocol/telemetry/stored-reading.ts";
import { parseUpdatedAt } from "../protocol/telemetry/updated-at.ts";
import type { ReadingField, ReadingPlace } from "./store/readings.ts";

export const READING_FIELDS: readonly ReadingField[] = Object.freeze([
  ...QUANTITIES,
  ...(["motion", "badge_uid", "granted", "named"] as const),
]);
const PAGE = 100;

/** Where a page ended, and what had arrived when the first one began. */
export interface ReadingCursor {
  readonly throughId: number;
  readonly after: ReadingPlace;
}

/** What an operator asks for; `ReadingQuery` is what the database is asked. */
export interface ReadingsRequest {
  readonly tenantId: string;
  readonly nodeUid?: string;
  readonly from?: number;
  readonly to?: number;
  readonly field?: ReadingField;
  readonly order: "asc" | "desc";
  readonly limit: number;
  readonly format?: "json" | "csv";
  readonly cursor?: ReadingCursor;
}

/**
 * The parameters of a URL, each known and there once: a name that is mistyped or comes twice
 * must not give more than was asked for.
 * @throws malformed
 */
export function urlParameters(query: URLSearchParams, known: readonly string[]): JsonReader {
  const names = [...query.keys()];
  const unknown = names.findIndex((name) => !known.includes(name));
  if (unknown >= 0) throw malformed("query", `only ${known.join(", ")}`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw malformed(twice, "given twice");
  return new JsonReader(Object.fromEntries(query));
}

/** Digits only: `Number` would take "1e3", " 1" and "0x1" too. */
export function integerParameter(parameters: JsonReader, name: string, max: number): number {
  const text = parameters.string(name);
  if (!/^\d{1,16}$/.test(text) || Number(text) > max)
    throw parameters.wrong(name, `not an integer from 0 to ${max}`);
  return Number(text);
}

/** Unix seconds, or the form of `updated_at`. */
function timeParameter(parameters: JsonReader, name: string): number {
  const text = parameters.string(name);
  if (text.includes("-")) return parseUpdatedAt(text, name);
  return integerParameter(parameters, name, MAX_UNIX_TIME);
}

export function writeCursor({ throughId, after }: ReadingCursor): string {
  return `${throughId}.${after.at}.${after.id}`;
}

function parseCursor(parameters: JsonReader): ReadingCursor {
  const found = /^(\d{1,15})\.(\d{1,12})\.(\d{1,15})$/.exec(parameters.string("cursor"));
  if (found === null) throw parameters.wrong("cursor", "not one that an answer gave");
  const [throughId, at, id] = found.slice(1).map(Number) as [number, number, number];
  return { throughId, after: { at, id } };
}

const NAMES = [
  "tenant_id",
  "node_uid",
  "from",
  "to",
  "field",
  "order",
  "limit",
  "format",
  "cursor",
];

/** @throws malformed */
export function parseReadingsRequest(query: URLSearchParams): ReadingsRequest {
  const parameters = urlParameters(query, NAMES);
  const nodeUid = parameters.optionalUuid("node_uid");
  const from = parameters.optional("from", () => timeParameter(parameters, "from"));
  const to = parameters.optional("to", () => timeParameter(parameters, "to"));
  const field = parameters.optional("field", () => parameters.oneOf("field", READING_FIELDS));
  const order = parameters.optional("order", () => parameters.oneOf("order", ["asc", "desc"]));
  const limit = parameters.optional("limit", () =>
    integerParameter(parameters, "limit", STORED_READINGS_MAX),
  );
  const format = parameters.optional("format", () => parameters.oneOf("format", ["json", "csv"]));
  const cursor = parameters.optional("cursor", parseCursor);
  if (limit === 0) throw malformed("limit", "not from 1 on");
  if (from !== undefined && to !== undefined && from > to)
    throw malformed("to", "lies before from");
  return {
    tenantId: parameters.uuid("tenant_id"),
    order: order ?? "asc",
    limit: limit ?? PAGE,
    ...(nodeUid !== undefined && { nodeUid }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(field !== undefined && { field }),
    ...(format !== undefined && { format }),
    ...(cursor !== undefined && { cursor }),
  };
}
