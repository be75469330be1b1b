/** The C that goes into the image, compiled for the desk, against vectors and against noble. */
import assert from "node:assert/strict";
import { sha3_256 } from "@noble/hashes/sha3.js";
import fc from "fast-check";
import { toHex } from "../../protocol/encoding/hex.ts";
import { REF10_BUILD, SECRETS_BUILD } from "../support/native-builds.ts";
import { NativeDriver, needCompiler, needPrograms } from "../support/native-driver.ts";
import { testNativeCurves, testNativeField } from "./native-suite.ts";
import { testNativeSymmetric } from "./native-symmetric-suite.ts";

describe("the C of hal/native", () => {
  let driver: NativeDriver | undefined;
  before(function () {
    needCompiler(this);
    this.timeout(60_000);
    driver = new NativeDriver();
  });
  after(() => driver?.close());

  testNativeCurves(() => driver!);

  describe("in its hashes and ciphers", () => {
    testNativeSymmetric(() => driver!);
  });

  describe("in its arithmetic", () => {
    testNativeField(() => driver!);
  });

  it("makes the keys, signatures and verdicts of ref10", function () {
    this.timeout(60_000);
    const ref10 = new NativeDriver(REF10_BUILD);
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const answers = (asked: NativeDriver, seed: Uint8Array, text: Uint8Array, bit: number) => {
      const key = new Uint8Array(asked.ed25519PublicKey(seed));
      const signature = new Uint8Array(asked.ed25519Sign(seed, key, text));
      const bent = signature.slice();
      bent[bit >> 3] = bent[bit >> 3]! ^ (1 << (bit & 7));
      const verdicts = [signature, bent].map((one) => asked.ed25519Verify(key, text, one));
      return [toHex(key), toHex(signature), ...verdicts];
    };
    try {
      fc.assert(
        fc.property(bytes, fc.uint8Array({ maxLength: 200 }), fc.nat(511), (seed, text, bit) => {
          const ours = answers(driver!, seed, text, bit);
          assert.deepEqual(ours, answers(ref10, seed, text, bit));
          assert.deepEqual(ours.slice(2), [true, false]);
        }),
        { numRuns: 100, seed: 10 },
      );
    } finally {
      ref10.close();
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

describe("the C of hal/native, with secrets marked for valgrind", () => {
  let driver: NativeDriver | undefined;
  beforeEach(function () {
    needCompiler(this);
    needPrograms(this, "valgrind");
    this.timeout(60_000);
    driver = new NativeDriver(SECRETS_BUILD);
  });
  afterEach(() => driver?.close());

  const seed = Uint8Array.from({ length: 32 }, (_, i) => i * 37 + 11);
  const wide = Uint8Array.from({ length: 64 }, (_, i) => i * 91 + 3);

  it("has no branch and no index that depends on one", () => {
    const key = new Uint8Array(driver!.ed25519PublicKey(seed));
    for (const length of [0, 100, 200])
      driver!.ed25519Sign(seed, key, new Uint8Array(length).fill(1));
    const peer = new Uint8Array(driver!.x25519PublicKey(seed));
    assert.ok(driver!.x25519(seed, peer));
    driver!.ask("reduce", wide);
    driver!.ask("mul-add", seed, seed, seed);
  });

  it("has none in hashes and ciphers either", () => {
    const [nonce, block] = [seed.slice(0, 12), new Uint8Array(16)];
    for (const length of [0, 37, 100]) {
      const text = wide.slice(0, length);
      driver!.sha256(text);
      driver!.hmacSha256(seed, text);
      driver!.hmacSha256(new Uint8Array(100).fill(length), text);
      driver!.hkdfSha256(seed, text, block, 82);
      for (const key of [seed, seed.slice(0, 16)]) {
        const sealed = new Uint8Array(driver!.aesGcmSeal(key, nonce, text, text));
        assert.deepEqual([...driver!.ask("aes-fits", key, nonce, text, sealed)], [1]);
        sealed[0] = sealed[0]! ^ 1;
        assert.deepEqual([...driver!.ask("aes-fits", key, nonce, text, sealed)], [0]);
        driver!.aesCbcDecrypt(key, block, new Uint8Array(driver!.aesCbcEncrypt(key, block, wide)));
      }
    }
  });

  it("is found out where it does have one", () => {
    const key = new Uint8Array(driver!.ed25519PublicKey(seed));
    const signature = new Uint8Array(driver!.ed25519Sign(seed, key, seed));
    assert.throws(
      () => driver!.ask("verify-secret", key, seed, signature),
      /depends on uninitialised.*lkEd25519Verify/s,
    );
  });
});
