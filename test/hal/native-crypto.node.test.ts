/** The C that goes into the image, compiled for the desk, against vectors and against noble. */
import assert from "node:assert/strict";
import { sha3_256 } from "@noble/hashes/sha3.js";
import fc from "fast-check";
import { nativeCurves } from "../../hal/native/native-curves.ts";
import { composeCrypto } from "../../protocol/crypto/compose.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { testCurves } from "../protocol/wycheproof.ts";
import { NativeDriver, needCompiler } from "../support/native-driver.ts";

const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

describe("the C of hal/native", () => {
  let driver: NativeDriver | undefined;
  before(function () {
    needCompiler(this);
    this.timeout(60_000);
    driver = new NativeDriver();
  });
  after(() => driver?.close());
  const native = () => nativeCurves(driver!);
  const provider = () => composeCrypto("ref10", nobleCrypto, native());

  describe("on Wycheproof's vectors", () => {
    testCurves({
      ed25519Verify: (...args) => native().ed25519Verify(...args),
      x25519: (...args) => native().x25519(...args),
    });
  });

  it("makes the keys, signatures and secrets of noble's", () => {
    const crypto = provider();
    fc.assert(
      fc.property(
        exactly(32),
        fc.uint8Array({ maxLength: 300 }),
        exactly(32),
        (seed, text, peer) => {
          const key = crypto.ed25519PublicKey(seed);
          assert.deepEqual(key, nobleCrypto.ed25519PublicKey(seed));
          const signature = crypto.ed25519Sign(seed, text);
          assert.deepEqual(signature, nobleCrypto.ed25519Sign(seed, text));
          assert.equal(crypto.ed25519Verify(key, text, signature), true);
          assert.deepEqual(crypto.x25519PublicKey(seed), nobleCrypto.x25519PublicKey(seed));
          assert.deepEqual(crypto.x25519(seed, peer), nobleCrypto.x25519(seed, peer));
        },
      ),
      { numRuns: 40 },
    );
  });

  it("finds any changed bit of a signature or a key", () => {
    const crypto = provider();
    const seed = new Uint8Array(32).fill(3);
    const message = toUtf8("open the door");
    const key = crypto.ed25519PublicKey(seed);
    const signature = crypto.ed25519Sign(seed, message);
    for (let bit = 0; bit < 512; bit++) {
      const bent = signature.slice();
      bent[bit >> 3] = bent[bit >> 3]! ^ (1 << (bit & 7));
      assert.equal(crypto.ed25519Verify(key, message, bent), false, `signature bit ${bit}`);
      if (bit >= 256) continue;
      const other = key.slice();
      other[bit >> 3] = other[bit >> 3]! ^ (1 << (bit & 7));
      assert.equal(crypto.ed25519Verify(other, message, signature), false, `key bit ${bit}`);
    }
  });

  it("hashes as FIPS 202 and noble do, at every length around a block", () => {
    const hash = (message: Uint8Array) => toHex(new Uint8Array(driver!.sha3_256(message)));
    // FIPS 202's example values: the empty message, and 1600 bits of A3.
    const empty = "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a";
    assert.equal(hash(new Uint8Array(0)), empty);
    const a3 = "79f38adec5c20307a98ef76e8324afbfd46cfd81b22e3973c65fa1bd9de31787";
    assert.equal(hash(new Uint8Array(200).fill(0xa3)), a3);
    for (let length = 0; length < 300; length++) {
      const message = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 255);
      assert.equal(hash(message), toHex(sha3_256(message)), `${length} bytes`);
    }
  });

  it("walks a hash chain", () => {
    let expected: Uint8Array = new Uint8Array(32).fill(1);
    const start = expected;
    for (let i = 0; i < 255; i++) expected = sha3_256(expected);
    assert.deepEqual(new Uint8Array(driver!.sha3_256Chain(start, 255)), new Uint8Array(expected));
    assert.deepEqual(new Uint8Array(driver!.sha3_256Chain(start, 0)), start);
  });
});
