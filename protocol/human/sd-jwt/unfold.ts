import { LatchkeyError, malformed } from "../../errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../json/reader.ts";
import { checkClaimName, type Disclosure } from "./disclosure.ts";

/** Deepest nesting once disclosures stand in their places: each may hide the next. */
const DEPTH_MAX = 16;

/** Where a claim stands: names of members and indices of elements. */
export type ClaimPath = readonly (string | number)[];

/** A disclosure that was found, and where. */
export interface Placed {
  readonly disclosure: Disclosure;
  /** Indices count the elements of the issuer's array, hidden ones included. */
  readonly path: ClaimPath;
}

export interface Unfolded {
  readonly claims: JsonObject;
  /** Parents come before what they hide. */
  readonly placed: readonly Placed[];
}

export interface UnfoldOptions {
  /** Claims that may not be disclosures, nor hold any (SD-JWT VC §3.2.2.2). */
  readonly neverHidden?: readonly string[];
}

/** Puts disclosures in the places of their digests (RFC 9901 §7.1, step 3). */
class Unfolding {
  readonly placed: Placed[] = [];
  readonly #disclosures: readonly Disclosure[];
  readonly #neverHidden: readonly string[];
  readonly #seen = new Set<string>();

  constructor(disclosures: readonly Disclosure[], neverHidden: readonly string[]) {
    this.#disclosures = disclosures;
    this.#neverHidden = neverHidden;
  }

  value(value: JsonValue, path: ClaimPath): JsonValue {
    if (path.length > DEPTH_MAX) throw new LatchkeyError("disclosure-invalid");
    if (Array.isArray(value)) return this.#array(value, path);
    return isJsonObject(value) ? this.object(value, path) : value;
  }

  object(object: JsonObject, path: ClaimPath): JsonObject {
    const members: [string, JsonValue][] = [];
    for (const [name, value] of Object.entries(object)) {
      if (name === "_sd") continue;
      if (path.length > 0 || name !== "_sd_alg") checkClaimName(name);
      members.push([name, this.value(value, [...path, name])]);
    }
    if (Object.hasOwn(object, "_sd")) this.#hidden(object, members, path);
    // Defines, never assigns: no name can reach a setter of the prototype.
    return Object.fromEntries(members);
  }

  #hidden(object: JsonObject, members: [string, JsonValue][], path: ClaimPath): void {
    const digests = object["_sd"]!;
    if (!Array.isArray(digests)) throw malformed("_sd", "not an array");
    for (const digest of digests as readonly JsonValue[]) {
      const disclosure = this.#find(digest, path);
      if (disclosure === undefined) continue;
      const { name, value } = disclosure;
      if (name === undefined) throw new LatchkeyError("disclosure-invalid");
      if (members.some(([taken]) => taken === name)) throw new LatchkeyError("claim-collision");
      if (path.length === 0 && this.#neverHidden.includes(name))
        throw new LatchkeyError("claim-not-disclosable", { detail: { name } });
      this.placed.push({ disclosure, path: [...path, name] });
      members.push([name, this.value(value, [...path, name])]);
    }
  }

  #array(array: readonly JsonValue[], path: ClaimPath): JsonValue {
    const elements: JsonValue[] = [];
    for (const [i, element] of array.entries()) {
      const hidden = isJsonObject(element) && Object.hasOwn(element, "...");
      if (!hidden) elements.push(this.value(element, [...path, i]));
      else {
        const shown = this.#element(element, [...path, i]);
        if (shown !== undefined) elements.push(shown);
      }
    }
    return elements;
  }

  #element(element: JsonObject, path: ClaimPath): JsonValue | undefined {
    if (Object.keys(element).length !== 1) throw malformed("...", "not alone");
    const disclosure = this.#find(element["..."]!, path);
    if (disclosure === undefined) return undefined;
    if (disclosure.name !== undefined) throw new LatchkeyError("disclosure-invalid");
    this.placed.push({ disclosure, path });
    return this.value(disclosure.value, path);
  }

  #find(digest: JsonValue, path: ClaimPath): Disclosure | undefined {
    if (typeof digest !== "string") throw malformed("_sd", "not a digest");
    if (typeof path[0] === "string" && this.#neverHidden.includes(path[0]))
      throw new LatchkeyError("claim-not-disclosable", { detail: { name: path[0] } });
    if (this.#seen.has(digest)) throw new LatchkeyError("digest-repeated");
    this.#seen.add(digest);
    return this.#disclosures.find((disclosure) => disclosure.digest === digest);
  }
}

/**
 * The claims of a payload with what is disclosed in its place and every digest gone.
 * @throws sd-alg-unsupported, disclosure-invalid, digest-repeated, claim-collision,
 *   claim-name-reserved, claim-not-disclosable, disclosure-unreferenced, malformed
 */
export function unfold(
  payload: JsonObject,
  disclosures: readonly Disclosure[],
  { neverHidden = [] }: UnfoldOptions = {},
): Unfolded {
  // One hash for all: a payload that names another is refused, whatever it names (§4.1.1).
  const algorithm = Object.hasOwn(payload, "_sd_alg") ? payload["_sd_alg"] : "sha-256";
  if (algorithm !== "sha-256") throw new LatchkeyError("sd-alg-unsupported");
  const unfolding = new Unfolding(disclosures, neverHidden);
  const { _sd_alg: _, ...claims } = unfolding.object(payload, []);
  // What no digest calls for was not the issuer's (§7.1, step 5).
  if (unfolding.placed.length !== disclosures.length)
    throw new LatchkeyError("disclosure-unreferenced");
  return { claims, placed: unfolding.placed };
}
