import assert from "node:assert/strict";
import fc from "fast-check";
import { fromBase64, toBase64, toBase64Url } from "../../protocol/encoding/base64.ts";
import { concat, equalBytes, uintBE, xor } from "../../protocol/encoding/bytes.ts";
import { crc32, crc32OfWord } from "../../protocol/encoding/crc32.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { transcript } from "../../protocol/encoding/transcript.ts";
import { fromUtf8, toUtf8 } from "../../protocol/encoding/utf8.ts";
import {
  bytesToUuid,
  uuidFromDerived,
  uuidFromRandom,
  uuidToBytes,
} from "../../protocol/encoding/uuid.ts";
import { parses, throwsCode } from "./error-code.ts";

const bytes = fc.uint8Array({ maxLength: 80 });

describe("base64", () => {
  // RFC 4648 §10
  const vectors = [
    ["", ""],
    ["f", "Zg=="],
    ["fo", "Zm8="],
    ["foo", "Zm9v"],
    ["foob", "Zm9vYg=="],
    ["fooba", "Zm9vYmE="],
    ["foobar", "Zm9vYmFy"],
  ] as const;

  it("gives the vectors of RFC 4648", () => {
    for (const [text, encoded] of vectors) {
      assert.equal(toBase64(toUtf8(text)), encoded);
      assert.equal(fromUtf8(fromBase64(encoded)), text);
    }
  });

  it("writes + and / in one alphabet, - and _ in the other", () => {
    const odd = Uint8Array.of(0xfb, 0xff, 0xfe);
    assert.equal(toBase64(odd), "+//+");
    assert.equal(toBase64Url(odd), "-__-");
  });

  it("reads back what it wrote, in both alphabets, padded or not", () => {
    fc.assert(
      fc.property(bytes, (value) => {
        const padded = toBase64(value);
        assert.deepEqual(fromBase64(padded), value);
        assert.deepEqual(fromBase64(padded.replaceAll("=", "")), value);
        assert.deepEqual(fromBase64(toBase64Url(value)), value);
      }),
    );
  });

  it("refuses whatever would be a second spelling", () => {
    const twins = ["Zh==", "Zm9=", "Zg=", "Zg===", "Zm9v=", "Z", "Zg==\n", " Zg==", "Z=g=", "-/AA"];
    for (const text of [...twins, "====", "=", "Zm9vZ"])
      throwsCode(() => fromBase64(text), "malformed");
  });

  it("throws nothing but malformed on random text; what it takes has one spelling", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 24 }), (text) => {
        if (!parses(() => fromBase64(text), "malformed")) return;
        const value = fromBase64(text);
        const bare = text.replaceAll("=", "");
        assert.ok(toBase64Url(value) === bare || toBase64(value).replaceAll("=", "") === bare);
      }),
    );
  });

  it("names the field", () => {
    throwsCode(() => fromBase64("!", "node_pk"), "malformed", "node_pk");
  });
});

describe("hexadecimal", () => {
  it("reads either case and writes lower case", () => {
    assert.deepEqual(fromHex("00fFa5"), Uint8Array.of(0, 255, 165));
    assert.equal(toHex(Uint8Array.of(0, 255, 165)), "00ffa5");
  });

  it("reads back what it wrote", () => {
    fc.assert(fc.property(bytes, (value) => assert.deepEqual(fromHex(toHex(value)), value)));
  });

  it("refuses odd lengths and other characters", () => {
    for (const text of ["0", "0g", "0x00", " 00", "0\u0661", "@@", "``"])
      throwsCode(() => fromHex(text), "malformed");
  });

  it("are sixteen digits, six of them in two cases, and no other unit of UTF-16", () => {
    for (let unit = 0; unit < 0x10000; unit += unit < 0x200 ? 1 : 251) {
      const one = String.fromCharCode(unit);
      if (/[0-9A-Fa-f]/.test(one))
        assert.deepEqual(
          [...fromHex(`${one}0`), ...fromHex(`7${one}`)],
          [16 * Number(`0x${one}`), 112 + Number(`0x${one}`)],
        );
      else for (const text of [`${one}0`, `0${one}`]) throwsCode(() => fromHex(text), "malformed");
    }
  });
});

describe("UTF-8", () => {
  it("encodes one to four bytes", () => {
    assert.equal(toHex(toUtf8("$£€𐍈")), "24c2a3e282acf0908d88");
    assert.equal(fromUtf8(fromHex("24c2a3e282acf0908d88")), "$£€𐍈");
  });

  it("replaces a lone surrogate", () => {
    assert.equal(toHex(toUtf8("\ud800")), "efbfbd");
  });

  it("reads back what it wrote", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
        assert.equal(fromUtf8(toUtf8(text)), text);
      }),
    );
  });

  it("refuses overlong forms, surrogates, cut sequences and what lies beyond Unicode", () => {
    const wrong = ["c080", "c1bf", "e08080", "e09fbf", "f0808080", "f08fbfbf", "eda080", "edbfbf"];
    for (const hex of [
      ...wrong,
      "f4908080",
      "f5808080",
      "80",
      "c2",
      "e282",
      "f0908d",
      "c224",
      "ff",
    ])
      throwsCode(() => fromUtf8(fromHex(hex)), "malformed");
  });

  it("has one spelling for whatever it takes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 6 }), (value) => {
        if (parses(() => fromUtf8(value), "malformed"))
          assert.deepEqual(toUtf8(fromUtf8(value)), value);
      }),
    );
  });
});

describe("CRC-32", () => {
  it("has the check value, goes on from what stands before, and takes a number for its bytes", () => {
    const digits = toUtf8("123456789");
    assert.equal(crc32(digits), 0xcbf43926);
    fc.assert(
      fc.property(bytes, fc.nat(80), (value, cut) => {
        assert.equal(crc32(value.subarray(cut), crc32(value.subarray(0, cut))), crc32(value));
      }),
    );
    fc.assert(
      fc.property(fc.integer(), (word) => {
        const four = new Uint8Array(Int32Array.of(word).buffer); // lowest first, where this runs
        assert.equal(crc32OfWord(word), crc32(four));
      }),
    );
  });
});

describe("byte arrays", () => {
  it("are joined, compared and XORed", () => {
    assert.deepEqual(
      concat(Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3)),
      Uint8Array.of(1, 2, 3),
    );
    assert.equal(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2)), true);
    assert.equal(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3)), false);
    assert.equal(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1)), false);
    assert.deepEqual(xor(Uint8Array.of(12, 255), Uint8Array.of(10, 255)), Uint8Array.of(6, 0));
    assert.throws(() => xor(new Uint8Array(1), new Uint8Array(2)), RangeError);
  });

  it("hold unsigned integers in big-endian order, up to 2^53-1", () => {
    assert.equal(toHex(uintBE(258, 4)), "00000102");
    assert.equal(toHex(uintBE(Number.MAX_SAFE_INTEGER, 8)), "001fffffffffffff");
    for (const wrong of [-1, 1.5, Number.NaN, 2 ** 53])
      assert.throws(() => uintBE(wrong, 8), RangeError);
    assert.throws(() => uintBE(256, 1), RangeError);
  });
});

describe("a transcript", () => {
  it("puts a 4-byte length before every field", () => {
    const got = transcript("d", "é", Uint8Array.of(9), 5);
    assert.equal(
      toHex(got),
      "0000000164" + "00000002c3a9" + "0000000109" + "000000080000000000000005",
    );
  });

  it("differs whenever the fields differ, however they are cut", () => {
    const fields = fc.array(fc.uint8Array({ maxLength: 4 }), { maxLength: 4 });
    fc.assert(
      fc.property(fields, fields, (a, b) => {
        const same = a.length === b.length && a.every((field, i) => equalBytes(field, b[i]!));
        assert.equal(equalBytes(transcript("x", ...a), transcript("x", ...b)), same);
      }),
    );
  });

  it("changes with the order of its fields and with its domain", () => {
    assert.notDeepEqual(transcript("a", "b", "c"), transcript("a", "c", "b"));
    assert.notDeepEqual(transcript("a", "b"), transcript("b", "a"));
  });
});

describe("a UUID", () => {
  it("has one spelling", () => {
    const text = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"; // RFC 9562 §4
    assert.equal(bytesToUuid(uuidToBytes(text)), text);
    const others = [text.toUpperCase(), text.replaceAll("-", ""), `{${text}}`, `${text} `, ""];
    for (const other of [...others, text.replace("-7dec-", "7-dec-"), text.replace("f8", "g8")])
      throwsCode(() => uuidToBytes(other, "tenant_id"), "malformed", "tenant_id");
  });

  it("made of random or derived bytes carries its version and the variant of RFC 9562", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (source) => {
        const before = source.slice();
        assert.match(uuidFromRandom(source), /^.{14}4.{4}[89ab]/);
        assert.match(uuidFromDerived(source), /^.{14}8.{4}[89ab]/);
        assert.deepEqual(source, before);
      }),
    );
  });

  it("is parsed from random text with malformed only", () => {
    const near = fc.stringMatching(/^[0-9a-f-]{34,38}$/);
    fc.assert(fc.property(near, (text) => void parses(() => uuidToBytes(text), "malformed")));
  });
});
