import assert from "node:assert/strict";
import { hash } from "node:crypto";
import fc from "fast-check";
import { nativeSha3 } from "../../hal/native/native-sha3.ts";
import { nobleSha3 } from "../../protocol/crypto/noble-sha3.ts";
import { portableSha3 } from "../../protocol/crypto/portable-sha3.ts";
import { runChains, type Sha3 } from "../../protocol/crypto/sha3.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { wasmSha3 } from "../../server/wasm-sha3.ts";
import { NativeDriver, needCompiler } from "../support/native-driver.ts";

function agrees(sha3: Sha3, numRuns: number): void {
  const message = fc.uint8Array({ maxLength: 700 });
  fc.assert(
    fc.property(message, (bytes) => {
      assert.equal(toHex(sha3.sha3_256(bytes)), hash("sha3-256", bytes));
    }),
    { numRuns },
  );
  const start = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(start, fc.nat({ max: 40 }), (bytes, steps) => {
      let value: Uint8Array = bytes;
      for (let i = 0; i < steps; i++) value = hash("sha3-256", value, "buffer");
      assert.equal(toHex(sha3.sha3_256Chain(bytes, steps)), toHex(value));
    }),
    { numRuns },
  );
}

describe("SHA3-256 against node:crypto", () => {
  for (const sha3 of [nobleSha3, portableSha3, wasmSha3()])
    it(`is right with ${sha3.name}`, () => agrees(sha3, 300));

  it("is right for several chains at once, of any lengths", () => {
    const sha3 = wasmSha3();
    const steps = fc.uint8Array({ maxLength: 35 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 255 }), (counts, fill) => {
        const starts = Uint8Array.from({ length: 32 * counts.length }, (_, i) => i ^ fill);
        // Wherever they lie, also in a part of a Buffer.
        const values = Buffer.alloc(starts.length + 3).subarray(
          fill % 4,
          (fill % 4) + starts.length,
        );
        values.set(starts);
        runChains(sha3, values, counts);
        const expected = starts.slice();
        runChains(portableSha3, expected, counts);
        assert.equal(toHex(values), toHex(expected));
        assert.equal(
          toHex(sha3.sha3_256(starts)),
          hash("sha3-256", starts),
          "nothing is left over",
        );
      }),
      { numRuns: 30 },
    );
    assert.throws(() => runChains(sha3, new Uint8Array(33), new Uint8Array(1)), RangeError);
  });

  it("is right with the C of the device", function () {
    needCompiler(this);
    const driver = new NativeDriver();
    try {
      agrees(nativeSha3(driver), 60);
    } finally {
      driver.close();
    }
  });
});
