import assert from "node:assert/strict";
import { inspect } from "node:util";
import { reduceToScalar } from "../../protocol/human/scalar.ts";
import { testKey } from "../protocol/human-family.ts";
import { ALICE, BOB } from "../protocol/human-words.ts";
import { PrintGuard, secretsOfPeople } from "../support/print-guard.ts";

describe("what watches the output of the tests", () => {
  const secrets = secretsOfPeople();
  const finds = (...pieces: string[]): boolean => {
    const guard = new PrintGuard(secrets);
    for (const piece of pieces) guard.look(piece);
    return guard.found !== undefined;
  };
  const { privateKey } = testKey(100);

  it("finds words and keys in every way in which they get into a text", () => {
    assert.ok(finds(`recovered ${ALICE}\n`));
    assert.ok(finds(`words 7 to 11: ${BOB.split(" ").slice(7, 12).join(" ")}`));
    assert.ok(finds(JSON.stringify({ key: Buffer.from(privateKey).toString("hex") })));
    assert.ok(finds(`key=${Buffer.from(privateKey).toString("base64url")}`));
    assert.ok(finds(inspect(privateKey)) && finds(inspect(Buffer.from(privateKey))));
    assert.ok(finds(`${BigInt(`0x${Buffer.from(privateKey).toString("hex")}`)}`));
  });

  it("finds what lies across two pieces", () => {
    const hex = Buffer.from(privateKey).toString("hex");
    assert.ok(finds("x".repeat(5000), hex.slice(0, 10), hex.slice(10, 40), hex.slice(40)));
  });

  it("finds nothing in what may be said", () => {
    assert.ok(
      !finds("Word 24 is none of the list", "abandon ship", "legal advice", "0".repeat(64)),
    );
    const other = reduceToScalar(new Uint8Array(48).fill(5));
    assert.ok(!finds(Buffer.from(other).toString("hex"), "[object Object]"));
    assert.ok(secrets.length > 60 && secrets.every(({ length }) => length >= 20));
  });
});
