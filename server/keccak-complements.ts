/**
 * Lanes of Keccak that are kept as their complements, so that chi needs hardly a NOT: 64-bit words
 * have no instruction for `b AND NOT a`, and of 25 in a round few remain. Source: the "lane
 * complementing transform" of "Keccak implementation overview" 3.2, whose lanes these are.
 */
export const COMPLEMENTED: readonly number[] = Object.freeze([1, 2, 8, 12, 17, 20]);

/**
 * How a word of a row is computed: word x XOR (word x + 1 AND or OR word x + 2), each as it is or
 * as its complement.
 */
export interface ChiTerm {
  readonly complements: readonly [boolean, boolean, boolean];
  readonly isOr: boolean;
}

export interface ChiRow {
  /** The words whose complements are used, by their x. */
  readonly complements: readonly number[];
  readonly terms: readonly ChiTerm[];
}

/**
 * Chi of one row, with as few complements as can be.
 * @param before which of the five words are kept as complements @param after which ones shall be
 */
export function rowOfChi(before: readonly boolean[], after: readonly boolean[]): ChiRow {
  let best: ChiRow | undefined;
  for (let choice = 0; choice < 32; choice++) {
    const complements = [0, 1, 2, 3, 4].filter((x) => ((choice >> x) & 1) === 1);
    const isFewer = best === undefined || complements.length < best.complements.length;
    const terms = isFewer ? after.map((word, x) => termOf(x, word, before, complements)) : [];
    if (isFewer && terms.every((term) => term !== undefined)) best = { complements, terms };
  }
  return best!;
}

/**
 * Chi is a XOR (NOT b AND c), or NOT a XOR (b OR NOT c). Of words that are complements already the
 * one is NOT b and c as it is, the other b OR NOT c. `undefined` if it takes other complements.
 */
function termOf(
  x: number,
  after: boolean,
  before: readonly boolean[],
  complements: readonly number[],
): ChiTerm | undefined {
  const word = (distance: number) => (x + distance) % 5;
  for (const isOr of [false, true]) {
    // As what the three words have to be there.
    const needed = [after !== isOr, !isOr, isOr];
    const turned = needed.map((one, distance) => one !== before[word(distance)]);
    if (turned.every((one, distance) => !one || complements.includes(word(distance))))
      return { complements: [turned[0]!, turned[1]!, turned[2]!], isOr };
  }
  return undefined;
}
