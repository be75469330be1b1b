import assert from "node:assert/strict";
import fc from "fast-check";
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { newMnemonic, readMnemonic } from "../../protocol/human/mnemonic.ts";
import { withRoot } from "../../protocol/human/root-identity.ts";
import { reduceToScalar } from "../../protocol/human/scalar.ts";
import { throwsCode } from "./error-code.ts";
import { ALICE, ALICE_ID, BOB } from "./human-words.ts";

/** Alice's words with one of them replaced; positions count from 1. */
const withWord = (position: number, word: string) =>
  ALICE.split(" ")
    .map((own, i) => (i === position - 1 ? word : own))
    .join(" ");

describe("a mnemonic", () => {
  it("is made of 256 bits of the random source and read back", () => {
    const random = { bytes: (length: number) => new Uint8Array(length) };
    assert.equal(newMnemonic(random), ALICE);
    assert.equal(readMnemonic(ALICE), ALICE);
  });

  it("leaves none of its entropy behind", () => {
    const given = new Uint8Array(32).fill(9);
    newMnemonic({ bytes: () => given });
    assert.deepEqual(given, new Uint8Array(32));
  });

  it("is read as people type it", () => {
    assert.equal(readMnemonic(`  ${ALICE.replaceAll(" ", "\n").toUpperCase()}\t `), ALICE);
  });

  it("with an unknown word names its position and not the word", () => {
    for (const position of [1, 13, 24]) {
      const typed = withWord(position, "abandonn");
      const error = throwsCode(() => readMnemonic(typed), "mnemonic-word-unknown");
      assert.equal(error.detail["position"], position);
      assert.ok(error.message.includes(String(position)));
      assert.ok(!JSON.stringify([error, error.stack, error.cause]).includes("abandonn"));
    }
  });

  it("names the first unknown word even if the number of words is wrong too", () => {
    const error = throwsCode(() => readMnemonic("abandon zzz yyy"), "mnemonic-word-unknown");
    assert.equal(error.detail["position"], 2);
  });

  it("of another length, order or checksum is refused, and nothing of it repeated", () => {
    const twelve = `${"abandon ".repeat(11)}about`;
    const swapped = BOB.split(" ");
    [swapped[0], swapped[1]] = [swapped[1]!, swapped[0]!];
    const wrong = [twelve, "", " ", `${ALICE} abandon`, withWord(24, "abandon")];
    for (const typed of [...wrong, swapped.join(" ")]) {
      const error = throwsCode(() => readMnemonic(typed), "mnemonic-invalid");
      assert.equal(error.cause, undefined);
      assert.ok(!/abandon|legal/.test(JSON.stringify([error, error.stack])));
    }
  });
});

describe("a derived scalar", () => {
  const reduced = (hex: string) => toHex(reduceToScalar(fromHex(hex)));
  const N = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
  const minus = (less: number) =>
    `${"00".repeat(16)}${N.slice(0, -2)}${(0x51 - less).toString(16)}`;

  it("is (c mod (n-1)) + 1 at every edge", () => {
    const one = "1".padStart(64, "0");
    assert.equal(reduced("00".repeat(48)), one);
    assert.equal(reduced(minus(1)), one); // n-1 ≡ 0
    assert.equal(reduced(minus(0)), "2".padStart(64, "0")); // n ≡ 1
    assert.equal(reduced(minus(2)), `${N.slice(0, -2)}50`); // n-2: the greatest key, n-1
  });

  it("is what BigInt makes of any 48 bytes", () => {
    const order = BigInt(`0x${N}`);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 48, maxLength: 48 }), (bytes) => {
        const expected = (BigInt(`0x${toHex(bytes)}`) % (order - 1n)) + 1n;
        assert.equal(toHex(reduceToScalar(bytes)), expected.toString(16).padStart(64, "0"));
      }),
      { numRuns: 50 },
    );
  });

  it("is made of 48 bytes, no less", () => {
    assert.throws(() => reduceToScalar(new Uint8Array(32)), RangeError);
  });
});

describe("a root identity on any engine", () => {
  it("is the one of its words", () => {
    assert.equal(
      withRoot(crypto, { mnemonic: ALICE }, ({ id }) => id),
      ALICE_ID,
    );
  });
});
