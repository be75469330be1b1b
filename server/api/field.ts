import type { ByteLimits, JsonObject, JsonReader, JsonValue } from "../../protocol/json/reader.ts";
import { JsonReader as Reader } from "../../protocol/json/reader.ts";

/**
 * A value as it stands in JSON: how it is read, and the same said in JSON Schema 2020-12. An
 * endpoint's description and its parser are made of the same fields, so that none can say what
 * the other does not do.
 */
export interface Field<T> {
  readonly schema: JsonObject;
  /** @throws malformed */
  readonly read: (from: JsonReader, name: string) => T;
  /** Whether it may be absent; then `read` gives `undefined`. */
  readonly optional?: true;
}

/** The value that a field reads. */
export type ValueOf<F> = F extends Field<infer T> ? T : never;

/** What `isPlainText` takes: one line without control characters. */
const PLAIN = "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029\\ud800-\\udfff]*$";
const UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";

/** @param meaning a sentence for the document */
export function described<T>(field: Field<T>, meaning: string): Field<T> {
  return { ...field, schema: { ...field.schema, description: meaning } };
}

export function optional<T>(field: Field<T>): Field<T | undefined> {
  const read = (from: JsonReader, name: string): T | undefined =>
    from.has(name) ? field.read(from, name) : undefined;
  return { ...field, read, optional: true };
}

export const uuid: Field<string> = {
  schema: { type: "string", format: "uuid", pattern: UUID },
  read: (from, name) => from.uuid(name),
};

/** One line of 1 to `max` characters. */
export function text(max = 256, min = 1): Field<string> {
  return {
    schema: { type: "string", minLength: min, maxLength: max, pattern: PLAIN },
    read: (from, name) => from.string(name, { min, max }),
  };
}

/** Of a-z, 0-9 and hyphen. */
export function word(max = 256): Field<string> {
  return {
    schema: { type: "string", minLength: 1, maxLength: max, pattern: "^[a-z0-9-]+$" },
    read: (from, name) => from.word(name, { max }),
  };
}

/** One line of another form. @param form what to say where it does not fit */
export function matching(pattern: string, form: string, max = 256): Field<string> {
  const test = new RegExp(pattern);
  return {
    schema: { type: "string", minLength: 1, maxLength: max, pattern },
    read(from, name) {
      const value = from.string(name, { max });
      if (!test.test(value)) throw from.wrong(name, form);
      return value;
    },
  };
}

/** 64 hexadecimal digits in lower case. */
export const hash: Field<string> = matching("^[0-9a-f]{64}$", "not 64 hexadecimal digits", 64);

/** A chip's UID: 14 hexadecimal digits in lower case. */
export const chipUid: Field<string> = matching("^[0-9a-f]{14}$", "not 14 hexadecimal digits", 14);

export function oneOf<const T extends string>(words: readonly T[]): Field<T> {
  return {
    schema: { type: "string", enum: words },
    read: (from, name) => from.oneOf(name, words),
  };
}

const DIGIT = "[A-Za-z0-9+/_-]";
/** Whole groups of four, then what is left with no stray bits; with all of its padding or none. */
const BASE64 = `(?:${DIGIT}{4})*` + `(?:${DIGIT}[AQgw](?:==)?|${DIGIT}{2}[AEIMQUYcgkosw048]=?)?`;

/** In base64url or base64, padded or not. */
export function bytes(length: number | ByteLimits): Field<Uint8Array> {
  const { min, max } = typeof length === "number" ? { min: length, max: length } : length;
  const [short, long] = [Math.ceil((min * 4) / 3), Math.ceil((max * 4) / 3)];
  return {
    schema: {
      type: "string",
      contentEncoding: "base64url",
      pattern: `^(?=${DIGIT}{${short},${long}}=*$)${BASE64}$`,
      "x-bytes": [min, max],
    },
    read: (from, name) => from.bytes(name, length),
  };
}

/** An integer from `min` to `max`. */
export function uint(max: number = Number.MAX_SAFE_INTEGER, min = 0): Field<number> {
  return {
    schema: { type: "integer", minimum: min, maximum: max },
    read(from, name) {
      const value = from.uint(name, { max });
      if (value < min) throw from.wrong(name, `less than ${min}`);
      return value;
    },
  };
}

export const number: Field<number> = {
  schema: { type: "number" },
  read: (from, name) => from.number(name),
};

export const boolean: Field<boolean> = {
  schema: { type: "boolean" },
  read: (from, name) => from.boolean(name),
};

export const yes: Field<true> = {
  schema: { type: "boolean", const: true },
  read(from, name) {
    if (from.boolean(name)) return true;
    throw from.wrong(name, "not true");
  },
};

/** Must not be there: it belongs to another form of the same request. */
export const absent: Field<undefined> = {
  schema: { not: {} },
  optional: true,
  read(from, name) {
    if (from.has(name)) throw from.wrong(name, "does not belong to this request");
    return undefined;
  },
};

/** Of any type. */
export const anything: Field<JsonValue> = {
  schema: {},
  read: (from, name) => from.any(name),
};

/** Any object. */
export const anyObject: Field<JsonObject> = {
  schema: { type: "object" },
  read: (from, name) => from.object(name).value,
};

/** Of `min` to `max` elements. */
export function list<T>(of: Field<T>, max: number, min = 0): Field<readonly T[]> {
  return {
    schema: { type: "array", items: of.schema, minItems: min, maxItems: max },
    read(from, name) {
      const elements = from.array(name, { max });
      if (elements.length < min) throw from.wrong(name, `fewer than ${min} elements`);
      return elements.map((value, index) => {
        const at = `${name}[${index}]`;
        return of.read(new Reader({ [at]: value }), at);
      });
    },
  };
}
