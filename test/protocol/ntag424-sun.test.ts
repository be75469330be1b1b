import assert from "node:assert/strict";
import fc from "fast-check";
import { nobleCrypto as crypto } from "../../protocol/crypto/noble.ts";
import { concat, uintBE } from "../../protocol/encoding/bytes.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { sdmMac } from "../../protocol/nfc/sdm.ts";
import { sdmLrpSessionVector } from "../../protocol/nfc/sdm-lrp.ts";
import { openPiccData, type SunMessage, verifySun } from "../../protocol/nfc/sun.ts";
import { sunMessageOf } from "../../protocol/nfc/sun-file.ts";
import type { SdmOptions } from "../../protocol/ntag424/file-settings.ts";
import { failsWith, failureOf, filled, flipBit } from "./nfc-expect.ts";

const zeroKey = new Uint8Array(16);
const keys = { metaReadKey: zeroKey, fileReadKey: () => zeroKey };
const never = "never" as const;

describe("a SUN message taken from its file", () => {
  it("with encrypted PICC and file data is that of AN12196 r1.8 Table 6", () => {
    const text =
      "my424dna.com/?picc_data=FD91EC264309878BE6345CBE53BADF40" +
      "&enc=CEE9A53E3E463EF1F459635736738962&cmac=ECC1E7F6C6C73BF6";
    const file = concat(fromHex("0077d101735504"), toUtf8(text));
    const at = (part: string) => 7 + text.indexOf(part) + part.length;
    const sdm: SdmOptions = {
      picc: { kind: "encrypted", keyNo: 0, offset: at("picc_data="), uid: true, counter: true },
      fileRead: {
        keyNo: 0,
        macInputOffset: at("&enc="),
        macOffset: at("&cmac="),
        encrypted: { offset: at("&enc="), length: 32 },
      },
      counterRead: never,
    };
    const message = sunMessageOf(file, sdm);
    const read = verifySun(crypto, keys, message);
    assert.equal(toHex(read.uid!), "04958caa5c5e80");
    assert.equal(read.readCounter, 8);
    assert.deepEqual(read.fileData, filled(16, 0x78));
    // One digit of the encrypted data: it stands under the MAC.
    const altered = flipBit(file, 8 * at("&enc=") + 7);
    failsWith("sdm-mac-invalid", () => verifySun(crypto, keys, sunMessageOf(altered, sdm)));
    failsWith("sdm-malformed", () => sunMessageOf(file.slice(0, -1), sdm));
    failsWith("sdm-malformed", () => sunMessageOf(flipBit(file, 8 * at("&cmac=")), sdm));
  });

  it("with plain mirrors has its counter MSB first", () => {
    const text = "https://x.example/?u=041E3C8A2D6B80x000006&m=4B00064004B0B3D3";
    const at = (part: string) => text.indexOf(part) + part.length;
    const sdm: SdmOptions = {
      picc: { kind: "plain", uidOffset: at("u="), counterOffset: at("80x") },
      fileRead: { keyNo: 0, macInputOffset: at("&m="), macOffset: at("&m=") },
      counterRead: never,
    };
    const read = verifySun(crypto, keys, sunMessageOf(toUtf8(text), sdm));
    assert.deepEqual(read, { uid: fromHex("041E3C8A2D6B80"), readCounter: 6 });
    const other = toUtf8(text.replace("000006", "060000"));
    failsWith("sdm-mac-invalid", () => verifySun(crypto, keys, sunMessageOf(other, sdm)));
  });

  it("of an LRP chip has 24 bytes of PICC data (icedevml/nfc-ev2-crypto)", () => {
    const text = "AAE1508939ECF6FF26BCE407959AB1A5EC022819A35CD293x5E3DB82C19E3865F";
    const sdm: SdmOptions = {
      picc: { kind: "encrypted", keyNo: 0, offset: 0, uid: true, counter: true },
      fileRead: { keyNo: 0, macInputOffset: 0, macOffset: 49 },
      counterRead: never,
    };
    const read = verifySun(crypto, keys, sunMessageOf(toUtf8(text), sdm, "lrp"));
    assert.deepEqual(read, { uid: fromHex("042E1D222A6380"), readCounter: 106 });
    const message = sunMessageOf(toUtf8(text), sdm, "lrp");
    const cmac = flipBit(message.cmac, 0);
    failsWith("sdm-mac-invalid", () => verifySun(crypto, keys, { ...message, cmac }));
  });

  it("without a mirror is bound to its key alone", () => {
    const mac = toHex(sdmMac(crypto, zeroKey, undefined, undefined, toUtf8("abc"))).toUpperCase();
    const sdm: SdmOptions = {
      picc: { kind: "none", counter: false },
      fileRead: { keyNo: 1, macInputOffset: 0, macOffset: 3 },
      counterRead: never,
    };
    const read = verifySun(crypto, keys, sunMessageOf(toUtf8(`abc${mac}`), sdm));
    assert.deepEqual(read, {});
    const { fileRead: _, ...noMac } = sdm;
    assert.throws(() => sunMessageOf(toUtf8(`abc${mac}`), noMac), TypeError);
  });
});

describe("SUN messages of every kind", () => {
  const uid = fc.uint8Array({ minLength: 7, maxLength: 7 });
  const counter = fc.integer({ min: 0, max: 0xffffff });
  const key16 = fc.uint8Array({ minLength: 16, maxLength: 16 });

  /** PICCENCData by NT4H2421Gx Table 21, from the chip's side. */
  const picc = (key: Uint8Array, uidBytes: Uint8Array | undefined, count: number | undefined) => {
    const tag = (uidBytes ? 0x87 : 0) | (count === undefined ? 0 : 0x40);
    const lsbFirst = count === undefined ? new Uint8Array(0) : uintBE(count, 3).reverse();
    const head = concat(Uint8Array.of(tag), uidBytes ?? new Uint8Array(0), lsbFirst);
    const plain = concat(head, filled(16 - head.length, 0xa7));
    return crypto.aesCbcEncrypt(key, new Uint8Array(16), plain);
  };

  it("with UID, counter or both in them verify, and name them", () => {
    const parts = fc.constantFrom("uid", "counter", "both");
    fc.assert(
      fc.property(parts, uid, counter, key16, key16, (which, uidBytes, count, metaReadKey, key) => {
        const has = which === "counter" ? undefined : uidBytes;
        const counts = which === "uid" ? undefined : count;
        const macInput = toUtf8("over this");
        const message: SunMessage = {
          messaging: "aes",
          picc: picc(metaReadKey, has, counts),
          cmac: sdmMac(crypto, key, has, counts, macInput),
          macInput,
        };
        const read = verifySun(crypto, { metaReadKey, fileReadKey: () => key }, message);
        assert.deepEqual([read.uid, read.readCounter], [has, counts]);
      }),
      { numRuns: 30 },
    );
  });

  it("that are none are refused", () => {
    const macInput = new Uint8Array(0);
    const random = fc.uint8Array({ maxLength: 30 });
    const messaging = fc.constantFrom("aes" as const, "lrp" as const);
    fc.assert(
      fc.property(messaging, random, random, random, (mode, piccData, cmac, encFileData) => {
        const message = { messaging: mode, picc: piccData, cmac, macInput, encFileData };
        const code = failureOf(() => verifySun(crypto, keys, message));
        assert.ok(code === "sdm-malformed" || code === "sdm-mac-invalid");
      }),
      { numRuns: 60 },
    );
    for (const tag of [0x00, 0x07, 0x40 + 7, 0x80, 0x84, 0x97, 0xc6, 0xff]) {
      const plain = concat(Uint8Array.of(tag), filled(15, 1));
      const data = crypto.aesCbcEncrypt(zeroKey, new Uint8Array(16), plain);
      failsWith("sdm-malformed", () => openPiccData(crypto, "aes", zeroKey, data));
    }
  });

  it("with file data need UID and counter, which the chip demands too", () => {
    const cmac = sdmMac(crypto, zeroKey, undefined, 5, new Uint8Array(0));
    const message: SunMessage = {
      messaging: "aes",
      picc: { readCounter: 5 },
      cmac,
      macInput: new Uint8Array(0),
    };
    assert.deepEqual(verifySun(crypto, keys, message), { readCounter: 5 });
    const encFileData = filled(16, 0);
    failsWith("sdm-malformed", () => verifySun(crypto, keys, { ...message, encFileData }));
    const hidden = { ...message, picc: filled(16, 1) };
    assert.throws(() => verifySun(crypto, { fileReadKey: () => zeroKey }, hidden), TypeError);
  });

  it("in LRP have a session vector with the label at its end (§9.3.9.2)", () => {
    assert.equal(
      toHex(sdmLrpSessionVector(fromHex("042E1D222A63807B0000"))),
      "00010080042e1d222a63807b00001ee1",
    );
    assert.equal(
      toHex(sdmLrpSessionVector(fromHex("1a0000"))),
      "000100801a000000000000000000" + "1ee1",
    );
  });
});
