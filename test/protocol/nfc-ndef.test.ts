import assert from "node:assert/strict";
import fc from "fast-check";
import { concat } from "../../protocol/encoding/bytes.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import {
  encodeNdefFile,
  encodeNdefMessage,
  type NdefRecord,
  parseNdefFile,
  parseNdefMessage,
  URI_PREFIXES,
  uriOfRecord,
  uriRecord,
} from "../../protocol/nfc/ndef.ts";
import { failsWith, failureOf } from "./nfc-expect.ts";

const none = new Uint8Array(0);
const plainObjects = { noNullPrototype: true };
const record: fc.Arbitrary<NdefRecord> = fc.oneof(
  fc.constant({ tnf: 0, type: none, id: none, payload: none }),
  fc.record(
    {
      tnf: fc.integer({ min: 1, max: 4 }),
      type: fc.uint8Array({ maxLength: 12 }),
      id: fc.uint8Array({ maxLength: 6 }),
      payload: fc.uint8Array({ maxLength: 400 }),
    },
    plainObjects,
  ),
  fc.record(
    {
      tnf: fc.constant(5),
      type: fc.constant(none),
      id: fc.uint8Array({ maxLength: 6 }),
      payload: fc.uint8Array({ maxLength: 40 }),
    },
    plainObjects,
  ),
);
const records = fc.array(record, { minLength: 1, maxLength: 5 });

/** The same record in chunks of at most `size` bytes (NDEF 1.0 §2.3.3), written independently. */
function chunked(whole: NdefRecord, size: number, first: boolean, last: boolean): Uint8Array {
  const parts: Uint8Array[] = [];
  const count = Math.max(2, Math.ceil(whole.payload.length / size));
  for (let i = 0; i < count; i++) {
    const piece = whole.payload.slice(i * size, (i + 1) * size);
    const begins = i === 0;
    const ends = i === count - 1;
    const hasId = begins && whole.id.length > 0;
    const flags =
      (begins && first ? 0x80 : 0) |
      (ends && last ? 0x40 : 0) |
      (ends ? 0 : 0x20) |
      0x10 |
      (hasId ? 0x08 : 0) |
      (begins ? whole.tnf : 6);
    const head = [flags, begins ? whole.type.length : 0, piece.length];
    if (hasId) head.push(whole.id.length);
    parts.push(Uint8Array.from(head));
    if (begins) parts.push(whole.type, whole.id);
    parts.push(piece);
  }
  return concat(...parts);
}

describe("NDEF messages", () => {
  it("survive encoding and parsing", () => {
    fc.assert(
      fc.property(records, (list) => {
        assert.deepEqual(parseNdefMessage(encodeNdefMessage(list)), list);
      }),
    );
  });

  it("of chunked records come out whole", () => {
    const size = fc.integer({ min: 1, max: 60 });
    fc.assert(
      fc.property(records, size, (list, chunk) => {
        const chunkable = list.filter(({ tnf }) => tnf !== 0);
        fc.pre(chunkable.length > 0);
        const last = chunkable.length - 1;
        const message = chunkable.map((r, i) => chunked(r, chunk, i === 0, i === last));
        assert.deepEqual(parseNdefMessage(concat(...message)), chunkable);
      }),
    );
  });

  it("that are cut anywhere are refused", () => {
    fc.assert(
      fc.property(records, fc.nat(), (list, n) => {
        const message = encodeNdefMessage(list);
        const cut = message.slice(0, n % message.length);
        failsWith("ndef-malformed", () => parseNdefMessage(cut));
      }),
    );
  });

  it("with bytes behind the last record are refused", () => {
    const message = concat(encodeNdefMessage([uriRecord("https://a/")]), Uint8Array.of(0));
    failsWith("ndef-malformed", () => parseNdefMessage(message));
  });

  it("of random bytes give records or ndef-malformed, nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 256 }), (bytes) => {
        const code = failureOf(() => parseNdefMessage(bytes));
        assert.ok(code === undefined || code === "ndef-malformed");
      }),
    );
  });

  const wrong: [string, string][] = [
    ["no bytes at all", ""],
    ["a flag byte alone", "d1"],
    ["a payload of 4 GiB that is not there", "c101ffffffff55"],
    ["a payload of 2 GiB and one byte (a negative 32-bit number)", "c10180000001550061"],
    ["a payload one byte longer than the message", "d101035500"],
    ["a type longer than the message", "d1ff0055"],
    ["an ID longer than the message", "d90100ff55"],
    ["an ID flag but no length for it", "d90000"],
    ["no MB on the first record", "51010155" + "00"],
    ["MB on the second record", "91010155" + "00" + "d1010155" + "00"],
    ["no ME on the last record", "91010155" + "00"],
    ["an empty record with a type", "d0010055"],
    ["an empty record with a payload", "d0000161"],
    ["an unknown type that is named", "d5010155" + "61"],
    ["the reserved TNF 7", "d70000"],
    ["a middle chunk without a first", "d60001" + "61"],
    ["a first chunk that is also the end", "f1010155" + "61"],
    ["a chunk that never ends", "b1010155" + "61" + "360001" + "62"],
    ["a whole record in the middle of chunks", "b1010155" + "61" + "51010155" + "62"],
    ["a last chunk with a type", "b1010155" + "61" + "5601015562"],
    ["a last chunk with an ID", "b1010155" + "61" + "5e00010161" + "62"],
  ];
  for (const [what, hex] of wrong) {
    it(`with ${what} is refused`, () => {
      failsWith("ndef-malformed", () => parseNdefMessage(fromHex(hex)));
    });
  }

  it("of impossible records are a programming error", () => {
    assert.throws(() => encodeNdefMessage([]), RangeError);
    const odd = { tnf: 6, type: none, id: none, payload: none };
    assert.throws(() => encodeNdefMessage([odd]), RangeError);
    const type = new Uint8Array(256);
    assert.throws(() => encodeNdefMessage([{ tnf: 1, type, id: none, payload: none }]), RangeError);
  });
});

describe("the NDEF file", () => {
  it("is NLEN and message, whatever stands behind", () => {
    const message = encodeNdefMessage([uriRecord("https://a/")]);
    const file = concat(encodeNdefFile(message), new Uint8Array(40).fill(0xee));
    assert.deepEqual(parseNdefFile(file), message);
  });

  it("with NLEN zero is blank", () => {
    assert.equal(parseNdefFile(new Uint8Array(256)).length, 0);
  });

  it("with an NLEN beyond its end is refused", () => {
    failsWith("ndef-malformed", () => parseNdefFile(fromHex("0004d10000")));
    failsWith("ndef-malformed", () => parseNdefFile(fromHex("ffffd10000")));
    failsWith("ndef-malformed", () => parseNdefFile(fromHex("00")));
    failsWith("ndef-malformed", () => parseNdefFile(none));
  });

  it("cannot hold more than its length field can say", () => {
    assert.throws(() => encodeNdefFile(new Uint8Array(0xffff)), RangeError);
  });
});

describe("URI records", () => {
  it("encode as in NFC Forum URI RTD 1.0 annex A.1", () => {
    const message = encodeNdefMessage([uriRecord("http://www.nfc.com")]);
    assert.equal(toHex(message), "d1010855016e66632e636f6d");
  });

  it("read the file of AN12196 r1.8 Table 18", () => {
    const file = fromHex(
      "0051d1014d550463686f6f73652e75726c2e636f6d2f6e7461673432343f653d3030303030303030" +
        "30303030303030303030303030303030303030303030303026633d30303030303030303030303030" +
        "303030",
    );
    const [uri] = parseNdefMessage(parseNdefFile(file));
    const zeros = "0".repeat(32);
    const url = `https://choose.url.com/ntag424?e=${zeros}&c=${zeros.slice(16)}`;
    assert.equal(uriOfRecord(uri!), url);
    assert.deepEqual(encodeNdefFile(encodeNdefMessage([uriRecord(url)])), file);
  });

  it("know the 36 prefixes of URI RTD 1.0 Table 3", () => {
    assert.equal(URI_PREFIXES.length, 0x24);
    const codes: [number, string][] = [
      [0x00, ""],
      [0x01, "http://www."],
      [0x02, "https://www."],
      [0x03, "http://"],
      [0x04, "https://"],
      [0x05, "tel:"],
      [0x06, "mailto:"],
      [0x0d, "ftp://"],
      [0x13, "urn:"],
      [0x1d, "file://"],
      [0x22, "urn:epc:"],
      [0x23, "urn:nfc:"],
    ];
    for (const [code, prefix] of codes) assert.equal(URI_PREFIXES[code], prefix);
  });

  it("survive encoding and parsing, with every prefix", () => {
    const prefix = fc.constantFrom(...URI_PREFIXES);
    fc.assert(
      fc.property(prefix, fc.string({ maxLength: 40 }), (start, rest) => {
        const uri = start + rest;
        assert.equal(uriOfRecord(uriRecord(uri)), uri);
        const { payload } = uriRecord(uri);
        const saved = toUtf8(uri).length + 1 - payload.length;
        assert.ok(saved >= start.length, "the longest prefix is used");
      }),
    );
  });

  it("hold any character", () => {
    const uri = "https://lätchkey.example/\u{1f511}?\u0000";
    assert.equal(uriOfRecord(uriRecord(uri)), uri);
  });

  it("of another kind are no URI", () => {
    const payload = Uint8Array.of(4, 0x61);
    const type = Uint8Array.of(0x54);
    assert.equal(uriOfRecord({ tnf: 1, type, id: none, payload }), undefined);
    const u = Uint8Array.of(0x55);
    assert.equal(uriOfRecord({ tnf: 2, type: u, id: none, payload }), undefined);
  });

  it("without a prefix code, with an unknown one or with bad UTF-8 are refused", () => {
    const type = Uint8Array.of(0x55);
    for (const hex of ["", "2461", "ff61", "04c0af", "04eda080"]) {
      const uri = { tnf: 1, type, id: none, payload: fromHex(hex) };
      failsWith("ndef-malformed", () => uriOfRecord(uri));
    }
  });
});
