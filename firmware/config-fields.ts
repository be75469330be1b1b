import { fromBase64 } from "../protocol/encoding/base64.ts";
import { byteWork } from "../protocol/encoding/byte-work.ts";
import { LatchkeyError } from "../protocol/errors.ts";
import { nearest } from "./nearest.ts";

/** @throws config-invalid always; `field` is the dotted path that a person looks for. */
export function refuse(field: string, why: string): never {
  throw new LatchkeyError("config-invalid", {
    message: `${field}: ${why}`,
    detail: { field },
  });
}

/** @throws config-invalid */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The engine's message may quote the text, and the text holds keys.
    return refuse("configuration", "is not JSON");
  }
}

export interface NumberRange {
  readonly min: number;
  readonly max: number;
  /** Used when the field is absent; a field without it is required. */
  readonly fallback?: number;
}

/**
 * Typed access to one JSON object of a configuration. Every failure names the field by its
 * dotted path and never repeats the value: it may be a key that stands in the wrong place.
 */
export class ConfigFields {
  readonly #path: string;
  readonly #values: Readonly<Record<string, unknown>>;

  /** @throws config-invalid when `value` is no object or has a field not in `known`. */
  constructor(value: unknown, path: string, known: readonly string[]) {
    this.#path = path;
    if (typeof value !== "object" || value === null || Array.isArray(value))
      refuse(path === "" ? "configuration" : path, "must be an object");
    this.#values = value as Readonly<Record<string, unknown>>;
    const names = Object.keys(value);
    // By index, here and below: on the device an iterator costs more than what it gives.
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!;
      if (known.includes(name) || this.raw(name) === undefined) continue;
      // The name is echoed cut: what was meant as a value can end up as a name.
      const meant = nearest(name, known);
      const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
      refuse(this.pathOf(name.slice(0, 32)), `is not a setting here${hint}`);
    }
  }

  /** Where this object stands: dotted, empty for the whole configuration. */
  get path(): string {
    return this.#path;
  }

  pathOf(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }

  has(name: string): boolean {
    return this.raw(name) !== undefined;
  }

  raw(name: string): unknown {
    return Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
  }

  /** The object under `name`; an empty one when it is absent. */
  object(name: string, known: readonly string[]): ConfigFields {
    return new ConfigFields(this.raw(name) ?? {}, this.pathOf(name), known);
  }

  /** Printable text of 1 to `max` characters. */
  text(name: string, max: number): string {
    const value = this.raw(name);
    if (value === undefined) refuse(this.pathOf(name), "is missing");
    if (typeof value !== "string") refuse(this.pathOf(name), "must be text");
    if (value.length === 0) refuse(this.pathOf(name), "must not be empty");
    if (value.length > max) refuse(this.pathOf(name), `must not be longer than ${max} characters`);
    const isPlain = byteWork?.isPrintable(value) === true;
    for (let i = 0; !isPlain && i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code < 32 || code === 127) refuse(this.pathOf(name), "must not hold control characters");
    }
    return value;
  }

  integer(name: string, range: NumberRange): number {
    const value = this.raw(name);
    if (value === undefined && range.fallback !== undefined) return range.fallback;
    if (value === undefined) refuse(this.pathOf(name), "is missing");
    if (typeof value !== "number" || !Number.isInteger(value))
      refuse(this.pathOf(name), "must be a whole number");
    if (value < range.min || value > range.max)
      refuse(this.pathOf(name), `must be from ${range.min} to ${range.max}`);
    return value;
  }

  /** Any finite number. */
  number(name: string, range: NumberRange): number {
    const value = this.raw(name);
    if (value === undefined && range.fallback !== undefined) return range.fallback;
    if (value === undefined) refuse(this.pathOf(name), "is missing");
    if (typeof value !== "number" || !Number.isFinite(value))
      refuse(this.pathOf(name), "must be a number");
    if (value < range.min || value > range.max)
      refuse(this.pathOf(name), `must be from ${range.min} to ${range.max}`);
    return value;
  }

  /**
   * A time such as `500ms`, `60s`, `5min` or `1h`, as ESPHome writes it (and `5m`, as
   * scenarios do); in milliseconds.
   */
  durationMs(name: string, range: NumberRange): number {
    if (!this.has(name) && range.fallback !== undefined) return range.fallback;
    const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|min|m|h|d)$/.exec(this.text(name, 16));
    if (match === null) refuse(this.pathOf(name), 'must look like "500ms", "60s", "5min" or "1h"');
    const ms = Math.round(Number(match[1]) * UNIT_MS[match[2]!]!);
    if (ms < range.min || ms > range.max)
      refuse(this.pathOf(name), `must be from ${range.min / 1000} s to ${range.max / 1000} s`);
    return ms;
  }

  boolean(name: string, fallback: boolean): boolean {
    const value = this.raw(name);
    if (value === undefined) return fallback;
    if (typeof value !== "boolean") refuse(this.pathOf(name), "must be true or false");
    return value;
  }

  choice<T extends string>(name: string, choices: readonly T[], fallback?: T): T {
    const value = this.raw(name);
    if (value === undefined && fallback !== undefined) return fallback;
    const found = choices.find((choice) => choice === value);
    if (found === undefined)
      refuse(this.pathOf(name), `must be ${choices.map((c) => `"${c}"`).join(" or ")}`);
    return found;
  }

  /** base64url or base64 of exactly `length` bytes. */
  bytes(name: string, length: number): Uint8Array {
    return decode(this.pathOf(name), this.text(name, 4 * length), length);
  }

  /** A list of `min` to `max` values. */
  list(name: string, min: number, max: number): readonly unknown[] {
    const path = this.pathOf(name);
    const value = this.raw(name);
    if (value === undefined) refuse(path, "is missing");
    if (!Array.isArray(value)) refuse(path, "must be a list");
    if (value.length < min || value.length > max)
      refuse(path, `must have ${min} to ${max} entries`);
    return value;
  }

  /** One to `max` byte strings, each of `length` bytes. */
  bytesList(name: string, length: number, max: number): Uint8Array[] {
    const path = this.pathOf(name);
    return this.list(name, 1, max).map((entry, index) => {
      const at = `${path}[${index}]`;
      if (typeof entry !== "string" || entry.length > 4 * length) refuse(at, "must be base64 text");
      return decode(at, entry, length);
    });
  }
}

const UNIT_MS: Readonly<Record<string, number>> = Object.freeze({
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
});

function decode(field: string, text: string, length: number): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = fromBase64(text, field);
  } catch {
    return refuse(field, "must be base64url");
  }
  if (bytes.length !== length) refuse(field, `must have ${length} bytes, has ${bytes.length}`);
  return bytes;
}
