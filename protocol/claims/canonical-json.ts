import type { Sha3 } from "../crypto/sha3.ts";
import { toUtf8 } from "../encoding/utf8.ts";
import { malformed } from "../errors.ts";
import type { JsonValue } from "../json/reader.ts";

/** The deepest nesting of what is hashed: a claim needs 4, an input schema perhaps 12. */
export const MAX_CANONICAL_DEPTH = 16;
/** The longest canonical text, in UTF-16 units. */
export const MAX_CANONICAL_LENGTH = 64 * 1024;
/** Members and elements in all: bounds the work before the text is there to be measured. */
const MAX_CANONICAL_NODES = 4096;

/** Not compared with `in`: an own `__proto__` of `JSON.parse` is lost by many who copy objects. */
const FORBIDDEN_KEY = "__proto__";

/** The texts of an object: of all of it, and of its members by their names. */
export interface CanonicalParts {
  readonly text: string;
  readonly members: ReadonlyMap<string, string>;
}

class Writer {
  readonly #field: string;
  /** The member of the whole that is written; what is beside it is only measured. */
  readonly #wanted: string | undefined;
  #isWriting: boolean;
  #nodes = 0;
  #length = 0;
  parts: CanonicalParts | undefined;

  constructor(field: string, wanted?: string) {
    this.#field = field;
    this.#wanted = wanted;
    this.#isWriting = wanted === undefined;
  }

  /** Of what is not written, empty or part of it. */
  text(value: unknown, depth: number): string {
    if (++this.#nodes > MAX_CANONICAL_NODES) throw this.#wrong("too many members");
    if (value === null || typeof value === "boolean") return this.#measured(String(value));
    if (typeof value === "string") return this.#measured(JSON.stringify(value));
    if (typeof value === "number") {
      if (!Number.isFinite(value)) throw this.#wrong("a number that JSON cannot carry");
      return this.#measured(JSON.stringify(value));
    }
    if (typeof value !== "object") throw this.#wrong(`a ${typeof value}`);
    if (depth >= MAX_CANONICAL_DEPTH) throw this.#wrong("nested too deeply");
    return Array.isArray(value) ? this.#array(value, depth) : this.#object(value, depth);
  }

  #array(value: readonly unknown[], depth: number): string {
    if (value.length > MAX_CANONICAL_NODES) throw this.#wrong("too many members");
    const parts: string[] = [];
    for (let i = 0; i < value.length; i++) {
      if (!Object.hasOwn(value, i)) throw this.#wrong("an array with holes");
      parts.push(this.text(value[i], depth + 1));
    }
    if (Object.keys(value).length !== value.length) throw this.#wrong("an array with names");
    return this.#isWriting ? `[${parts.join(",")}]` : "";
  }

  #object(value: object, depth: number): string {
    const prototype = Object.getPrototypeOf(value);
    // A Date, a Map, a typed array: JSON has no such values, and the reference hashes them as {}.
    if (prototype !== Object.prototype && prototype !== null)
      throw this.#wrong("not a plain object");
    if (Object.getOwnPropertySymbols(value).length > 0) throw this.#wrong("a symbol as a name");
    // Sorted by UTF-16 code unit, which is what `sort` without arguments does.
    const names = Object.getOwnPropertyNames(value).sort();
    if (names.length > MAX_CANONICAL_NODES) throw this.#wrong("too many members");
    const texts: string[] = [];
    const parts: string[] = [];
    for (const name of names) {
      if (name === FORBIDDEN_KEY) throw this.#wrong(`the name ${FORBIDDEN_KEY}`);
      const { get, enumerable, value: member } = Object.getOwnPropertyDescriptor(value, name)!;
      // A getter could answer the check and the hash differently.
      if (get !== undefined || enumerable !== true) throw this.#wrong("not a plain member");
      const label = this.#measured(JSON.stringify(name));
      const isWanted = depth === 0 && name === this.#wanted;
      if (isWanted) this.#isWriting = true;
      const text = this.text(member, depth + 1);
      if (isWanted) this.#isWriting = false;
      if (!this.#isWriting) continue;
      texts.push(text);
      parts.push(`${label}:${text}`);
    }
    if (!this.#isWriting) return "";
    const text = `{${parts.join(",")}}`;
    if (depth === 1 && this.#wanted !== undefined)
      this.parts = { text, members: new Map(names.map((name, i) => [name, texts[i]!])) };
    return text;
  }

  #measured(text: string): string {
    this.#length += text.length + 1;
    if (this.#length > MAX_CANONICAL_LENGTH) throw this.#wrong("too long");
    return text;
  }

  #wrong(why: string): Error {
    return malformed(this.#field, why);
  }
}

/**
 * The one text of a JSON value: members sorted by UTF-16 code unit, no spaces, numbers and escapes
 * as ECMAScript writes them. Byte for byte the reference's for everything that JSON can carry;
 * what it cannot (undefined, NaN, Date, typed arrays, holes, getters) and what people lose on the
 * way (`__proto__`) is refused, where the reference hashes it to something that collides.
 * @throws malformed; `field` names it in the error.
 */
export function canonicalJson(value: unknown, field = "value"): string {
  return new Writer(field).text(value, 0);
}

/**
 * The texts of the object that is a member of `value` by that name, `undefined` if there is none;
 * all of `value` is held to what {@link canonicalJson} asks. One walk, whatever is hashed of them.
 * @throws malformed
 */
export function canonicalParts(value: unknown, name: string): CanonicalParts | undefined {
  const writer = new Writer("value", name);
  writer.text(value, 0);
  return writer.parts;
}

/** SHA3-256 of the UTF-8 of {@link canonicalJson}. @throws malformed */
export function canonicalDigest(sha3: Sha3, value: unknown, field = "value"): Uint8Array {
  return digestOfText(sha3, canonicalJson(value, field));
}

/** SHA3-256 of a canonical text that is there already. */
export function digestOfText(sha3: Sha3, text: string): Uint8Array {
  return sha3.sha3_256(toUtf8(text));
}

/** Type for a JSON object that is not looked into. */
export type JsonPayload = Readonly<Record<string, JsonValue>>;
