import assert from "node:assert/strict";
import fc from "fast-check";
import { nobleCrypto as crypto } from "../../protocol/crypto/noble.ts";
import { concat } from "../../protocol/encoding/bytes.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { diversifyAes128, diversifyChipKey } from "../../protocol/nfc/an10922.ts";
import {
  decryptPiccData,
  decryptSdmFileData,
  sdmMac,
  sdmSessionEncKey,
  sdmSessionMacKey,
  truncateMac,
  verifySdm,
} from "../../protocol/nfc/sdm.ts";
import { encodeSdmSettings } from "../../protocol/nfc/sdm-settings.ts";
import { failsWith, failureOf, filled, flipBit } from "./nfc-expect.ts";

const zeroKey = new Uint8Array(16);
const none = new Uint8Array(0);
const key16 = fc.uint8Array({ minLength: 16, maxLength: 16 });
const uid7 = fc.uint8Array({ minLength: 7, maxLength: 7 });
const counter24 = fc.integer({ min: 0, max: 0xffffff });

/** PICCENCData as a chip makes it (NT4H2421Gx §9.3.4.1), from its parts. */
function piccOf(key: Uint8Array, uid: Uint8Array, counter: number, tag = 0xc7): Uint8Array {
  const lsbFirst = Uint8Array.of(counter & 255, (counter >> 8) & 255, (counter >> 16) & 255);
  const plain = concat(Uint8Array.of(tag), uid, lsbFirst, filled(5, 0xa5));
  return crypto.aesCbcEncrypt(key, new Uint8Array(16), plain);
}

describe("SDM in AES mode, by the figures of AN12196 r1.8", () => {
  it("derives the session keys of Table 2", () => {
    const key = fromHex("5ACE7E50AB65D5D51FD5BF5A16B8205B");
    const uid = fromHex("04C767F2066180");
    const enc = sdmSessionEncKey(crypto, key, uid, 1);
    assert.equal(toHex(enc), "66da61797e23deca5d8eca13bbadf7a9");
    const mac = sdmSessionMacKey(crypto, key, uid, 1);
    assert.equal(toHex(mac), "3a3e8110e05311f7a3fcf0d969bf2b48");
  });

  it("opens the PICC data of Table 3 and verifies the MAC of Table 5 over nothing", () => {
    const picc = fromHex("EF963FF7828658A599F3041510671E88");
    const cmac = fromHex("94EED9EE65337086");
    const keys = { metaReadKey: zeroKey, fileReadKey: () => zeroKey };
    const read = verifySdm(crypto, keys, { picc, cmac });
    assert.equal(toHex(read.uid), "04de5f1eacc040");
    assert.equal(read.readCounter, 61);
    const macKey = sdmSessionMacKey(crypto, zeroKey, read.uid, read.readCounter);
    assert.equal(toHex(macKey), "3fb5f6e3a807a03d5e3570ace393776f");
  });

  it("decrypts the file data of Table 4", () => {
    const picc = fromHex("FDE4AFA99B5C820A2C1BB0F1C792D0EB");
    const read = decryptPiccData(crypto, zeroKey, picc);
    assert.equal(toHex(read.uid), "04958caa5c5e80");
    assert.equal(read.readCounter, 1);
    const data = fromHex("94592FDE69FA06E8E3B6CA686A22842B");
    assert.deepEqual(decryptSdmFileData(crypto, zeroKey, read, data), filled(16, 0x78));
  });

  it("verifies the MAC of Table 6 over a window of the file", () => {
    const picc = fromHex("FD91EC264309878BE6345CBE53BADF40");
    const macInput = toUtf8("CEE9A53E3E463EF1F459635736738962&cmac=");
    const cmac = fromHex("ECC1E7F6C6C73BF6");
    const keys = { metaReadKey: zeroKey, fileReadKey: () => zeroKey };
    const read = verifySdm(crypto, keys, { picc, cmac, macInput });
    assert.equal(read.readCounter, 8);
    failsWith("sdm-mac-invalid", () => verifySdm(crypto, keys, { picc, cmac }));
  });

  it("truncates a CMAC to its odd bytes (§9.1.3)", () => {
    const cmac = fromHex("E194C7EE12D9F7EE8A65C8331B704386");
    assert.equal(toHex(truncateMac(cmac)), "94eed9ee65337086");
  });
});

describe("SDM messages", () => {
  it("of every chip and counter open to what the chip put in", () => {
    fc.assert(
      fc.property(key16, key16, uid7, counter24, (metaReadKey, fileKey, uid, counter) => {
        const picc = piccOf(metaReadKey, uid, counter);
        const cmac = sdmMac(crypto, fileKey, uid, counter, none);
        let askedFor: Uint8Array = none;
        const fileReadKey = (of: Uint8Array) => {
          askedFor = of;
          return fileKey;
        };
        const read = verifySdm(crypto, { metaReadKey, fileReadKey }, { picc, cmac });
        assert.deepEqual(read, { uid, readCounter: counter });
        assert.deepEqual(askedFor, uid);
      }),
      { numRuns: 30 },
    );
  });

  it("with any single bit flipped do not verify", () => {
    const fileReadKey = () => filled(16, 2);
    const keys = { metaReadKey: filled(16, 1), fileReadKey };
    const uid = fromHex("04968CAA5C5E80");
    const picc = piccOf(keys.metaReadKey, uid, 7);
    const cmac = sdmMac(crypto, fileReadKey(), uid, 7, none);
    assert.equal(verifySdm(crypto, keys, { picc, cmac }).readCounter, 7);
    for (let bit = 0; bit < 128; bit++) {
      const code = failureOf(() => verifySdm(crypto, keys, { picc: flipBit(picc, bit), cmac }));
      assert.ok(code === "sdm-malformed" || code === "sdm-mac-invalid", `picc bit ${bit}: ${code}`);
    }
    for (let bit = 0; bit < 64; bit++)
      failsWith("sdm-mac-invalid", () =>
        verifySdm(crypto, keys, { picc, cmac: flipBit(cmac, bit) }),
      );
  });

  it("of one read do not pass with the MAC of another", () => {
    const keys = { metaReadKey: zeroKey, fileReadKey: () => zeroKey };
    const uid = fromHex("04968CAA5C5E80");
    const old = sdmMac(crypto, zeroKey, uid, 7, none);
    const picc = piccOf(zeroKey, uid, 8);
    failsWith("sdm-mac-invalid", () => verifySdm(crypto, keys, { picc, cmac: old }));
  });

  it("of random bytes, or under another tenant's keys, never verify", () => {
    const bytes = fc.uint8Array({ maxLength: 24 });
    fc.assert(
      fc.property(bytes, bytes, key16, (picc, cmac, metaReadKey) => {
        const keys = { metaReadKey, fileReadKey: () => zeroKey };
        const code = failureOf(() => verifySdm(crypto, keys, { picc, cmac }));
        assert.ok(code === "sdm-malformed" || code === "sdm-mac-invalid");
      }),
    );
  });

  it("without UID or counter in them are refused (NT4H2421Gx Table 21)", () => {
    for (const tag of [0x00, 0x40, 0x47, 0x80, 0x87, 0xc0, 0xc4, 0xd7, 0xff]) {
      const picc = piccOf(zeroKey, filled(7, 4), 1, tag);
      failsWith("sdm-malformed", () => decryptPiccData(crypto, zeroKey, picc));
    }
  });

  it("with encrypted file data of a broken length are refused", () => {
    const read = { uid: filled(7, 4), readCounter: 1 };
    for (const length of [0, 1, 15, 17])
      failsWith("sdm-malformed", () =>
        decryptSdmFileData(crypto, zeroKey, read, new Uint8Array(length)),
      );
  });

  it("have a counter of 24 bits", () => {
    const uid = filled(7, 4);
    for (const counter of [-1, 0x1000000, 0.5, Number.NaN])
      assert.throws(() => sdmMac(crypto, zeroKey, uid, counter, none), RangeError);
    assert.throws(() => sdmMac(crypto, zeroKey, filled(4, 4), 1, none), RangeError);
  });
});

describe("SDM settings", () => {
  it("are the data of ChangeFileSettings in AN12196 r1.8 Table 19", () => {
    const offsets = { piccOffset: 0x20, macInputOffset: 0x43, macOffset: 0x43 };
    const keys = { metaReadKeyNo: 2, fileReadKeyNo: 1, counterReadKeyNo: 1 };
    const data = encodeSdmSettings({ ...keys, ...offsets });
    assert.equal(toHex(data), "4000e0c1f121200000430000430000");
  });

  it("let nobody ask for the counter unless told so, and take key numbers only", () => {
    const offsets = { piccOffset: 191, macInputOffset: 226, macOffset: 226 };
    const settings = { metaReadKeyNo: 1, fileReadKeyNo: 2, ...offsets };
    assert.equal(toHex(encodeSdmSettings(settings)), "4000e0c1ff12bf0000e20000e20000");
    for (const wrong of [
      { metaReadKeyNo: 5 },
      { fileReadKeyNo: -1 },
      { counterReadKeyNo: 0xe },
      { macInputOffset: 227 },
      { piccOffset: 0x1000000 },
    ])
      assert.throws(() => encodeSdmSettings({ ...settings, ...wrong }), RangeError);
  });
});

describe("key diversification of AN10922", () => {
  it("gives the key of AN10922 §2.2.1", () => {
    const master = fromHex("00112233445566778899AABBCCDDEEFF");
    const m = fromHex("04782E21801D803042F54E585020416275");
    const key = diversifyAes128(crypto, master, m);
    assert.equal(toHex(key), "a8dd63a3b89d54b37ca802473fda9175");
  });

  it("refuses inputs that plain CMAC would pad differently", () => {
    for (const length of [0, 15, 32])
      assert.throws(() => diversifyAes128(crypto, zeroKey, new Uint8Array(length)), RangeError);
    assert.throws(() => diversifyAes128(crypto, new Uint8Array(32), filled(17, 1)), RangeError);
  });

  it("gives every chip and every key number a key of its own", () => {
    const keys = new Set<string>();
    for (const uid of [filled(7, 4), filled(7, 5)])
      for (let keyNo = 0; keyNo < 5; keyNo++)
        keys.add(toHex(diversifyChipKey(crypto, zeroKey, uid, keyNo)));
    assert.equal(keys.size, 10);
    assert.throws(() => diversifyChipKey(crypto, zeroKey, filled(7, 4), 5), RangeError);
    assert.throws(() => diversifyChipKey(crypto, zeroKey, filled(4, 4), 0), RangeError);
  });
});
