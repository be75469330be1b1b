import assert from "node:assert/strict";
import { COMPLEMENTED, rowOfChi } from "../../server/keccak-complements.ts";

const FIVE = [0, 1, 2, 3, 4];
const ALL = Array.from({ length: 32 }, (_, n) => n);
const bits = (n: number) => FIVE.map((x) => ((n >> x) & 1) === 1);
const parity = (flags: readonly boolean[]) => flags.filter(Boolean).length % 2 === 1;
const isKept = (lane: number) => COMPLEMENTED.includes(lane);

/** FIPS 202 §3.2.4. */
const chi = (row: readonly boolean[]) =>
  FIVE.map((x) => row[x] !== (!row[(x + 1) % 5]! && row[(x + 2) % 5]!));

/** What the plan makes of words that are kept as `before` says. */
function planned(row: readonly boolean[], before: readonly boolean[], after: readonly boolean[]) {
  const { complements, terms } = rowOfChi(before, after);
  return terms.map((term, x) => {
    const [own, first, second] = term.complements.map((isTurned, distance) => {
      const word = (x + distance) % 5;
      assert.ok(!isTurned || complements.includes(word));
      return (row[word] !== before[word]) !== isTurned;
    });
    return own !== (term.isOr ? first! || second! : first! && second!);
  });
}

describe("chi on complemented lanes", () => {
  it("is chi, whichever words are complements before and after", () => {
    for (const before of ALL.map(bits))
      for (const after of ALL.map(bits))
        for (const row of ALL.map(bits)) {
          const expected = chi(row).map((bit, x) => bit !== after[x]);
          assert.deepEqual(planned(row, before, after), expected);
        }
  });

  it("takes five complements in a round, where words as they are take fifteen", () => {
    const count = (isTurned: (lane: number) => boolean) => {
      const parities = FIVE.map((x) => parity(FIVE.map((y) => isTurned(x + 5 * y))));
      const nots = FIVE.map((y) => {
        // FIPS 202 §3.2.1 and §3.2.3: what theta adds, and what comes to this row.
        const before = FIVE.map((x) => {
          const column = (x + 3 * y) % 5;
          const added = parities[(column + 4) % 5] !== parities[(column + 1) % 5];
          return isTurned(column + 5 * x) !== added;
        });
        const after = FIVE.map((x) => isTurned(x + 5 * y));
        return rowOfChi(before, after).complements.length;
      });
      return nots.reduce((sum, one) => sum + one, 0);
    };
    assert.equal(count(isKept), 5);
    assert.equal(
      count(() => false),
      15,
    );
  });
});
