import assert from "node:assert/strict";
import fc from "fast-check";
import { COMMAND, parseFirmwareVersion, parseTargets } from "../../hal/pn532/commands.ts";
import {
  ackFrame,
  encodeCommandFrame,
  FRAME_BYTES_MAX,
  FRAME_DATA_MAX,
  frameBytes,
  frameSize,
  nackFrame,
  parseFrame,
} from "../../hal/pn532/frame.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";

/** Turns a command frame into the reply frame of the same size: D4 → D5, code + 1. */
function replyFrame(code: number, data: Uint8Array): Uint8Array {
  const frame = encodeCommandFrame(code, data);
  const tfi = data.length + 2 > 255 ? 8 : 5;
  frame[tfi] = 0xd5;
  const dcs = frame.length - 2;
  frame[dcs] = frame[dcs]! - 1;
  return frame;
}

const reason = (wanted: string) => (error: unknown) =>
  isLatchkeyError(error, "pn532-frame") && error.detail["reason"] === wanted;

describe("PN532 frames", () => {
  // Published exchange of libnfc 1.8.0 with a PN532.
  const commands: readonly (readonly [number, string, string])[] = [
    [COMMAND.SAMConfiguration, "01", "0000ff03fdd414011700"],
    [COMMAND.Diagnose, "006c69626e6663", "0000ff09f7d400006c69626e6663be00"],
    [COMMAND.GetFirmwareVersion, "", "0000ff02fed4022a00"],
    [COMMAND.SetParameters, "14", "0000ff03fdd412140600"],
    [COMMAND.RFConfiguration, "0100", "0000ff04fcd4320100f900"],
    [COMMAND.InListPassiveTarget, "0100", "0000ff04fcd44a0100e100"],
  ];
  for (const [command, data, frame] of commands) {
    it(`command ${command.toString(16)} has the bytes that libnfc sends`, () => {
      assert.equal(toHex(encodeCommandFrame(command, fromHex(data))), frame);
    });
  }

  it("the replies of that exchange are understood", () => {
    const version = parseFrame(fromHex("0000ff06fad50332010607e800"));
    assert.ok(version.kind === "reply" && version.code === 0x03);
    assert.deepEqual(parseFirmwareVersion(version.data), { ic: 0x32, version: "1.6", support: 7 });
    const sam = parseFrame(fromHex("0000ff02fed5151600"));
    assert.ok(sam.kind === "reply" && sam.code === 0x15 && sam.data.length === 0);
    const list = parseFrame(
      fromHex("0000ff15ebd54b010103442007" + "04518dfaa96180" + "067777710280" + "2300"),
    );
    assert.ok(list.kind === "reply");
    const [target] = parseTargets(list.data);
    assert.equal(target?.atqa, 0x0344);
    assert.equal(target?.sak, 0x20);
    assert.equal(toHex(target!.uid), "04518dfaa96180");
    assert.equal(toHex(target!.ats), "067777710280");
  });

  it("ACK, NACK and the error frame are told apart", () => {
    assert.equal(parseFrame(ackFrame()).kind, "ack");
    assert.equal(parseFrame(nackFrame()).kind, "nack");
    assert.equal(parseFrame(fromHex("0000ff01ff7f8100")).kind, "error");
  });

  it("each kind of damage has its own reason", () => {
    const parse = (hex: string) => () => parseFrame(fromHex(hex));
    assert.throws(parse("0000ff02fe"), reason("truncated"));
    assert.throws(parse("0100ff02fed5151600"), reason("start-code"));
    assert.throws(parse("0000fe02fed5151600"), reason("start-code"));
    assert.throws(parse("0000ff02ffd5151600"), reason("length-checksum"));
    assert.throws(parse("0000ff0000d5151600"), reason("length"));
    assert.throws(parse("0000ff02fed5151700"), reason("data-checksum"));
    assert.throws(parse("0000ff02fed5151601"), reason("postamble"));
    assert.throws(parse("0000ff02fed4151700"), reason("direction"));
    assert.throws(parse("0000ff01ffd52b00"), reason("length"));
    assert.throws(parse("0000ff02fed51516"), reason("truncated"));
    assert.throws(parse("0000ffffff010af6"), reason("length-checksum"));
    assert.throws(parse("0000ffffff010af5"), reason("length"), "266 is beyond the chip's buffer");
    assert.throws(parse("0000ffffff000000"), reason("length"));
    assert.throws(parse("0000ffffff01"), reason("truncated"));
  });

  it("what follows the frame is ignored, as it is filler", () => {
    const frame = parseFrame(fromHex("0000ff02fed5151600ffffff"));
    assert.ok(frame.kind === "reply" && frame.code === 0x15);
  });

  it("frames grow to the extended form exactly where the length byte ends", () => {
    assert.equal(encodeCommandFrame(0x40, new Uint8Array(253)).length, 262);
    assert.equal(encodeCommandFrame(0x40, new Uint8Array(254)).length, 266);
    assert.equal(frameBytes(FRAME_DATA_MAX), FRAME_BYTES_MAX);
    assert.throws(() => encodeCommandFrame(0x40, new Uint8Array(FRAME_DATA_MAX + 1)), RangeError);
  });

  it("every frame that is built is understood again, normal and extended", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xfe }),
        fc.uint8Array({ maxLength: FRAME_DATA_MAX }),
        (code, data) => {
          const bytes = replyFrame(code, data);
          assert.equal(bytes.length, frameBytes(data.length));
          assert.equal(frameSize(bytes.subarray(0, 9)), bytes.length);
          const frame = parseFrame(bytes);
          assert.ok(frame.kind === "reply");
          assert.equal(frame.code, code);
          assert.deepEqual(frame.data, data);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("a frame cut short anywhere is refused", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 270 - 8 }), fc.nat(300), (data, cut) => {
        const bytes = replyFrame(0x40, data);
        const short = bytes.subarray(0, cut % bytes.length);
        assert.throws(() => parseFrame(short), reason("truncated"));
      }),
      { numRuns: 200 },
    );
  });

  it("no single flipped bit gets through as a different reply", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 262 }), fc.nat(), (data, where) => {
        const good = replyFrame(0x40, data);
        const bad = good.slice();
        const bit = where % (8 * bad.length);
        bad[bit >> 3]! ^= 1 << (bit & 7);
        try {
          const frame = parseFrame(bad);
          assert.notEqual(frame.kind, "reply");
        } catch (error) {
          assert.ok(isLatchkeyError(error, "pn532-frame"));
        }
      }),
      { numRuns: 200 },
    );
  });

  it("random bytes give a frame or the typed error, and never reach beyond the buffer", () => {
    const start = fc.uint8Array({ maxLength: 300 });
    const likely = fc
      .tuple(fc.constantFrom("0000ff", "0000ffffff", "0000ff01"), start)
      .map(([head, tail]) => {
        const out = new Uint8Array(head.length / 2 + tail.length);
        out.set(fromHex(head));
        out.set(tail, head.length / 2);
        return out;
      });
    fc.assert(
      fc.property(fc.oneof(start, likely), (bytes) => {
        const size = frameSize(bytes);
        assert.ok(size === undefined || (size >= 6 && size <= FRAME_BYTES_MAX));
        try {
          parseFrame(bytes);
        } catch (error) {
          assert.ok(isLatchkeyError(error, "pn532-frame"));
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("PN532 target lists", () => {
  it("two targets, one of them without ATS", () => {
    const targets = parseTargets(
      fromHex("02" + "01034420" + "07" + "04518dfaa96180" + "067777710280" + "02000408041234abcd"),
    );
    assert.equal(targets.length, 2);
    assert.equal(targets[1]?.tg, 2);
    assert.equal(targets[1]?.sak, 0x08);
    assert.equal(toHex(targets[1]!.uid), "1234abcd");
    assert.equal(targets[1]?.ats.length, 0);
  });

  it("random bytes give targets that lie within them, or the typed error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (data) => {
        try {
          for (const { uid, ats } of parseTargets(data)) {
            assert.ok([4, 7, 10].includes(uid.length));
            assert.ok(uid.length + ats.length < data.length);
          }
        } catch (error) {
          assert.ok(isLatchkeyError(error, "pn532-frame"));
        }
      }),
      { numRuns: 300 },
    );
  });
});
