import assert from "node:assert/strict";
import fc from "fast-check";
import { nobleCrypto as crypto } from "../../protocol/crypto/noble.ts";
import { concat } from "../../protocol/encoding/bytes.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import {
  advanceCounter,
  lricbDecrypt,
  lricbEncrypt,
  lrpKeys,
  lrpPlaintexts,
  lrpUpdatedKeys,
} from "../../protocol/ntag424/lrp.ts";
import { lrpCmac } from "../../protocol/ntag424/lrp-cmac.ts";
import { verifyOriginality } from "../../protocol/ntag424/originality.ts";
import { padBlocks, unpadBlocks } from "../../protocol/ntag424/padding.ts";
import { filled, flipBit } from "./nfc-expect.ts";

describe("the leakage resilient primitive, by the figures of AN12304", () => {
  const key = fromHex("567826B8DA8E768432A9548DBE4AA3A0");

  it("makes the plaintexts of §3.1 and the updated keys of §3.2", () => {
    const plaintexts = lrpPlaintexts(crypto, key);
    assert.equal(toHex(plaintexts.subarray(0, 16)), "ac20d39f5341fe98dfca21da86ba7914");
    assert.equal(toHex(plaintexts.subarray(240)), "71b444af257a93215311d758dd333247");
    assert.deepEqual(lrpUpdatedKeys(crypto, key, 3).map(toHex), [
      "163d14ed24ed935373568ec521e96cf4",
      "1c519c000208b95a39a65db058327188",
      "fe30ab50467e61783bfe6b5e0560160e",
    ]);
  });

  it("encrypts over the end of its counter (§3.3, example 36)", () => {
    const [lrpKey] = lrpKeys(crypto, fromHex("814C137C933E88D96A69C849F43AD6EC"), 1);
    const plain = fromHex("308EF7B3CFBFC2EEB62647397D8FF63D");
    const cipher = lricbEncrypt(crypto, lrpKey!, fromHex("0DFFFFFF"), plain);
    assert.equal(toHex(cipher), "b5d3f8560a4577820d2e839d8ef122a5");
    assert.deepEqual(lricbDecrypt(crypto, lrpKey!, fromHex("0DFFFFFF"), cipher), plain);
  });

  it("makes the MACs of §3.4, over a block and over nothing", () => {
    const mac = (keyHex: string, message: string) => {
      const [lrpKey] = lrpKeys(crypto, fromHex(keyHex), 1);
      return toHex(lrpCmac(crypto, lrpKey!, fromHex(message)));
    };
    assert.equal(
      mac("5AA9F6C6DE5138113DF5D6B6C77D5D52", "A4434D740C2CB665FE5396959189383F"),
      "8b43adf767e46b692e8f24e837cb5efc",
    );
    assert.equal(mac("AEA00AD0EF9243833DA4861D6A0D2C8C", ""), "954230a72692bab4ce1a44473d081376");
  });

  it("has a counter of fixed width that wraps", () => {
    assert.equal(toHex(advanceCounter(fromHex("00fe"), 3)), "0101");
    assert.equal(toHex(advanceCounter(fromHex("ffffffff"), 1)), "00000000");
    assert.equal(toHex(advanceCounter(fromHex("ff"), 0)), "ff");
  });

  it("takes whole blocks, and its keys are gone once wiped", () => {
    const [lrpKey] = lrpKeys(crypto, key, 1);
    assert.throws(() => lricbEncrypt(crypto, lrpKey!, filled(4, 0), filled(15, 0)), RangeError);
    lrpKey!.wipe();
    assert.throws(() => lrpCmac(crypto, lrpKey!, filled(1, 0)), TypeError);
    assert.equal(JSON.stringify(lrpKey), "{}");
  });
});

describe("padding by method 2", () => {
  it("comes off again, whatever it is on", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (data) => {
        const padded = padBlocks(data);
        assert.equal(padded.length % 16, 0);
        assert.ok(padded.length > data.length);
        assert.deepEqual(unpadBlocks(padded), data);
      }),
    );
  });

  it("that is none is refused", () => {
    for (const bad of ["", "80", "00".repeat(16), `80${"00".repeat(16)}`, "01".repeat(16)])
      assert.equal(unpadBlocks(fromHex(bad)), undefined);
    // 80h stands more than a block away from the end.
    assert.equal(unpadBlocks(fromHex(`${"01".repeat(15)}80${"00".repeat(16)}`)), undefined);
  });
});

describe("the originality signature", () => {
  const uid = fromHex("04518DFAA96180");
  const signature = fromHex(
    "D1940D17CFEDA4BFF80359AB975F9F6514313E8F90C1D3CAAF5941AD" +
      "744A1CDF9A83F883CAFE0FE95D1939B1B7E47113993324473B785D21",
  );

  it("of AN12196 r1.8 Table 30 is NXP's", () => {
    assert.equal(verifyOriginality(uid, signature), true);
  });

  it("is as good with n - s in the place of s: that is ECDSA", () => {
    const n = BigInt("0xffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3d");
    const s = BigInt(`0x${toHex(signature.subarray(28))}`);
    const other = fromHex((n - s).toString(16).padStart(56, "0"));
    assert.equal(verifyOriginality(uid, concat(signature.subarray(0, 28), other)), true);
  });

  it("of another UID, altered, or of another length is not", () => {
    assert.equal(verifyOriginality(flipBit(uid, 55), signature), false);
    assert.equal(verifyOriginality(uid, flipBit(signature, 447)), false);
    assert.equal(verifyOriginality(uid, new Uint8Array(56)), false);
    assert.equal(verifyOriginality(uid, filled(56, 0xff)), false);
    assert.equal(verifyOriginality(uid.slice(1), signature), false);
    // The same number, but no UID.
    assert.equal(verifyOriginality(concat(Uint8Array.of(0), uid), signature), false);
    assert.equal(verifyOriginality(uid, signature.slice(1)), false);
    assert.equal(verifyOriginality(uid, signature, filled(57, 4)), false);
  });
});
