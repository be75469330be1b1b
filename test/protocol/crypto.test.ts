import assert from "node:assert/strict";
import fc from "fast-check";
import { aesCmac } from "../../protocol/crypto/cmac.ts";
import { constantTimeEqual } from "../../protocol/crypto/constant-time.ts";
import { hkdf } from "../../protocol/crypto/hkdf.ts";
import { nobleCrypto as crypto } from "../../protocol/crypto/noble.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { throwsCode } from "./error-code.ts";
import { PROVIDERS } from "./portable-provider.ts";

const empty = new Uint8Array(0);
const KEY_128 = fromHex("2b7e151628aed2a6abf7158809cf4f3c");
const KEY_256 = fromHex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
// The message of SP 800-38A appendix F and SP 800-38B appendix D.
const MESSAGE = fromHex(
  "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51" +
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
);

describe("SHA-256 and HMAC-SHA-256", () => {
  it("give the example of FIPS 180-4", () => {
    const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert.equal(toHex(crypto.sha256(toUtf8("abc"))), abc);
  });

  it("give test cases 1 and 2 of RFC 4231", () => {
    const one = crypto.hmacSha256(new Uint8Array(20).fill(0x0b), toUtf8("Hi There"));
    assert.equal(toHex(one), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    const two = crypto.hmacSha256(toUtf8("Jefe"), toUtf8("what do ya want for nothing?"));
    assert.equal(toHex(two), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  });
});

describe("HKDF-SHA-256", () => {
  it("gives test case 1 of RFC 5869", () => {
    const info = fromHex("f0f1f2f3f4f5f6f7f8f9");
    const salt = fromHex("000102030405060708090a0b0c");
    assert.equal(
      toHex(hkdf(crypto, new Uint8Array(22).fill(0x0b), salt, info, 42)),
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    );
  });

  it("gives test case 2 of RFC 5869, three blocks long", () => {
    const run = (from: number) => Uint8Array.from({ length: 80 }, (_, i) => from + i);
    assert.equal(
      toHex(hkdf(crypto, run(0), run(0x60), run(0xb0), 82)),
      "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c" +
        "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71" +
        "cc30c58179ec3e87c14c01d5c1f3434f1d87",
    );
  });

  it("gives test case 3 of RFC 5869, without salt and info", () => {
    assert.equal(
      toHex(hkdf(crypto, new Uint8Array(22).fill(0x0b), empty, "", 42)),
      "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    );
  });

  it("gives at most 255 blocks", () => {
    assert.equal(hkdf(crypto, KEY_128, empty, "x", 255 * 32).length, 8160);
    assert.throws(() => hkdf(crypto, KEY_128, empty, "x", 255 * 32 + 1), RangeError);
  });

  it("leaves its inputs as they were", () => {
    const [ikm, salt] = [KEY_128.slice(), KEY_256.slice()];
    hkdf(crypto, ikm, salt, "x", 64);
    assert.deepEqual([ikm, salt], [KEY_128, KEY_256]);
  });
});

describe("AES", () => {
  it("gives the examples of FIPS 197 appendix C", () => {
    const plain = fromHex("00112233445566778899aabbccddeeff");
    const key = Uint8Array.from({ length: 32 }, (_, i) => i);
    const short = crypto.aesEncryptBlock(key.slice(0, 16), plain);
    assert.equal(toHex(short), "69c4e0d86a7b0430d8cdb78070b4c55a");
    assert.equal(toHex(crypto.aesEncryptBlock(key, plain)), "8ea2b7ca516745bfeafc49904b496089");
  });

  it("gives the CBC examples of SP 800-38A F.2.1 and F.2.5, and back", () => {
    const iv = Uint8Array.from({ length: 16 }, (_, i) => i);
    const expected = [
      [KEY_128, "7649abac8119b246cee98e9b12e9197d", "3ff1caa1681fac09120eca307586e1a7"],
      [KEY_256, "f58c4c04d6e5f1ba779eabfb5f7bfbd6", "b2eb05e2c39be9fcda6c19078c6a9d1b"],
    ] as const;
    for (const [key, first, last] of expected) {
      const cipher = crypto.aesCbcEncrypt(key, iv, MESSAGE);
      assert.equal(toHex(cipher.slice(0, 16)), first);
      assert.equal(toHex(cipher.slice(48)), last);
      assert.deepEqual(crypto.aesCbcDecrypt(key, iv, cipher), MESSAGE);
    }
  });

  it("gives GCM test cases 13, 14 and 16 of the GCM specification", () => {
    const zeros = new Uint8Array(32);
    const nonce = new Uint8Array(12);
    const thirteen = crypto.aesGcmSeal(zeros, nonce, empty, empty);
    assert.equal(toHex(thirteen), "530f8afbc74536b9a963b4f1c4cb738b");
    const fourteen = crypto.aesGcmSeal(zeros, nonce, empty, new Uint8Array(16));
    const expected = "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919";
    assert.equal(toHex(fourteen), expected);
    const key = fromHex("feffe9928665731c6d6a8f9467308308".repeat(2));
    const plain = fromHex(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" +
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
    );
    const aad = fromHex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    const sealed = crypto.aesGcmSeal(key, fromHex("cafebabefacedbaddecaf888"), aad, plain);
    assert.equal(
      toHex(sealed),
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa" +
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662" +
        "76fc6ece0f4e1768cddf8853bb2d551b",
    );
  });

  it("opens no GCM message of which one bit was changed, or that is too short", () => {
    const nonce = new Uint8Array(12).fill(3);
    const aad = toUtf8("context");
    const sealed = crypto.aesGcmSeal(KEY_256, nonce, aad, MESSAGE.slice(0, 20));
    assert.deepEqual(crypto.aesGcmOpen(KEY_256, nonce, aad, sealed), MESSAGE.slice(0, 20));
    for (let i = 0; i < sealed.length; i++) {
      const changed = sealed.slice();
      changed[i] = changed[i]! ^ (1 << (i % 8));
      assert.equal(crypto.aesGcmOpen(KEY_256, nonce, aad, changed), undefined);
    }
    for (let length = 0; length < 16; length++)
      assert.equal(crypto.aesGcmOpen(KEY_256, nonce, aad, sealed.slice(0, length)), undefined);
    assert.equal(crypto.aesGcmOpen(KEY_256, nonce, empty, sealed), undefined);
    assert.throws(() => crypto.aesGcmSeal(KEY_256, new Uint8Array(16), aad, MESSAGE), RangeError);
  });
});

describe("AES-CMAC", () => {
  // SP 800-38B appendix D.1 and D.3, as updated: Mlen 0, 128, 160, 320 (RFC 4493 §4) and 512.
  const examples = [
    [KEY_128, 0, "bb1d6929e95937287fa37d129b756746"],
    [KEY_128, 16, "070a16b46b4d4144f79bdd9dd04a287c"],
    [KEY_128, 20, "7d85449ea6ea19c823a7bf78837dfade"],
    [KEY_128, 40, "dfa66747de9ae63030ca32611497c827"],
    [KEY_128, 64, "51f0bebf7e3b9d92fc49741779363cfe"],
    [KEY_256, 0, "028962f61b7bf89efc6b551f4667d983"],
    [KEY_256, 16, "28a7023f452e8f82bd4bf28d8c37c35c"],
    [KEY_256, 20, "156727dc0878944a023c1fe03bad6d93"],
    [KEY_256, 40, "aaf3d8f1de5640c232f5b169b9c911e6"],
    [KEY_256, 64, "e1992190549f6ed5696a2c056c315410"],
  ] as const;

  it("gives the examples of NIST SP 800-38B for AES-128 and AES-256", () => {
    for (const [key, length, mac] of examples)
      assert.equal(toHex(aesCmac(crypto, key, MESSAGE.slice(0, length))), mac);
  });

  it("leaves its inputs as they were", () => {
    const message = MESSAGE.slice(0, 20);
    aesCmac(crypto, KEY_128, message);
    assert.deepEqual(message, MESSAGE.slice(0, 20));
  });
});

for (const crypto of PROVIDERS)
  describe(`Ed25519, with ${crypto.name}`, () => {
    // RFC 8032 §7.1, TEST 1 and TEST 3
    const tests = [
      [
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155" +
          "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
      ],
      [
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac" +
          "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
      ],
    ] as const;

    it("gives the vectors of RFC 8032", () => {
      for (const [seed, publicKey, message, signature] of tests) {
        assert.equal(toHex(crypto.ed25519PublicKey(fromHex(seed))), publicKey);
        assert.equal(toHex(crypto.ed25519Sign(fromHex(seed), fromHex(message))), signature);
        const good = [fromHex(publicKey), fromHex(message), fromHex(signature)] as const;
        assert.equal(crypto.ed25519Verify(...good), true);
      }
    });

    it("finds every other message, key and signature wrong, without an exception", () => {
      const [, publicKey, message, signature] = tests[1].map((hex) => fromHex(hex)) as Uint8Array[];
      const verify = (pk = publicKey!, m = message!, s = signature!) =>
        crypto.ed25519Verify(pk, m, s);
      assert.equal(verify(undefined, fromHex("af83")), false);
      assert.equal(verify(fromHex(tests[0][1])), false);
      assert.equal(verify(new Uint8Array(32).fill(255)), false);
      assert.equal(verify(new Uint8Array(31)), false);
      assert.equal(verify(undefined, undefined, signature!.slice(0, 63)), false);
      assert.equal(verify(undefined, undefined, new Uint8Array(64).fill(255)), false);
    });
  });

for (const crypto of PROVIDERS)
  describe(`X25519, with ${crypto.name}`, () => {
    // RFC 7748 §6.1
    const alice = fromHex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    const alicePublic = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
    const bob = fromHex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    const bobPublic = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
    const shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";

    it("agrees as in RFC 7748 §6.1", () => {
      assert.equal(toHex(crypto.x25519PublicKey(alice)), alicePublic);
      assert.equal(toHex(crypto.x25519PublicKey(bob)), bobPublic);
      assert.equal(toHex(crypto.x25519(alice, fromHex(bobPublic))!), shared);
      assert.equal(toHex(crypto.x25519(bob, fromHex(alicePublic))!), shared);
    });

    it("gives nothing for a key of low order", () => {
      const one = new Uint8Array(32);
      one[0] = 1;
      assert.equal(crypto.x25519(alice, new Uint8Array(32)), undefined);
      assert.equal(crypto.x25519(alice, one), undefined);
    });
  });

describe("a comparison in constant time", () => {
  it("says what an ordinary one says", () => {
    const short = fc.uint8Array({ maxLength: 3, max: 2 });
    fc.assert(
      fc.property(short, short, (a, b) => {
        assert.equal(constantTimeEqual(a, b), toHex(a) === toHex(b));
      }),
    );
  });
});

describe("a secret", () => {
  it("turns into text as [secret] however it is asked", () => {
    const secret = new Secret(KEY_256.slice());
    assert.equal(`${secret}`, "[secret]");
    assert.equal(JSON.stringify({ secret }), '{"secret":"[secret]"}');
    assert.deepEqual(Object.keys(secret), []);
    assert.equal(Object.prototype.toString.call(secret), "[object [secret]]");
  });

  it("is gone once it is wiped, from the array that was handed over too", () => {
    const bytes = KEY_256.slice();
    const secret = new Secret(bytes);
    secret.wipe();
    assert.deepEqual(bytes, new Uint8Array(32));
    assert.throws(() => secret.bytes, TypeError);
    assert.equal(secret.length, 32);
    secret.wipe();
  });

  it("names the field when its length is wrong", () => {
    throwsCode(() => new Secret(new Uint8Array(5), 32, "comm_key"), "malformed", "comm_key");
  });
});
