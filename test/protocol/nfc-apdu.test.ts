import assert from "node:assert/strict";
import fc from "fast-check";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import {
  type CommandApdu,
  encodeCommand,
  encodeResponse,
  parseCommand,
  parseResponse,
} from "../../protocol/nfc/apdu.ts";
import { crcA, hasCrcA, withCrcA } from "../../protocol/nfc/crc-a.ts";
import { cardStatusError, expectStatus, statusWordName } from "../../protocol/nfc/status-word.ts";
import { failsWith, failureOf, flipBit } from "./nfc-expect.ts";

const byte = fc.integer({ min: 0, max: 255 });
const command = fc.record(
  {
    cla: byte,
    ins: byte,
    p1: byte,
    p2: byte,
    data: fc.uint8Array({ minLength: 1, maxLength: 255 }),
    le: fc.integer({ min: 1, max: 256 }),
  },
  { requiredKeys: ["cla", "ins", "p1", "p2"], noNullPrototype: true },
);

describe("command APDUs", () => {
  it("have the four short cases of ISO/IEC 7816-4 §5.1", () => {
    const cases: [string, CommandApdu][] = [
      ["00a40000", { cla: 0, ins: 0xa4, p1: 0, p2: 0 }],
      ["00b0820020", { cla: 0, ins: 0xb0, p1: 0x82, p2: 0, le: 32 }],
      ["00b0820000", { cla: 0, ins: 0xb0, p1: 0x82, p2: 0, le: 256 }],
      ["00a4000c02e104", { cla: 0, ins: 0xa4, p1: 0, p2: 0x0c, data: Uint8Array.of(0xe1, 4) }],
      ["903c0000010000", { cla: 0x90, ins: 0x3c, p1: 0, p2: 0, data: Uint8Array.of(0), le: 256 }],
    ];
    for (const [hex, apdu] of cases) {
      assert.equal(toHex(encodeCommand(apdu)), hex);
      assert.deepEqual(parseCommand(fromHex(hex)), apdu);
    }
  });

  it("survive encoding and parsing", () => {
    fc.assert(
      fc.property(command, (apdu) => {
        assert.deepEqual(parseCommand(encodeCommand(apdu)), apdu);
      }),
    );
  });

  it("of random bytes are refused with apdu-malformed or encode to the same bytes again", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const code = failureOf(() => {
          assert.deepEqual(encodeCommand(parseCommand(bytes)), bytes);
        });
        assert.ok(code === undefined || code === "apdu-malformed");
      }),
    );
  });

  it("with an Lc that does not fit what follows are refused", () => {
    fc.assert(
      fc.property(byte, fc.uint8Array({ maxLength: 260 }), (lc, rest) => {
        fc.pre(rest.length > 0 && (lc === 0 || (rest.length !== lc && rest.length !== lc + 1)));
        const bytes = Uint8Array.of(0, 0xb0, 0, 0, lc, ...rest);
        failsWith("apdu-malformed", () => parseCommand(bytes));
      }),
    );
  });

  it("of extended length are refused", () => {
    failsWith("apdu-malformed", () => parseCommand(fromHex("00b00000000100")));
    failsWith("apdu-malformed", () => parseCommand(fromHex("00d60000000002aabb")));
  });

  it("that cannot exist are a programming error", () => {
    const header = { cla: 0, ins: 0xb0, p1: 0, p2: 0 };
    assert.throws(() => encodeCommand({ ...header, le: 0 }), RangeError);
    assert.throws(() => encodeCommand({ ...header, le: 257 }), RangeError);
    assert.throws(() => encodeCommand({ ...header, p1: 256 }), RangeError);
    assert.throws(() => encodeCommand({ ...header, data: new Uint8Array(256) }), RangeError);
  });

  it("give copies, so that a reused receive buffer changes nothing", () => {
    const bytes = fromHex("00a4000c02e104");
    const { data } = parseCommand(bytes);
    bytes.fill(0xff);
    assert.deepEqual(data, Uint8Array.of(0xe1, 0x04));
  });
});

describe("response APDUs", () => {
  it("survive encoding and parsing", () => {
    const sw = fc.integer({ min: 0, max: 0xffff });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 256 }), sw, (data, word) => {
        const response = { data, sw: word };
        assert.deepEqual(parseResponse(encodeResponse(response)), response);
      }),
    );
  });

  it("without a status word, or too long for a short answer, are refused", () => {
    for (const length of [0, 1, 259, 1000])
      failsWith("apdu-malformed", () => parseResponse(new Uint8Array(length)));
  });

  it("that cannot exist are a programming error", () => {
    assert.throws(() => encodeResponse({ data: new Uint8Array(257), sw: 0x9000 }), RangeError);
    assert.throws(() => encodeResponse({ data: new Uint8Array(0), sw: 0x10000 }), RangeError);
  });
});

describe("status words", () => {
  it("have the names of NT4H2421Gx Tables 23 and 24", () => {
    assert.equal(statusWordName(0x9000), "ok");
    assert.equal(statusWordName(0x6a82), "file-not-found");
    assert.equal(statusWordName(0x6982), "security-status-not-satisfied");
    assert.equal(statusWordName(0x91ad), "authentication-delay");
    assert.equal(statusWordName(0x91be), "boundary-error");
  });

  it("have a name even when they are strangers", () => {
    assert.equal(statusWordName(0x6c20), "wrong-le-field");
    assert.equal(statusWordName(0x6110), "more-data-available");
    assert.equal(statusWordName(0x1234), "unknown-status-word");
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff }), (sw) => {
        assert.match(statusWordName(sw), /^[a-z0-9]+(-[a-z0-9]+)*$/);
      }),
    );
  });

  it("become a typed error that says which, and of which command", () => {
    const error = cardStatusError(0x6982, "ISOReadBinary");
    assert.ok(error instanceof LatchkeyError);
    assert.equal(error.code, "card-status");
    const name = "security-status-not-satisfied";
    assert.deepEqual(error.detail, { sw: "6982", name, instruction: "ISOReadBinary" });
  });

  it("other than the expected one are an error", () => {
    const data = Uint8Array.of(1);
    assert.equal(expectStatus({ data, sw: 0x9100 }, 0x9100, "ReadData"), data);
    failsWith("card-status", () => expectStatus({ data, sw: 0x9000 }, 0x9100, "ReadData"));
  });
});

describe("CRC_A", () => {
  it("gives the values of ISO/IEC 14443-3 annex B", () => {
    assert.equal(toHex(withCrcA(fromHex("0000"))), "0000a01e");
    assert.equal(toHex(withCrcA(fromHex("1234"))), "123426cf");
  });

  it("finds every single flipped bit", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.nat(), (data, n) => {
        const frame = withCrcA(data);
        assert.equal(hasCrcA(frame), true);
        assert.equal(hasCrcA(flipBit(frame, n % (frame.length * 8))), false);
      }),
    );
  });

  it("is no CRC without data", () => {
    assert.equal(crcA(new Uint8Array(0)), 0x6363);
    assert.equal(hasCrcA(Uint8Array.of(0x63, 0x63)), false);
  });
});
