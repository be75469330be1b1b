import assert from "node:assert/strict";
import fc from "fast-check";
import {
  badgeFileLength,
  buildBadgeFile,
  HOST_MAX,
  NDEF_FILE_SIZE,
  parseBadgeFile,
  parseBadgeUrl,
} from "../../protocol/badge/link.ts";
import { nobleCrypto as crypto } from "../../protocol/crypto/noble.ts";
import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { concat } from "../../protocol/encoding/bytes.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { encodeNdefFile, encodeNdefMessage, uriRecord } from "../../protocol/nfc/ndef.ts";
import { sdmMac, verifySdm } from "../../protocol/nfc/sdm.ts";
import { failsWith, failureOf, filled, flipBit } from "./nfc-expect.ts";

const payload = Uint8Array.from({ length: 114 }, (_, index) => (index * 37) & 255);
const keyId = Uint8Array.of(0xfb, 0xef, 0xff);
const host = "badge.example.org";

/** The file as a phone or reader gets it: the chip has put its text over the zeros. */
function mirrored(picc: Uint8Array, cmac: Uint8Array): Uint8Array {
  const { file, piccOffset, macOffset } = buildBadgeFile({ host, keyId, payload });
  file.set(toUtf8(toHex(picc).toUpperCase()), piccOffset);
  file.set(toUtf8(toHex(cmac).toUpperCase()), macOffset);
  return file;
}

const fileWith = (url: string) => encodeNdefFile(encodeNdefMessage([uriRecord(url)]));

describe("the badge file", () => {
  it("is laid out byte by byte as docs/badge.md says", () => {
    const { file, url, piccOffset, macInputOffset, macOffset } = buildBadgeFile({
      host,
      keyId,
      payload,
    });
    const n = host.length;
    const text = (from: number, to: number) => String.fromCharCode(...file.slice(from, to));
    assert.equal(toHex(file.slice(0, 7)), "00f0d101ec5504");
    assert.equal(file[1], 223 + n);
    assert.equal(file[4], 219 + n);
    assert.equal(text(7, 7 + n), host);
    assert.equal(text(7 + n, 12 + n), "/t?k=");
    assert.equal(text(12 + n, 16 + n), "--__");
    assert.equal(text(16 + n, 19 + n), "&b=");
    assert.equal(text(19 + n, 171 + n), toBase64Url(payload));
    assert.equal(text(171 + n, 174 + n), "&e=");
    assert.equal(text(174 + n, 206 + n), "0".repeat(32));
    assert.equal(text(206 + n, 209 + n), "&c=");
    assert.equal(text(209 + n, 225 + n), "0".repeat(16));
    assert.deepEqual([piccOffset, macInputOffset, macOffset], [174 + n, 209 + n, 209 + n]);
    assert.equal(file.length, 225 + n);
    const zeros = `&e=${"0".repeat(32)}&c=${"0".repeat(16)}`;
    assert.equal(url, `https://${host}/t?k=--__&b=${toBase64Url(payload)}${zeros}`);
  });

  it("leaves room to spare in the 256 bytes of the chip", () => {
    const sizes = ["a.io", host, "h".repeat(HOST_MAX)].map((name) => {
      const { length } = buildBadgeFile({ host: name, keyId, payload }).file;
      assert.equal(length, badgeFileLength(name));
      return NDEF_FILE_SIZE - length;
    });
    assert.deepEqual(sizes, [27, 14, 6]);
  });

  it("keeps the SDM settings inside what ChangeFileSettings accepts (NT4H2421Gx Table 69)", () => {
    for (const name of ["a.io", host, "h".repeat(HOST_MAX)]) {
      const { piccOffset, macInputOffset, macOffset } = buildBadgeFile({
        host: name,
        keyId,
        payload,
      });
      assert.ok(macInputOffset <= macOffset);
      assert.ok(macOffset + 16 <= NDEF_FILE_SIZE);
      assert.ok(macOffset >= piccOffset + 32, "MAC and PICC data do not overlap");
    }
  });

  it("comes back as what the chip and the encoder put in", () => {
    const piccs = fc.uint8Array({ minLength: 16, maxLength: 16 });
    const macs = fc.uint8Array({ minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(piccs, macs, (picc, cmac) => {
        assert.deepEqual(parseBadgeFile(mirrored(picc, cmac)), { keyId, payload, picc, cmac });
      }),
      { numRuns: 30 },
    );
  });

  it("read from a chip carries an SDM message that the server can verify", () => {
    const metaReadKey = filled(16, 1);
    const fileReadKey = () => filled(16, 2);
    const uid = filled(7, 4);
    const plain = concat(Uint8Array.of(0xc7), uid, Uint8Array.of(9, 0, 0), filled(5, 0x5a));
    const picc = crypto.aesCbcEncrypt(metaReadKey, new Uint8Array(16), plain);
    const file = mirrored(picc, sdmMac(crypto, fileReadKey(), uid, 9, new Uint8Array(0)));
    const read = verifySdm(crypto, { metaReadKey, fileReadKey }, parseBadgeFile(file));
    assert.deepEqual(read, { uid, readCounter: 9 });
  });

  it("may stand in a file of 256 bytes with rubbish behind it", () => {
    const file = mirrored(filled(16, 1), filled(8, 2));
    const whole = concat(file, filled(NDEF_FILE_SIZE - file.length, 0xee));
    assert.deepEqual(parseBadgeFile(whole), parseBadgeFile(file));
  });

  it("refuses hosts that do not fit, or are none, and names the field", () => {
    const bad = ["", "-a", "a-", "A.org", "a/b", "a?b", "ä.org", "a b", "a:", "a:123456"];
    for (const name of [...bad, "h".repeat(HOST_MAX + 1)]) {
      failsWith("config-invalid", () => buildBadgeFile({ host: name, keyId, payload }));
    }
    for (const name of ["a", "localhost:8080", "192.168.1.7:8443", "x-1.example"])
      assert.deepEqual(
        parseBadgeFile(buildBadgeFile({ host: name, keyId, payload }).file).payload,
        payload,
      );
    try {
      buildBadgeFile({ host: "", keyId, payload });
    } catch (error) {
      assert.ok(isLatchkeyError(error));
      assert.equal(error.detail["field"], "badge_host");
    }
  });

  it("of a payload or a key identifier of another length is a programming error", () => {
    assert.throws(() => buildBadgeFile({ host, keyId, payload: filled(113, 0) }), RangeError);
    assert.throws(() => buildBadgeFile({ host, keyId: filled(4, 0), payload }), RangeError);
  });
});

describe("a chip that is not one of ours", () => {
  const k = toBase64Url(keyId);
  const b = toBase64Url(payload);
  const e = "0".repeat(32);
  const c = "0".repeat(16);

  it("is told from a damaged one", () => {
    const strangers = [
      "https://example.org/",
      "http://a.io/t?k=x",
      "tel:+123",
      `https://a.io/x/t?k=${k}&b=${b}&e=${e}&c=${c}`,
      `https://user@a.io/t?k=${k}&b=${b}&e=${e}&c=${c}`,
      `https:///t?k=${k}&b=${b}&e=${e}&c=${c}`,
    ];
    for (const url of strangers) failsWith("badge-not-ours", () => parseBadgeFile(fileWith(url)));
  });

  it("is one that is blank, or holds text, or more than one record", () => {
    failsWith("badge-not-ours", () => parseBadgeFile(new Uint8Array(256)));
    const none = new Uint8Array(0);
    const text = { tnf: 1, type: Uint8Array.of(0x54), id: none, payload: toUtf8("\u0002enhello") };
    const textFile = encodeNdefFile(encodeNdefMessage([text]));
    failsWith("badge-not-ours", () => parseBadgeFile(textFile));
    const { url } = buildBadgeFile({ host, keyId, payload });
    const both = encodeNdefFile(encodeNdefMessage([uriRecord(url), text]));
    failsWith("badge-not-ours", () => parseBadgeFile(both));
  });

  it("is an ndef-malformed when identifier or payload have lost their form", () => {
    const damaged = [
      `https://a.io/t?k=&b=${b}&e=${e}&c=${c}`,
      `https://a.io/t?k=${k}A&b=${b}&e=${e}&c=${c}`,
      `https://a.io/t?k=++//&b=${b}&e=${e}&c=${c}`,
      `https://a.io/t?k=AA==&b=${b}&e=${e}&c=${c}`,
      `https://a.io/t?k=A!AA&b=${b}&e=${e}&c=${c}`,
      `https://a.io/t?k=${k}&d=${b}&e=${e}&c=${c}`,
      `https://a.io/t?k=${k}&b=${b.slice(1)}&e=${e}&c=${c}`,
      `https://a.io/t?k=${k}&b=${b}A&e=${e}&c=${c}`,
      `https://a.io/t?k=${k}&b=${b.slice(1)}!&e=${e}&c=${c}`,
      `https://a.io/t?k=${k}&b=${b.slice(2)}==&e=${e}&c=${c}`,
      `https://a.io/t?k=${k}&b=${b.slice(1)}+&e=${e}&c=${c}`,
      `https://a.io/t?k=${k}&b=${b}`,
      "https://a.io/t?k=",
    ];
    for (const url of damaged) failsWith("ndef-malformed", () => parseBadgeUrl(url));
  });

  it("is an sdm-malformed when the fields of the chip are damaged", () => {
    const damaged = [
      `https://a.io/t?k=${k}&b=${b}&e=${e}`,
      `https://a.io/t?k=${k}&b=${b}&e=${e}&c=`,
      `https://a.io/t?k=${k}&b=${b}&e=${e}&c=${c}0`,
      `https://a.io/t?k=${k}&b=${b}&e=${e}0&c=${c.slice(1)}`,
      `https://a.io/t?k=${k}&b=${b}&e=${e.slice(1)}g&c=${c}`,
      `https://a.io/t?k=${k}&b=${b}&e=${e}&c=${c.slice(1)}x`,
      `https://a.io/t?k=${k}&b=${b}&e=${e}&d=${c}`,
    ];
    for (const url of damaged) failsWith("sdm-malformed", () => parseBadgeUrl(url));
  });
});

describe("a damaged badge file", () => {
  const codes = ["badge-not-ours", "sdm-malformed", "ndef-malformed"];
  const file = mirrored(filled(16, 0xab), filled(8, 0xcd));

  it("cut anywhere is ndef-malformed", () => {
    for (let length = 0; length < file.length; length++)
      failsWith("ndef-malformed", () => parseBadgeFile(file.slice(0, length)));
  });

  it("with any bit flipped fails with a code, or reads differently or from another host", () => {
    const good = parseBadgeFile(file);
    const hostBits = { from: 7 * 8, to: (7 + host.length) * 8 };
    const hexBits = [buildBadgeFile({ host, keyId, payload })].map(
      ({ piccOffset }) => piccOffset * 8,
    )[0]!;
    for (let bit = 0; bit < file.length * 8; bit++) {
      let read: unknown;
      const code = failureOf(() => {
        read = parseBadgeFile(flipBit(file, bit));
      });
      if (code !== undefined) assert.ok(codes.includes(code), `bit ${bit}: ${code}`);
      else if (bit >= hostBits.from && bit < hostBits.to) assert.deepEqual(read, good);
      // The case of a hexadecimal digit carries nothing.
      else if (bit < hexBits) assert.notDeepEqual(read, good, `bit ${bit}`);
    }
  });

  it("of random bytes fails with a code", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 256 }), (bytes) => {
        const code = failureOf(() => parseBadgeFile(bytes));
        assert.ok(code !== undefined && codes.includes(code), code);
      }),
    );
  });

  it("of any text behind the scheme fails with a code", () => {
    const noise = fc.string({ maxLength: 230 });
    fc.assert(
      fc.property(noise, fc.boolean(), (text, nearly) => {
        const url = nearly ? `https://a.io/t?k=${text}` : `https://${text}`;
        const code = failureOf(() => parseBadgeUrl(url));
        assert.ok(code !== undefined && codes.includes(code), code);
      }),
    );
  });
});
