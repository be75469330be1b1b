import type { Sha3 } from "../../crypto/sha3.ts";
import { toUtf8 } from "../../encoding/utf8.ts";

/**
 * The reference's canonical JSON with all that it does to values outside of JSON: `undefined`
 * becomes a word or nothing, NaN null, a Date or Map `{}`. Different values have one text.
 * @throws TypeError for a BigInt; RangeError of the engine for deep nesting
 */
export function compatCanonicalJson(value: unknown): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(compatCanonicalJson).join(",")}]`;
  const object = value as Readonly<Record<string, unknown>>;
  const members = Object.keys(object)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${compatCanonicalJson(object[name])}`);
  return `{${members.join(",")}}`;
}

export function compatDigest(sha3: Sha3, value: unknown): Uint8Array {
  return sha3.sha3_256(toUtf8(compatCanonicalJson(value)));
}
