import { malformed } from "../errors.ts";
import type { JsonObject, JsonReader } from "../json/reader.ts";
import { QUANTITIES, type Quantity } from "./ranges.ts";
import type { NamedReadings, ReadingFields, SensorFault } from "./reading.ts";

/** The most named quantities of one reading. */
export const NAMED_MAX = 32;
/** The most sensors of one reading that did not deliver. */
export const FAULTS_MAX = 16;
const COUNT_MAX = 2 ** 32 - 1;
const CODE_LENGTH_MAX = 40;

/** ISO 14443-3 §6.5.4: 4, 7 or 10 bytes; lower-case hexadecimal. */
const BADGE_UID = /^(?:[0-9a-f]{8}|[0-9a-f]{14}|[0-9a-f]{20})$/;
const SENSOR_NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/;
const NAMED = /^[a-z0-9][a-z0-9_-]{0,31}\.[a-z][a-z0-9_]{0,15}$/;

/**
 * Whether a sensor may be called so: it becomes part of names and topics elsewhere, so it is a
 * word of a-z, 0-9, `_` and `-`, 32 characters at most, and begins with none of the last two.
 */
export function isSensorName(name: string): boolean {
  return SENSOR_NAME.test(name);
}

/** JSON has no NaN: it would become `null`, which no server takes. */
function measured(field: string, value: number): number {
  if (!Number.isFinite(value)) throw malformed(field, "not a finite number");
  return value;
}

/** @throws malformed for what is not a number: it was not measured and must not be sent */
export function writeReadingFields(fields: ReadingFields): JsonObject {
  const written: Record<string, number | boolean | string> = {};
  for (const quantity of QUANTITIES) {
    const value = fields[quantity];
    if (value !== undefined) written[quantity] = measured(quantity, value);
  }
  const { motion, badge_uid, granted } = fields;
  return {
    ...written,
    ...(motion !== undefined && { motion }),
    ...(badge_uid !== undefined && { badge_uid }),
    ...(granted !== undefined && { granted }),
  };
}

/** Whether the values are possible is another question: see `outOfRange`. @throws malformed */
export function parseReadingFields(body: JsonReader): ReadingFields {
  const numbers: { [name in Quantity]?: number } = {};
  for (const quantity of QUANTITIES)
    if (body.has(quantity)) numbers[quantity] = body.number(quantity);
  if ((numbers.lat === undefined) !== (numbers.lon === undefined))
    throw body.wrong(numbers.lat === undefined ? "lat" : "lon", "missing");
  const motion = body.optionalBoolean("motion");
  const uid = body.optionalString("badge_uid");
  if (uid !== undefined && !BADGE_UID.test(uid)) throw body.wrong("badge_uid", "not a chip's UID");
  const granted = body.optionalBoolean("granted");
  return {
    ...numbers,
    ...(motion !== undefined && { motion }),
    ...(uid !== undefined && { badge_uid: uid }),
    ...(granted !== undefined && { granted }),
  };
}

/** @throws malformed */
export function writeNamedReadings(named: NamedReadings): JsonObject {
  const names = Object.keys(named);
  if (names.length > NAMED_MAX) throw malformed("named", `more than ${NAMED_MAX} values`);
  return Object.fromEntries(
    names.map((name) => {
      if (!NAMED.test(name)) throw malformed("named", "a name is not <sensor>.<quantity>");
      return [name, measured(`named.${name}`, named[name]!)];
    }),
  );
}

/** @throws malformed */
export function parseNamedReadings(body: JsonReader): NamedReadings {
  const names = Object.keys(body.value);
  if (names.length > NAMED_MAX) throw malformed("named", `more than ${NAMED_MAX} values`);
  return Object.fromEntries(
    names.map((name) => {
      // A name that is not one is not repeated in the error either.
      if (!NAMED.test(name)) throw malformed("named", "a name is not <sensor>.<quantity>");
      return [name, body.number(name)];
    }),
  );
}

export function writeSensorFaults(faults: readonly SensorFault[]): readonly JsonObject[] {
  return faults.map(({ sensor, code, count }) => ({ sensor, code, count }));
}

/** @throws malformed */
export function parseSensorFaults(elements: readonly JsonReader[]): readonly SensorFault[] {
  return elements.map((fault) => {
    const sensor = fault.string("sensor", { max: 32 });
    if (!isSensorName(sensor)) throw fault.wrong("sensor", "not a word of a-z, 0-9, _ and hyphen");
    return {
      sensor,
      code: fault.word("code", { max: CODE_LENGTH_MAX }),
      count: fault.uint("count", { max: COUNT_MAX }),
    };
  });
}
