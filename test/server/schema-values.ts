import fc from "fast-check";
import type { JsonObject } from "../../protocol/json/reader.ts";
import { DOCUMENT } from "./api-check.ts";

/** Values for fields by their names, in place of what a schema would let be anything. */
export type Given = Readonly<Record<string, unknown>>;

const schemas = (DOCUMENT["components"] as JsonObject)["schemas"] as JsonObject;
const PLAIN_START = "^[^\\u0000";

function resolved(schema: JsonObject): JsonObject {
  const reference = schema["$ref"];
  if (typeof reference !== "string") return schema;
  return schemas[reference.slice(reference.lastIndexOf("/") + 1)] as JsonObject;
}

function text(schema: JsonObject): fc.Arbitrary<string> {
  const min = Number(schema["minLength"] ?? 0);
  const max = Number(schema["maxLength"] ?? 64);
  const pattern = schema["pattern"] as string | undefined;
  const [short, long] = (schema["x-bytes"] as readonly [number, number] | undefined) ?? [];
  if (short !== undefined) {
    const bytes = fc.uint8Array({ minLength: short, maxLength: Math.min(long!, short + 64) });
    return bytes.map((value) => Buffer.from(value).toString("base64url"));
  }
  if (schema["format"] === "uuid") return fc.uuid();
  if (pattern === undefined || pattern.startsWith(PLAIN_START))
    return fc.string({ minLength: min, maxLength: Math.min(max, min + 40) });
  return fc.stringMatching(new RegExp(pattern)).filter(({ length }) => length <= max);
}

/** Values that a schema of the document takes; only the keywords that our fields use. */
export function valuesOf(asked: JsonObject, given: Given = {}): fc.Arbitrary<unknown> {
  const schema = resolved(asked);
  const { anyOf, enum: words, type } = schema as { [keyword: string]: unknown };
  if ("const" in schema) return fc.constant(schema["const"]);
  if (Array.isArray(words)) return fc.constantFrom(...words);
  if (Array.isArray(anyOf)) return fc.oneof(...anyOf.map((each) => valuesOf(each, given)));
  const [from, to] = [Number(schema["minimum"] ?? 0), Number(schema["maximum"] ?? 1e9)];
  switch (type) {
    case "string":
      return text(schema);
    case "integer":
      return fc.integer({ min: from, max: to });
    case "number":
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case "boolean":
      return fc.boolean();
    case "array":
      return fc.array(valuesOf(schema["items"] as JsonObject, given), {
        minLength: Number(schema["minItems"] ?? 0),
        maxLength: Math.min(Number(schema["maxItems"] ?? 3), Number(schema["minItems"] ?? 0) + 3),
      });
    case "object":
      return objectsOf(schema, given);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function objectsOf(schema: JsonObject, given: Given): fc.Arbitrary<unknown> {
  const all = Object.entries((schema["properties"] ?? {}) as JsonObject);
  const properties = all.filter(([, field]) => !("not" in (field as JsonObject)));
  const required = (schema["required"] ?? []) as string[];
  const fields = properties.map(([name, field]) => [
    name,
    name in given ? fc.constant(given[name]) : valuesOf(field as JsonObject, given),
  ]);
  const always = [...required, ...properties.map(([name]) => name).filter((name) => name in given)];
  const arbitraries = Object.fromEntries(fields) as Record<string, fc.Arbitrary<unknown>>;
  return fc.record(arbitraries, { requiredKeys: [...new Set(always)] });
}

/** One value, the same one for the same seed. */
export function sampleOf(schema: JsonObject, given: Given = {}, seed = 6): unknown {
  return fc.sample(valuesOf(schema, given), { seed, numRuns: 1 })[0];
}

/** Names of the fields anywhere in a schema. */
export function fieldsIn(asked: JsonObject): string[] {
  const schema = resolved(asked);
  const own = Object.entries((schema["properties"] ?? {}) as JsonObject);
  const parts = (schema["anyOf"] ?? []) as readonly JsonObject[];
  return [
    ...own.flatMap(([name, field]) => [name, ...fieldsIn(field as JsonObject)]),
    ...parts.flatMap(fieldsIn),
  ];
}
