import type { JsonValue } from "../../protocol/json/reader.ts";

/** A row as a database gives it, by the names of its columns. */
export type Row = Readonly<Record<string, null | number | bigint | string | Uint8Array>>;

/** Columns to values. The schemas are strict, so a wrong type here is a bug in a query. */
export function text(row: Row, name: string): string {
  const value = row[name];
  if (typeof value !== "string") throw new TypeError(`column ${name} is not text`);
  return value;
}

export function integer(row: Row, name: string): number {
  const value = row[name];
  if (typeof value !== "number") throw new TypeError(`column ${name} is not a number`);
  return value;
}

export function blob(row: Row, name: string): Uint8Array {
  const value = row[name];
  if (!(value instanceof Uint8Array)) throw new TypeError(`column ${name} is not a blob`);
  // A Buffer is one too, and may be a window onto what else its driver has read.
  return Buffer.isBuffer(value) ? new Uint8Array(value) : value;
}

export function optionalText(row: Row, name: string): string | undefined {
  return row[name] === null ? undefined : text(row, name);
}

export function optionalInteger(row: Row, name: string): number | undefined {
  return row[name] === null ? undefined : integer(row, name);
}

export function optionalJson(row: Row, name: string): JsonValue | undefined {
  return row[name] === null ? undefined : (JSON.parse(text(row, name)) as JsonValue);
}
