import assert from "node:assert/strict";
import fc from "fast-check";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { nodeCrypto } from "../../server/node-crypto.ts";
import { readVectors } from "../support/vectors.ts";
import { agreement, bytes, upTo } from "./crypto-agreement.ts";

const aesKey = fc.oneof(bytes(16), bytes(32));
const blocks = fc.integer({ min: 0, max: 8 }).chain((count) => bytes(16 * count));

const agrees = agreement(nodeCrypto, nobleCrypto, 100);

describe("node:crypto provider against noble", () => {
  it("agrees on SHA-256", () => {
    agrees(fc.tuple(upTo(300)), (c, message) => c.sha256(message));
  });

  it("agrees on HMAC-SHA-256, keys longer than a block included", () => {
    agrees(fc.tuple(upTo(150), upTo(300)), (c, key, message) => c.hmacSha256(key, message));
  });

  it("agrees on a block of AES", () => {
    agrees(fc.tuple(aesKey, bytes(16)), (c, key, block) => c.aesEncryptBlock(key, block));
  });

  it("agrees on AES-CBC in both directions", () => {
    agrees(fc.tuple(aesKey, bytes(16), blocks), (c, key, iv, data) => [
      c.aesCbcEncrypt(key, iv, data),
      c.aesCbcDecrypt(key, iv, data),
    ]);
  });

  it("agrees on AES-GCM, and each opens what the other sealed", () => {
    agrees(fc.tuple(aesKey, bytes(12), upTo(60), upTo(100)), (c, key, nonce, aad, plain) => {
      const other = c === nodeCrypto ? nobleCrypto : nodeCrypto;
      const sealed = c.aesGcmSeal(key, nonce, aad, plain);
      assert.deepEqual(other.aesGcmOpen(key, nonce, aad, sealed), plain);
      return sealed;
    });
  });

  it("opens no GCM message with any bit flipped or cut short", () => {
    const args = fc.tuple(bytes(32), bytes(12), upTo(20), upTo(40), fc.nat());
    fc.assert(
      fc.property(args, ([key, nonce, aad, plain, at]) => {
        const sealed = nodeCrypto.aesGcmSeal(key, nonce, aad, plain);
        const bit = at % (sealed.length * 8);
        const flipped = sealed.slice();
        flipped[bit >> 3] = flipped[bit >> 3]! ^ (1 << (bit & 7));
        assert.equal(nodeCrypto.aesGcmOpen(key, nonce, aad, flipped), undefined);
        const cut = sealed.subarray(0, at % sealed.length);
        assert.equal(nodeCrypto.aesGcmOpen(key, nonce, aad, cut), undefined);
      }),
    );
  });

  it("agrees on Ed25519 keys and signatures, and each verifies the other's", () => {
    agrees(
      fc.tuple(bytes(32), upTo(100)),
      (c, seed, message) => {
        const other = c === nodeCrypto ? nobleCrypto : nodeCrypto;
        const signature = c.ed25519Sign(seed, message);
        assert.ok(other.ed25519Verify(c.ed25519PublicKey(seed), message, signature));
        return [c.ed25519PublicKey(seed), signature];
      },
      25,
    );
  });

  it("verifies no signature with a bit flipped in key, message or signature", () => {
    fc.assert(
      fc.property(bytes(32), bytes(20), fc.nat({ max: 927 }), (seed, message, bit) => {
        const whole = new Uint8Array(116);
        whole.set(nodeCrypto.ed25519PublicKey(seed));
        whole.set(message, 32);
        whole.set(nodeCrypto.ed25519Sign(seed, message), 52);
        whole[bit >> 3] = whole[bit >> 3]! ^ (1 << (bit & 7));
        const [key, text, signature] = [whole.slice(0, 32), whole.slice(32, 52), whole.slice(52)];
        assert.equal(nodeCrypto.ed25519Verify(key, text, signature), false);
      }),
    );
  });

  it("never throws on random keys and signatures, and agrees that they are bad", () => {
    agrees(
      fc.tuple(upTo(40), upTo(20), fc.oneof(bytes(64), upTo(70))),
      (c, key, message, signature) => c.ed25519Verify(key, message, signature),
      60,
    );
  });

  it("agrees on X25519", () => {
    agrees(
      fc.tuple(bytes(32), bytes(32)),
      (c, secret, peer) => [
        c.x25519PublicKey(secret),
        c.x25519(secret, c.x25519PublicKey(peer)),
        c.x25519(secret, peer),
      ],
      40,
    );
  });

  it("does not return a stale key when a seed's array is overwritten", () => {
    const seed = new Uint8Array(32).fill(1);
    const first = nodeCrypto.ed25519PublicKey(seed);
    seed.fill(2);
    assert.notDeepEqual(nodeCrypto.ed25519PublicKey(seed), first);
    assert.deepEqual(nodeCrypto.ed25519PublicKey(seed), nobleCrypto.ed25519PublicKey(seed));
  });
});

describe("node:crypto provider on hostile points", () => {
  // y = 0, 1, p-1, the two of order 8, and the non-canonical y = p and p + 1; either sign bit.
  const lowOrder = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  ];

  it("refuses the signature that fits every message under a small-order key", () => {
    const signature = new Uint8Array(64);
    signature[0] = 1; // R = identity, S = 0
    for (const hex of lowOrder) {
      for (const sign of [0, 0x80]) {
        const key = fromHex(hex);
        key[31] = key[31]! | sign;
        for (let i = 0; i < 16; i++) {
          const message = Uint8Array.of(i);
          assert.equal(nodeCrypto.ed25519Verify(key, message, signature), false, toHex(key));
          assert.equal(nobleCrypto.ed25519Verify(key, message, signature), false, toHex(key));
        }
      }
    }
  });

  it("refuses a shared secret that is all zero", () => {
    const secret = new Uint8Array(32).fill(7);
    for (const u of ["00", "01"]) {
      const peer = fromHex(u.padEnd(64, "0"));
      assert.equal(nodeCrypto.x25519(secret, peer), undefined);
      assert.equal(nobleCrypto.x25519(secret, peer), undefined);
    }
  });

  it("throws RangeError, as the interface says, on a wrong length of key, IV or block", () => {
    const key = new Uint8Array(32);
    const none = new Uint8Array(0);
    const wrong: ((c: CryptoProvider) => unknown)[] = [
      (c) => c.aesEncryptBlock(key, new Uint8Array(15)),
      (c) => c.aesGcmSeal(key, new Uint8Array(13), none, none),
      (c) => c.aesGcmOpen(key, new Uint8Array(16), none, new Uint8Array(32)),
      (c) => c.x25519(key, new Uint8Array(31)),
    ];
    for (const call of wrong) {
      assert.throws(() => call(nodeCrypto), RangeError);
      assert.throws(() => call(nobleCrypto), RangeError);
    }
    assert.throws(() => nodeCrypto.aesEncryptBlock(new Uint8Array(24), none), RangeError);
    assert.throws(
      () => nodeCrypto.aesCbcEncrypt(key, new Uint8Array(16), key.slice(1)),
      RangeError,
    );
    assert.throws(() => nodeCrypto.ed25519Sign(new Uint8Array(31), none), RangeError);
  });
});

interface Group {
  readonly publicKey?: { readonly pk: string };
  readonly ivSize?: number;
  readonly tagSize?: number;
  readonly keySize?: number;
  readonly tests: readonly Readonly<Record<string, string | number>>[];
}

describe("node:crypto provider against Wycheproof", () => {
  const hex = (value: string | number | undefined): Uint8Array => fromHex(String(value));

  function groups(context: Mocha.Context, name: string): readonly Group[] {
    return (readVectors(context, `wycheproof/${name}`) as { testGroups: Group[] }).testGroups;
  }

  it("decides every Ed25519 case as Wycheproof does", function () {
    let count = 0;
    for (const group of groups(this, "ed25519_test.json")) {
      const key = hex(group.publicKey?.pk);
      for (const test of group.tests) {
        const good = nodeCrypto.ed25519Verify(key, hex(test["msg"]), hex(test["sig"]));
        assert.equal(good, test["result"] === "valid", `tcId ${test["tcId"]}`);
        count++;
      }
    }
    assert.ok(count >= 150);
  });

  it("computes every X25519 case, all-zero results apart", function () {
    let count = 0;
    for (const group of groups(this, "x25519_test.json")) {
      for (const test of group.tests) {
        const shared = nodeCrypto.x25519(hex(test["private"]), hex(test["public"]));
        const zero = /^0+$/.test(String(test["shared"]));
        assert.deepEqual(shared, zero ? undefined : hex(test["shared"]), `tcId ${test["tcId"]}`);
        count++;
      }
    }
    assert.ok(count >= 500);
  });

  it("opens every AES-GCM case with a 96-bit nonce as Wycheproof does", function () {
    let count = 0;
    for (const group of groups(this, "aes_gcm_test.json")) {
      if (group.ivSize !== 96 || group.tagSize !== 128 || group.keySize === 192) continue;
      for (const test of group.tests) {
        const sealed = fromHex(`${test["ct"]}${test["tag"]}`);
        const nonce = hex(test["iv"]);
        const plain = nodeCrypto.aesGcmOpen(hex(test["key"]), nonce, hex(test["aad"]), sealed);
        const expected = test["result"] === "valid" ? hex(test["msg"]) : undefined;
        assert.deepEqual(plain, expected, `tcId ${test["tcId"]}`);
        count++;
      }
    }
    assert.ok(count >= 60);
  });
});
