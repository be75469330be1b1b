/** Statistics of pairwise identifiers: more keys than the interpreter has time for. */
import assert from "node:assert/strict";
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { fromBase64 } from "../../protocol/encoding/base64.ts";
import { PairwiseSecret } from "../../protocol/human/pairwise-secret.ts";

const COUNT = 500;

function identifiers(person: number, sectorOf: (i: number) => string): Uint8Array[] {
  const secret = new PairwiseSecret(crypto, new Uint8Array(32).fill(person));
  return Array.from({ length: COUNT }, (_, i) => {
    const did = secret.did({ persona: "personal", sector: sectorOf(i), generation: 0 });
    return fromBase64(did.slice("did:lastid:".length));
  });
}

const ones = (bytes: Uint8Array): number =>
  bytes.reduce((sum, byte) => sum + byte.toString(2).replaceAll("0", "").length, 0);

/** Largest deviation from one half, in standard deviations, over the 256 bits of many values. */
function worstBit(values: readonly Uint8Array[]): number {
  let worst = 0;
  for (let bit = 0; bit < 256; bit++) {
    const set = values.filter((value) => (value[bit >> 3]! >> (7 - (bit & 7))) & 1).length;
    worst = Math.max(worst, Math.abs(set - values.length / 2) / Math.sqrt(values.length / 4));
  }
  return worst;
}

const differences = (a: readonly Uint8Array[], b: readonly Uint8Array[]): Uint8Array[] =>
  a.map((value, i) => value.map((byte, k) => byte ^ b[i]![k]!));

describe("pairwise identifiers in numbers", () => {
  const alice = identifiers(1, (i) => `v${i}.example`);

  it(`are ${COUNT} different ones at ${COUNT} verifiers`, () => {
    assert.equal(new Set(alice.map(String)).size, COUNT);
  });

  // Five standard deviations: by chance once in 6,800 runs of other inputs; these never change.
  it("have no bit that is set more often than another", () => {
    const total = alice.reduce((sum, value) => sum + ones(value), 0);
    assert.ok(Math.abs(total / (COUNT * 256) - 0.5) < 0.007, `mean ${total / (COUNT * 256)}`);
    assert.ok(worstBit(alice) < 5);
  });

  it("of two verifiers with almost one name have nothing in common", () => {
    assert.ok(
      worstBit(
        differences(
          alice,
          identifiers(1, (i) => `w${i}.example`),
        ),
      ) < 5,
    );
  });

  it("of two people at one verifier have nothing in common", () => {
    assert.ok(
      worstBit(
        differences(
          alice,
          identifiers(2, (i) => `v${i}.example`),
        ),
      ) < 5,
    );
  });

  it("would be found out if they had: a planted bias in every third is seen", () => {
    const biased = alice.map((value, i) => (i % 3 === 0 ? value.map(() => 255) : value));
    assert.ok(worstBit(biased) > 5);
  });
});
