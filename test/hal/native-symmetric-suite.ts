/** What hashes and ciphers in C must do wherever they are compiled for. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { NativeSymmetric } from "../../hal/native/native-crypto.ts";
import { nativeSymmetric } from "../../hal/native/native-symmetric.ts";
import { hkdf } from "../../protocol/crypto/hkdf.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { testSymmetric } from "../protocol/wycheproof.ts";
import type { NativeDriver } from "../support/native-driver.ts";

const EMPTY = new Uint8Array(0);
const ZEROS = new Uint8Array(16);
const counted = (length: number, step: number) =>
  Uint8Array.from({ length }, (_, i) => (i * step + length) & 255);
const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const aesKey = fc.oneof(exactly(16), exactly(32));

/** Adds the tests of hashes and ciphers. */
export function testNativeSymmetric(driver: () => NativeDriver): void {
  // The driver is made by a hook, which runs later.
  const crypto = nativeSymmetric(
    new Proxy({} as NativeSymmetric, {
      get: (_, name) => (driver()[name as keyof NativeSymmetric] as () => void).bind(driver()),
    }),
  );

  describe("on Wycheproof's vectors", () => {
    testSymmetric(crypto);
  });

  it("hashes at every length around a block", () => {
    assert.equal(
      toHex(crypto.sha256(toUtf8("abc"))), // FIPS 180-4, of NIST's examples
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    for (let length = 0; length < 260; length++) {
      const message = counted(length, 7);
      assert.deepEqual(crypto.sha256(message), nobleCrypto.sha256(message), `${length} bytes`);
    }
  });

  it("makes the MAC of keys of every length around a block", () => {
    for (let length = 0; length < 140; length++) {
      const key = counted(length, 11);
      const mac = crypto.hmacSha256(key, counted(2 * length, 3));
      assert.deepEqual(mac, nobleCrypto.hmacSha256(key, counted(2 * length, 3)), `${length} bytes`);
    }
  });

  it("derives as much as RFC 5869 allows, and as the twin in JavaScript does", () => {
    const [ikm, salt, info] = [counted(22, 5), counted(13, 1), counted(80, 9)];
    for (const length of [0, 1, 31, 32, 33, 64, 82, 255 * 32])
      for (const [s, i] of [[salt, info] as const, [EMPTY, EMPTY] as const])
        assert.deepEqual(
          hkdf(crypto, ikm, s, i, length),
          hkdf(nobleCrypto, ikm, s, i, length),
          `${length} bytes`,
        );
  });

  it("enciphers FIPS 197's blocks", () => {
    const key = Uint8Array.from({ length: 32 }, (_, i) => i);
    const block = fromHex("00112233445566778899aabbccddeeff");
    const shorter = crypto.aesEncryptBlock(key.slice(0, 16), block);
    assert.equal(toHex(shorter), "69c4e0d86a7b0430d8cdb78070b4c55a");
    const longer = crypto.aesEncryptBlock(key, block);
    assert.equal(toHex(longer), "8ea2b7ca516745bfeafc49904b496089");
  });

  it("has the S-box of every byte, and its inverse", () => {
    const key = counted(16, 13);
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const sealed = crypto.aesCbcEncrypt(key, ZEROS, bytes);
    assert.deepEqual(sealed, nobleCrypto.aesCbcEncrypt(key, ZEROS, bytes));
    assert.deepEqual(crypto.aesCbcDecrypt(key, ZEROS, sealed), bytes);
  });

  it("chains and counts as noble does, in pairs of blocks and in the odd one", () => {
    fc.assert(
      fc.property(
        aesKey,
        exactly(16),
        fc.nat(7),
        fc.uint8Array({ maxLength: 100 }),
        fc.uint8Array({ maxLength: 100 }),
        (key, iv, blocks, aad, text) => {
          const data = counted(16 * blocks, text.length | 1);
          const chained = crypto.aesCbcEncrypt(key, iv, data);
          assert.deepEqual(chained, nobleCrypto.aesCbcEncrypt(key, iv, data));
          assert.deepEqual(crypto.aesCbcDecrypt(key, iv, chained), data);
          const nonce = iv.slice(4);
          const sealed = crypto.aesGcmSeal(key, nonce, aad, text);
          assert.deepEqual(sealed, nobleCrypto.aesGcmSeal(key, nonce, aad, text));
          assert.deepEqual(crypto.aesGcmOpen(key, nonce, aad, sealed), text);
        },
      ),
      { numRuns: 60, seed: 197 },
    );
  });

  it("seals parts of every length around a block, and a long one", () => {
    const [key, nonce] = [counted(32, 3), counted(12, 5)];
    for (let length = 0; length < 70; length++) {
      const [aad, text] = [counted((length * 5) % 49, 7), counted(length, 11)];
      const sealed = crypto.aesGcmSeal(key, nonce, aad, text);
      assert.deepEqual(sealed, nobleCrypto.aesGcmSeal(key, nonce, aad, text), `${length} bytes`);
    }
    // The counter passes 255: its carry.
    const long = counted(16 * 260 + 5, 3);
    const sealed = crypto.aesGcmSeal(key, nonce, EMPTY, long);
    assert.deepEqual(sealed, nobleCrypto.aesGcmSeal(key, nonce, EMPTY, long));
  });

  it("opens nothing of which any bit was changed, and gives no byte of it", () => {
    const [key, nonce, aad] = [counted(32, 9), counted(12, 1), counted(20, 3)];
    const sealed = crypto.aesGcmSeal(key, nonce, aad, counted(37, 5));
    const bent = (bytes: Uint8Array, bit: number) => {
      const out = bytes.slice();
      out[bit >> 3] = out[bit >> 3]! ^ (1 << (bit & 7));
      return out;
    };
    // The driver ends with 3 where a byte of what did not fit came out.
    for (let bit = 0; bit < 8 * sealed.length; bit++)
      assert.equal(crypto.aesGcmOpen(key, nonce, aad, bent(sealed, bit)), undefined, `bit ${bit}`);
    for (let bit = 0; bit < 8 * aad.length; bit++)
      assert.equal(crypto.aesGcmOpen(key, nonce, bent(aad, bit), sealed), undefined, `bit ${bit}`);
    assert.equal(crypto.aesGcmOpen(key, nonce, aad, sealed.slice(0, -1)), undefined);
    assert.equal(crypto.aesGcmOpen(key, nonce, aad.slice(1), sealed), undefined);
  });
}
