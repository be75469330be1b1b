/** How the file of published NTAG 424 DNA vectors is shaped, and how its fields are compared. */
import assert from "node:assert/strict";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";

type Field = string | number | boolean | null | readonly string[] | Fields;
export interface Fields {
  readonly [name: string]: Field;
}

export interface Vector {
  readonly id: string;
  readonly kind: string;
  readonly source: { readonly repo: string; readonly path: string; readonly figure?: string };
  readonly input: Fields;
  readonly expected: Fields;
  readonly verified: boolean;
}

export interface Transcript {
  readonly id: string;
  readonly source: string;
  readonly exchanges: readonly (readonly [string, string])[];
}

export interface VectorFile {
  readonly counts: Readonly<Record<string, number>>;
  readonly keyFacts: { readonly originalityPublicKey: string };
  readonly transcripts: readonly Transcript[];
  readonly vectors: readonly Vector[];
}

/** An absent or empty field is an empty one. */
export function textOf(fields: Fields, name: string): string {
  return String(fields[name] ?? "");
}

export function bytesOf(fields: Fields, name: string): Uint8Array {
  return fromHex(textOf(fields, name), name);
}

type Found = Uint8Array | number | boolean | readonly Uint8Array[] | undefined;

/** Compares every expected field with what `actual` has under that name; `null` is "absent". */
export function compare(expected: Fields, actual: Readonly<Record<string, Found>>): void {
  for (const [name, value] of Object.entries(expected)) {
    assert.ok(Object.hasOwn(actual, name), `nothing to compare ${name} with`);
    const found = actual[name];
    if (value === null) assert.equal(found, undefined, name);
    else if (found instanceof Uint8Array)
      assert.equal(toHex(found), String(value).toLowerCase(), name);
    else if (Array.isArray(found))
      assert.equal(found.map(toHex).join(), String(value).toLowerCase(), name);
    else assert.equal(found, value, name);
  }
}

/** The same vector with one digit of one expected field changed, for every such field. */
export function mutantsOf(vector: Vector): Vector[] {
  const digit = (text: string) => (text[0] === "0" ? "1" : "0") + text.slice(1);
  return Object.entries(vector.expected).flatMap(([name, value]) => {
    let changed: Field;
    if (typeof value === "string" && value !== "") changed = digit(value);
    else if (typeof value === "number") changed = value + 1;
    else if (typeof value === "boolean") changed = !value;
    else if (Array.isArray(value)) changed = [digit(String(value[0])), ...value.slice(1)];
    else return [];
    return [{ ...vector, expected: { ...vector.expected, [name]: changed } }];
  });
}
