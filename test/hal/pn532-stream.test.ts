import assert from "node:assert/strict";
import fc from "fast-check";
import { FRAME_BYTES_MAX, parseFrame } from "../../hal/pn532/frame.ts";
import { FrameStream } from "../../hal/pn532/frame-stream.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { reply, VERSION_OK } from "./driver-bench.ts";
import { ACK, NACK } from "./scripted-chip.ts";

/** All that a stream makes of these pieces. */
function read(...pieces: readonly Uint8Array[]) {
  const stream = new FrameStream();
  const found = [];
  for (const piece of pieces) {
    stream.push(piece);
    for (let next = stream.next(); next !== undefined; next = stream.next()) found.push(next);
  }
  return { stream, found };
}

const kinds = (hex: string) =>
  read(fromHex(hex)).found.map((one) => (typeof one === "string" ? one : one.kind));

describe("frames in a stream of bytes", () => {
  it("are found wherever the stream is cut and whatever the padding is", () => {
    const frame = fc.oneof(
      fc.constantFrom(ACK, NACK, VERSION_OK, "0000ff01ff7f8100"),
      fc.uint8Array({ maxLength: 263 }).map((data) => reply(0x40, toHex(data))),
    );
    const padding = fc.nat(5).map((zeros) => "00".repeat(zeros));
    const stream = fc.array(fc.tuple(padding, frame), { maxLength: 6 });
    const property = fc.property(
      stream,
      fc.infiniteStream(fc.integer({ min: 1, max: 50 })),
      (all, cuts) => {
        const bytes = fromHex(all.map(([zeros, hex]) => zeros + hex).join(""));
        const pieces: Uint8Array[] = [];
        for (let at = 0; at < bytes.length; ) {
          const size = cuts.next().value;
          pieces.push(bytes.subarray(at, at + size));
          at += size;
        }
        const { found, stream } = read(...pieces);
        assert.deepEqual(
          found,
          all.map(([, hex]) => parseFrame(fromHex(hex))),
        );
        assert.equal(stream.noisy, false);
      },
    );
    fc.assert(property, { numRuns: 150 });
  });

  it("are found without their preamble, and behind a lost postamble", () => {
    assert.deepEqual(kinds(ACK.slice(2) + VERSION_OK.slice(2)), ["ack", "reply"]);
    assert.deepEqual(kinds(VERSION_OK.slice(0, -2) + ACK), ["reply", "ack"]);
  });

  it("are found behind noise, which is remembered", () => {
    const { found, stream } = read(fromHex(`ff13370000ff12340000ff0000${VERSION_OK}`));
    assert.equal(found.length, 1);
    assert.equal(stream.noisy, true);
    stream.clear();
    assert.equal(stream.noisy, false);
  });

  it("are damaged as a whole: no frame is looked for in the data of a bad one", () => {
    const inside = reply(0x40, `00${VERSION_OK}`);
    const bad = fromHex(inside);
    bad[bad.length - 2]! ^= 1;
    assert.deepEqual(kinds(toHex(bad) + ACK), ["damaged", "ack"]);
  });

  it("that do not end are damaged once nobody expects more", () => {
    const { found, stream } = read(fromHex(VERSION_OK.slice(0, -6)));
    assert.deepEqual(found, []);
    assert.equal(stream.unfinished, true);
    assert.equal(stream.giveUp(), "damaged");
    assert.equal(stream.unfinished, false);
    const header = read(fromHex("0000ff12")).stream;
    assert.equal(header.giveUp(), undefined);
    assert.equal(header.noisy, true);
  });

  it("any bytes give frames or none: nothing is thrown, nothing is kept for ever", () => {
    const soup = fc.array(
      fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.constantFrom("0000ff", ACK).map(fromHex)),
      { maxLength: 20 },
    );
    const property = fc.property(soup, (pieces) => {
      const { stream } = read(...pieces);
      for (let i = 0; stream.unfinished; i++) {
        assert.ok(i < 4 * FRAME_BYTES_MAX, "does not empty");
        stream.giveUp();
      }
    });
    fc.assert(property, { numRuns: 150 });
  });
});
