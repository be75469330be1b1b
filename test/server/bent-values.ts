import fc from "fast-check";
import { isJsonObject, type JsonValue } from "../../protocol/json/reader.ts";

/** One of another kind, or of the same kind and out of bounds. */
const anything: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constantFrom<JsonValue>(null, true, false, "", "x", 0, -1, 1.5, 2 ** 53, -0, [], {}, [[]]),
  fc.constantFrom<JsonValue>("\u0000", "a\nb", "\ud800", "\u2028", "x".repeat(300), "A".repeat(43)),
  fc.constantFrom<JsonValue>("__proto__", "constructor", "../../etc/passwd", "' OR 1=1 --", "%00"),
  fc.string({ maxLength: 40 }),
  fc.integer(),
  fc.uuid().map((text) => text.toUpperCase()),
  fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<JsonValue>,
);

type Path = readonly (string | number)[];

/** Every place in a value, the whole included. */
function placesIn(value: JsonValue, at: Path = []): Path[] {
  const inside = Array.isArray(value)
    ? value.flatMap((each, index) => placesIn(each, [...at, index]))
    : isJsonObject(value)
      ? Object.entries(value).flatMap(([name, each]) => placesIn(each, [...at, name]))
      : [];
  return [at, ...inside];
}

function replaced(value: JsonValue, path: Path, by: JsonValue | undefined): JsonValue | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return by;
  if (Array.isArray(value)) {
    const changed = value.map((each, index) => (index === step ? replaced(each, rest, by) : each));
    return changed.filter((each) => each !== undefined);
  }
  const entries = Object.entries(value as { [name: string]: JsonValue });
  const changed = entries.map(([name, each]) => [
    name,
    name === step ? replaced(each, rest, by) : each,
  ]);
  return Object.fromEntries(changed.filter(([, each]) => each !== undefined));
}

/** A good value with one or two places lost, replaced or bent, or with something added. */
export function bent(good: fc.Arbitrary<unknown>): fc.Arbitrary<JsonValue> {
  const bend = fc.record({
    where: fc.nat(),
    how: fc.constantFrom("lose", "replace", "add", "longer", "repeat", "nothing"),
    by: anything,
    name: fc.constantFrom("extra", "__proto__", "tenant_id", "node_uid", "run_id", "toString"),
  });
  return fc.tuple(good, fc.array(bend, { minLength: 1, maxLength: 2 })).map(([value, bends]) => {
    let current = value as JsonValue;
    for (const { where, how, by, name } of bends) {
      // The whole stays an object: what is none has a test of its own.
      const places = placesIn(current).slice(1);
      const place = places[where % Math.max(1, places.length)];
      if (how === "add") current = { ...(current as object), [name]: by };
      else if (place === undefined || how === "nothing") continue;
      else if (how === "lose") current = replaced(current, place, undefined)!;
      else if (how === "replace") current = replaced(current, place, by)!;
      else {
        const old = place.reduce<JsonValue>(
          (inner, step) => (inner as { [step: string | number]: JsonValue })[step]!,
          current,
        );
        const text = typeof old === "string" ? old : JSON.stringify(old);
        current = replaced(current, place, how === "longer" ? `${text}=` : text + text)!;
      }
    }
    return current;
  });
}
