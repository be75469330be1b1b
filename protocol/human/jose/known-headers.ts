import type { JsonReader } from "../../json/reader.ts";

/** Headers that are remembered: one for each issuer's chain. */
const HEADERS_MAX = 64;

/**
 * Headers of tokens whose signatures were good, by their text. An issuer's is the same in all of
 * its credentials, chain of certificates included, and most of what there is to decode.
 */
export class KnownHeaders {
  readonly #known = new Map<string, JsonReader>();

  get(encoded: string): JsonReader | undefined {
    return this.#known.get(encoded);
  }

  add(encoded: string, header: JsonReader): void {
    if (this.#known.has(encoded)) return;
    if (this.#known.size >= HEADERS_MAX) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(encoded, header);
  }
}
