import assert from "node:assert/strict";
import fc from "fast-check";
import { fromHex } from "../../protocol/encoding/hex.ts";
import { nodeCrypto } from "../../server/node-crypto.ts";
import { fastestCrypto } from "../../server/sodium-crypto.ts";
import { testCurves } from "../protocol/wycheproof.ts";
import { agreement, bytes, upTo } from "./crypto-agreement.ts";

const sodium = await fastestCrypto();

/** It is optional, and has no build for every machine. */
const describeSodium = (title: string, suite: (this: Mocha.Suite) => void) =>
  sodium.name === "libsodium" ? describe(title, suite) : describe.skip(title, suite);

describeSodium("Wycheproof: the curves of libsodium", () => {
  testCurves(sodium);
});

describeSodium("libsodium's curves against OpenSSL's", () => {
  const agree = agreement(sodium, nodeCrypto, 200);

  it("give the same keys and signatures, and each verifies the other's", () => {
    agree(fc.tuple(bytes(32), upTo(300)), (crypto, seed, message) => {
      const other = crypto === sodium ? nodeCrypto : sodium;
      const signature = crypto.ed25519Sign(seed, message);
      const key = crypto.ed25519PublicKey(seed);
      assert.equal(other.ed25519Verify(key, message, signature), true);
      return [key, signature];
    });
  });

  it("refuse the same signatures, one bit of key, message or signature being another", () => {
    agree(fc.tuple(bytes(32), bytes(20), fc.nat({ max: 927 })), (crypto, seed, message, bit) => {
      const whole = new Uint8Array(116);
      whole.set(crypto.ed25519PublicKey(seed));
      whole.set(message, 32);
      whole.set(crypto.ed25519Sign(seed, message), 52);
      whole[bit >> 3] = whole[bit >> 3]! ^ (1 << (bit & 7));
      const [key, text, signature] = [whole.slice(0, 32), whole.slice(32, 52), whole.slice(52)];
      const good = crypto.ed25519Verify(key, text, signature);
      assert.equal(good, false);
      return good;
    });
  });

  it("never throw on bad keys and signatures", () => {
    const args = fc.tuple(upTo(40), upTo(20), fc.oneof(bytes(64), upTo(70)));
    agree(args, (crypto, key, message, signature) => crypto.ed25519Verify(key, message, signature));
  });

  it("agree on shared secrets", () => {
    agree(fc.tuple(bytes(32), bytes(32)), (crypto, secret, peer) => [
      crypto.x25519PublicKey(secret),
      crypto.x25519(secret, crypto.x25519PublicKey(peer)),
      crypto.x25519(secret, peer),
    ]);
  });

  it("refuse points of small order, in signatures and in agreements", () => {
    const lowOrder = [
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    const signature = new Uint8Array(64);
    signature[0] = 1; // R = identity, S = 0
    for (const hex of lowOrder)
      for (const sign of [0, 0x80]) {
        const key = fromHex(hex);
        key[31] = key[31]! | sign;
        for (let i = 0; i < 16; i++)
          assert.equal(sodium.ed25519Verify(key, Uint8Array.of(i), signature), false, hex);
      }
    const secret = new Uint8Array(32).fill(7);
    for (const u of ["00", "01"])
      assert.equal(sodium.x25519(secret, fromHex(u.padEnd(64, "0"))), undefined);
  });

  it("throw RangeError on a wrong length, and use no key that was overwritten", () => {
    const none = new Uint8Array(0);
    const key = new Uint8Array(32).fill(1);
    assert.throws(() => sodium.ed25519Sign(new Uint8Array(31), none), RangeError);
    assert.throws(() => sodium.x25519(key, new Uint8Array(31)), RangeError);
    assert.throws(() => sodium.x25519PublicKey(new Uint8Array(33)), RangeError);
    const first = sodium.ed25519PublicKey(key);
    key.fill(2);
    assert.notDeepEqual(sodium.ed25519PublicKey(key), first);
    assert.deepEqual(sodium.ed25519PublicKey(key), nodeCrypto.ed25519PublicKey(key));
  });

  it("come with hashes that agree, keys longer than a block included", () => {
    agree(fc.tuple(upTo(150), upTo(300)), (crypto, key, message) => [
      crypto.sha256(message),
      crypto.hmacSha256(key, message),
    ]);
  });

  it("leave the ciphers to OpenSSL", () => {
    for (const name of ["aesEncryptBlock", "aesCbcDecrypt", "aesGcmSeal", "aesGcmOpen"] as const)
      assert.equal(sodium[name], nodeCrypto[name]);
  });
});
