import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import type { Field, ValueOf } from "./field.ts";

/** The schema of a whole body, parameters or answer. */
export interface Shape {
  readonly schema: JsonObject;
}

/** An object with known fields; others are ignored, so that a newer peer may send more. */
export interface Form<T> extends Shape {
  /** @throws malformed */
  parse(from: JsonReader): T;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;
/** What a form gives: the fields by their names on the wire. */
export type Parsed<F extends Fields> = { readonly [name in keyof F]: ValueOf<F[name]> };

export function form<const F extends Fields>(fields: F): Form<Parsed<F>> {
  const entries = Object.entries(fields);
  const properties = Object.fromEntries(entries.map(([name, { schema }]) => [name, schema]));
  const required = entries.filter(([, field]) => !field.optional).map(([name]) => name);
  return {
    schema: { type: "object", properties, ...(required.length > 0 && { required }) },
    parse: (from) =>
      Object.fromEntries(entries.map(([name, { read }]) => [name, read(from, name)])) as Parsed<F>,
  };
}

/** A form as one field of another. */
export function object<T>({ schema, parse }: Form<T>): Field<T> {
  return { schema, read: (from, name) => parse(from.object(name)) };
}

/** One or the other. */
export function either(...shapes: readonly Shape[]): Shape {
  return { schema: { type: "object", anyOf: shapes.map(({ schema }) => schema) } };
}

/** Fields of one form and those of another that says more. */
export function everything(): Shape {
  return { schema: { type: "object" } };
}
