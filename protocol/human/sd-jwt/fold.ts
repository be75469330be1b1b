import { toBase64Url } from "../../encoding/base64.ts";
import type { JsonObject, JsonValue } from "../../json/reader.ts";
import type { Random } from "../../platform.ts";
import { checkClaimName, type Disclosure, type Hashes, makeDisclosure } from "./disclosure.ts";

const SALT_BYTES = 16;
const DIGEST_BYTES = 32;

/** A claim, or an array's element, that its holder may keep back. It may hold further ones. */
export class Hidden {
  readonly value: Claim;

  constructor(value: Claim) {
    this.value = value;
  }
}

/** Marks a value as selectively disclosable. @example { name: hidden("Alice") } */
export const hidden = (value: Claim): Hidden => new Hidden(value);

export type Claim = null | boolean | number | string | Hidden | readonly Claim[] | Claims;
export type Claims = { readonly [name: string]: Claim };

export interface FoldOptions {
  readonly crypto: Hashes;
  /** Salts and decoys come from here, fresh for every credential: equal salts would link two. */
  readonly random: Random;
  /**
   * Wherever something is hidden, digests of nothing fill up to a multiple of this, so that their
   * number does not tell how much there is (RFC 9901 §4.2.5). None when absent.
   */
  readonly padTo?: number;
}

export interface Folded {
  readonly payload: JsonObject;
  readonly disclosures: readonly Disclosure[];
}

class Folding {
  readonly disclosures: Disclosure[] = [];
  readonly #options: FoldOptions;

  constructor(options: FoldOptions) {
    this.#options = options;
  }

  claim(claim: Claim): JsonValue {
    if (claim instanceof Hidden) throw new TypeError("fold: hidden in a place that cannot hide");
    if (Array.isArray(claim)) return this.#array(claim);
    return typeof claim === "object" && claim !== null
      ? this.object(claim as Claims)
      : (claim as JsonValue);
  }

  object(claims: Claims): JsonObject {
    const members: [string, JsonValue][] = [];
    const digests: string[] = [];
    for (const [name, claim] of Object.entries(claims)) {
      checkClaimName(name);
      if (claim instanceof Hidden) digests.push(this.#disclose(claim, name));
      else members.push([name, this.claim(claim)]);
    }
    if (digests.length === 0) return Object.fromEntries(members);
    // Sorted, so that their order says nothing of the claims' (§4.2.4.1).
    const all = [...digests, ...this.#decoys(digests.length)].sort();
    return Object.fromEntries([["_sd", all], ...members]);
  }

  #array(array: readonly Claim[]): JsonValue {
    const elements = array.map((claim) =>
      claim instanceof Hidden ? { "...": this.#disclose(claim) } : this.claim(claim),
    );
    const count = array.filter((claim) => claim instanceof Hidden).length;
    if (count === 0) return elements;
    return [...elements, ...this.#decoys(count).map((digest) => ({ "...": digest }))];
  }

  #disclose({ value }: Hidden, name?: string): string {
    const { crypto, random } = this.#options;
    const disclosure = makeDisclosure(crypto, random.bytes(SALT_BYTES), this.claim(value), name);
    this.disclosures.push(disclosure);
    return disclosure.digest;
  }

  #decoys(count: number): string[] {
    const { random, padTo = 1 } = this.#options;
    const length = Math.ceil(count / padTo) * padTo - count;
    return Array.from({ length }, () => toBase64Url(random.bytes(DIGEST_BYTES)));
  }
}

/** The payload of a credential with digests for all that is hidden, and the disclosures. */
export function fold(claims: Claims, options: FoldOptions): Folded {
  const folding = new Folding(options);
  const payload = folding.object(claims);
  return { payload: { ...payload, _sd_alg: "sha-256" }, disclosures: folding.disclosures };
}
