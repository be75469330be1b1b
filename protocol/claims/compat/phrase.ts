import { Secret } from "../../crypto/secret.ts";
import type { Sha3 } from "../../crypto/sha3.ts";
import { toUtf8 } from "../../encoding/utf8.ts";

/** BIP39 words are known by their first four letters. */
const PREFIX = 4;

/**
 * The words of a phrase as the reference spells them out: upper case, each the first word of the
 * list that begins so. @throws Error for a word that is not on the list
 */
export function compatCanonicalPhrase(phrase: string, words: readonly string[]): string {
  return phrase
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "")
    .map((word) => {
      const found =
        words.find((known) => known === word) ??
        (word.length >= PREFIX ? words.find((known) => known.startsWith(word)) : undefined);
      if (found === undefined) throw new Error(`Unknown BIP39 word: "${word}"`);
      return found.toUpperCase();
    })
    .join(" ");
}

/**
 * The seed of a phrase: one hash, without BIP39's checksum or stretching, so a phrase must be a
 * random one. `words` is the BIP39 list, which is not shipped here.
 */
export function compatPhraseToSeed(phrase: string, words: readonly string[], sha3: Sha3): Secret {
  return new Secret(sha3.sha3_256(toUtf8(compatCanonicalPhrase(phrase, words))));
}
