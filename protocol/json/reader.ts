import { fromBase64 } from "../encoding/base64.ts";
import { byteWork } from "../encoding/byte-work.ts";
import { PIECE } from "../encoding/code-text.ts";
import { fromUtf8 } from "../encoding/utf8.ts";
import { checkUuid } from "../encoding/uuid.ts";
import { type LatchkeyError, malformed } from "../errors.ts";
import { checkDepth, Nesting } from "./nesting.ts";

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export type JsonObject = { readonly [name: string]: JsonValue };

/** The longest body that either side reads, in UTF-16 units: 16 KiB of ASCII. */
export const MAX_BODY_LENGTH = 16 * 1024;
/** The deepest nesting of objects and arrays. */
export const MAX_BODY_DEPTH = 8;

/** What a text from outside may grow to before it is refused unread. */
export interface JsonLimits {
  /** In UTF-16 units. */
  readonly length: number;
  readonly depth: number;
}

const BODY_LIMITS: JsonLimits = Object.freeze({ length: MAX_BODY_LENGTH, depth: MAX_BODY_DEPTH });

function parsed(text: string, field: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw malformed(field, "not JSON"); // the engine's message would quote the input
  }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads JSON of any type from outside. @throws malformed */
export function parseValue(text: string, field: string, limits: JsonLimits): JsonValue {
  if (text.length > limits.length) throw malformed(field, `longer than ${limits.length}`);
  checkDepth(text, field, limits.depth);
  return parsed(text, field);
}

/**
 * The same of UTF-8, and with a rest after every 256 bytes: for texts whose length alone would
 * keep a device busy. Gives the text too. @throws malformed
 */
export function* parseBytes(
  bytes: Uint8Array,
  field: string,
  limits: JsonLimits,
): Generator<undefined, { readonly text: string; readonly value: JsonValue }, unknown> {
  const nesting = new Nesting(field, limits.depth);
  const pieces: string[] = [];
  let length = 0;
  for (let at = 0; at < bytes.length; ) {
    let end = Math.min(at + PIECE, bytes.length);
    // Not within a character; what is none is refused below.
    for (let back = 0; back < 3 && end < bytes.length && (bytes[end]! & 0xc0) === 0x80; back++)
      end--;
    const piece = fromUtf8(bytes.subarray(at, end), field);
    length += piece.length;
    if (length > limits.length) throw malformed(field, `longer than ${limits.length}`);
    nesting.take(piece);
    pieces.push(piece);
    at = end;
    yield;
  }
  const text = pieces.join("");
  return { text, value: parsed(text, field) };
}

/**
 * Reads a JSON object from outside: at most 16 KiB and 8 deep, if nothing else is said. Fields
 * that nobody asks for are ignored, so that a newer peer may send more.
 * @throws malformed; `field` names the whole in errors and is left out of its fields' names.
 */
export function parseObject(text: string, field = "body", limits = BODY_LIMITS): JsonReader {
  const value = parseValue(text, field, limits);
  if (!isJsonObject(value)) throw malformed(field, "not a JSON object");
  return new JsonReader(value);
}

/** One line of readable text: no control characters (they forge log lines), no half characters. */
export function isPlainText(text: string): boolean {
  if (byteWork?.isPrintable(text) === true) return true;
  for (const char of text) {
    const point = char.codePointAt(0)!;
    if (point < 0x20 || (point >= 0x7f && point < 0xa0)) return false;
    if (point >= 0xd800 && point <= 0xdfff) return false;
    if (point === 0x2028 || point === 0x2029) return false;
  }
  return true;
}

export interface StringLimits {
  /** In UTF-16 units; 1 when absent. */
  readonly min?: number;
  /** In UTF-16 units; 256 when absent. */
  readonly max?: number;
}

export interface ByteLimits {
  readonly min: number;
  readonly max: number;
}

/**
 * Typed access to a JSON object from outside. Every method that gives a value checks it
 * completely and throws `malformed` with the field's full name otherwise; a field with the
 * value `null` is present and of the wrong type.
 */
export class JsonReader {
  /** The object as it came; for values whose form is not ours to check. */
  readonly value: JsonObject;
  readonly #prefix: string;

  constructor(value: JsonObject, prefix = "") {
    this.value = value;
    this.#prefix = prefix;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.value, name);
  }

  /** The value as it came, of any type. */
  any(name: string): JsonValue {
    if (!this.has(name)) throw malformed(this.#prefix + name, "missing");
    return this.value[name]!;
  }

  /** One line of text. */
  string(name: string, { min = 1, max = 256 }: StringLimits = {}): string {
    const value = this.any(name);
    if (typeof value !== "string") throw this.wrong(name, "not a string");
    if (value.length < min || value.length > max)
      throw this.wrong(name, `needs ${min} to ${max} characters`);
    if (!isPlainText(value)) throw this.wrong(name, "not one line of plain text");
    return value;
  }

  /** One of the given words. */
  oneOf<const T extends string>(name: string, words: readonly T[]): T {
    const value = this.any(name);
    const found = words.find((word) => word === value);
    if (found === undefined) throw this.wrong(name, `not one of ${words.join(", ")}`);
    return found;
  }

  /** One word of a-z, 0-9 and hyphen. */
  word(name: string, limits?: StringLimits): string {
    const value = this.string(name, limits);
    if (!/^[a-z0-9-]+$/.test(value)) throw this.wrong(name, "not a word of a-z, 0-9 and hyphen");
    return value;
  }

  /** A UUID in lower case. */
  uuid(name: string): string {
    const text = this.string(name);
    checkUuid(text, this.#prefix + name);
    return text;
  }

  /** Bytes in base64url or base64, of exactly that length or within the limits. */
  bytes(name: string, length: number | ByteLimits): Uint8Array {
    const { min, max } = typeof length === "number" ? { min: length, max: length } : length;
    const text = this.any(name);
    if (typeof text !== "string") throw this.wrong(name, "not a string");
    // Before decoding, so that nothing is allocated for what is refused anyway.
    const tooLong = text.length > 4 * Math.ceil(max / 3);
    const bytes = tooLong ? undefined : fromBase64(text, this.#prefix + name);
    if (bytes === undefined || bytes.length < min || bytes.length > max)
      throw this.wrong(name, min === max ? `needs ${min} bytes` : `needs ${min} to ${max} bytes`);
    return bytes;
  }

  /** An integer from 0 to `max` (2^53-1 when absent). */
  uint(name: string, { max = Number.MAX_SAFE_INTEGER }: { readonly max?: number } = {}): number {
    const value = this.any(name);
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
      throw this.wrong(name, "not an unsigned integer");
    if (value > max) throw this.wrong(name, `greater than ${max}`);
    return value + 0; // turns the -0 that JSON can spell into 0
  }

  /** A number that is one: JSON can spell 1e999, which no double holds. */
  number(name: string): number {
    const value = this.any(name);
    if (typeof value !== "number" || !Number.isFinite(value))
      throw this.wrong(name, "not a finite number");
    return value + 0; // as in `uint`
  }

  boolean(name: string): boolean {
    const value = this.any(name);
    if (typeof value !== "boolean") throw this.wrong(name, "not true or false");
    return value;
  }

  object(name: string): JsonReader {
    const value = this.any(name);
    if (!isJsonObject(value)) throw this.wrong(name, "not an object");
    return new JsonReader(value, `${this.#prefix}${name}.`);
  }

  /** The elements as they came; at most `max`. */
  array(name: string, { max }: { readonly max: number }): readonly JsonValue[] {
    const value = this.any(name);
    if (!Array.isArray(value)) throw this.wrong(name, "not an array");
    if (value.length > max) throw this.wrong(name, `more than ${max} elements`);
    return value;
  }

  /** The elements as readers; each must be an object. */
  objects(name: string, limits: { readonly max: number }): readonly JsonReader[] {
    return this.array(name, limits).map((value, index) => {
      if (!isJsonObject(value)) throw this.wrong(`${name}[${index}]`, "not an object");
      return new JsonReader(value, `${this.#prefix}${name}[${index}].`);
    });
  }

  /** `read(name)` if the field is there, else `undefined`. */
  optional<T>(name: string, read: (reader: JsonReader) => T): T | undefined {
    return this.has(name) ? read(this) : undefined;
  }

  optionalString(name: string, limits?: StringLimits): string | undefined {
    return this.has(name) ? this.string(name, limits) : undefined;
  }

  optionalUuid(name: string): string | undefined {
    return this.has(name) ? this.uuid(name) : undefined;
  }

  optionalBytes(name: string, length: number | ByteLimits): Uint8Array | undefined {
    return this.has(name) ? this.bytes(name, length) : undefined;
  }

  optionalUint(name: string, limits?: { readonly max?: number }): number | undefined {
    return this.has(name) ? this.uint(name, limits) : undefined;
  }

  optionalBoolean(name: string): boolean | undefined {
    return this.has(name) ? this.boolean(name) : undefined;
  }

  optionalObject(name: string): JsonReader | undefined {
    return this.has(name) ? this.object(name) : undefined;
  }

  /** The error of a field that is wrong in a way that only its parser knows. */
  wrong(name: string, message: string): LatchkeyError {
    return malformed(this.#prefix + name, message);
  }
}
