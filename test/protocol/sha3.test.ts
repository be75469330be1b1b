import assert from "node:assert/strict";
import { nobleSha3 } from "../../protocol/crypto/noble-sha3.ts";
import { portableSha3 } from "../../protocol/crypto/portable-sha3.ts";
import { MAX_CHAIN } from "../../protocol/crypto/sha3.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";

const filled = (length: number) => Uint8Array.from({ length }, (_, i) => (7 * i) & 255);

describe("SHA3-256", () => {
  for (const sha3 of [nobleSha3, portableSha3]) {
    it(`of FIPS 202's examples is right with ${sha3.name}`, () => {
      // csrc.nist.gov, "Example values": the empty message, and 1600 bits of A3.
      assert.equal(
        toHex(sha3.sha3_256(new Uint8Array(0))),
        "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a",
      );
      assert.equal(
        toHex(sha3.sha3_256(new Uint8Array(200).fill(0xa3))),
        "79f38adec5c20307a98ef76e8324afbfd46cfd81b22e3973c65fa1bd9de31787",
      );
      assert.equal(
        toHex(sha3.sha3_256(toUtf8("abc"))),
        "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
      );
    });

    it(`of a chain is what one hash after the other gives, with ${sha3.name}`, () => {
      const start = filled(32);
      const before = start.slice();
      let value: Uint8Array = start;
      for (let steps = 0; steps < 4; steps++) {
        assert.deepEqual(sha3.sha3_256Chain(start, steps), value);
        value = sha3.sha3_256(value);
      }
      assert.deepEqual(start, before, "the argument stays as it was");
      assert.notEqual(sha3.sha3_256Chain(start, 0), start, "a result is a fresh array");
    });

    it(`refuses a chain of another length or number of steps, with ${sha3.name}`, () => {
      for (const length of [0, 31, 33])
        assert.throws(() => sha3.sha3_256Chain(filled(length), 1), RangeError);
      for (const steps of [-1, 0.5, Number.NaN, MAX_CHAIN + 1])
        assert.throws(() => sha3.sha3_256Chain(filled(32), steps), RangeError);
    });
  }

  it("is the same from both at the edges of a block", () => {
    for (const length of [1, 31, 32, 134, 135, 136, 137, 271, 272, 273])
      assert.equal(
        toHex(portableSha3.sha3_256(filled(length))),
        toHex(nobleSha3.sha3_256(filled(length))),
        `${length} bytes`,
      );
  });
});
