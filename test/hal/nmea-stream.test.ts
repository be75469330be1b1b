import assert from "node:assert/strict";
import fc from "fast-check";
import { FixBuilder } from "../../hal/sensors/nmea/fix-builder.ts";
import {
  type ReceiverFrame,
  ReceiverStream,
  SENTENCE_CHARS_MAX,
} from "../../hal/sensors/nmea/receiver-stream.ts";
import { nmeaChecksum, nmeaLine, parseSentence } from "../../hal/sensors/nmea/sentence.ts";
import { cfgMsg, ubxFrame } from "../../hal/sensors/ubx.ts";
import { concat } from "../../protocol/encoding/bytes.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { RECORDING } from "./nmea-recording.ts";

const bytesOf = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** 2025-01-01. */
const NOT_BEFORE = 1_735_689_600;

function fateOf(frame: ReceiverFrame): string {
  if (frame.kind === "damaged") return frame.damage;
  if (frame.kind === "ubx") return `ubx ${frame.messageClass} ${frame.messageId}`;
  return parseSentence(frame.text)?.type ?? frame.text.split(",")[0]!;
}

/** What becomes of bytes that arrive in these pieces. */
function fatesOf(...pieces: readonly Uint8Array[]): { fates: string[]; noise: number } {
  const fates: string[] = [];
  const stream = new ReceiverStream((frame) => fates.push(fateOf(frame)));
  for (const piece of pieces) stream.push(piece);
  return { fates, noise: stream.noiseBytes };
}

/** Cuts at these places, in whatever order they come. */
function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length];
  ends.sort((a, b) => a - b);
  return ends.map((end, i) => bytes.slice(i === 0 ? 0 : ends[i - 1], end));
}

describe("The stream of a receiver", () => {
  const whole = concat(...RECORDING.map(([text]) => bytesOf(text)));

  it("makes of every piece of the recording what must become of it", () => {
    const fates: string[] = [];
    let noise = 0;
    for (const [, expected] of RECORDING) {
      for (const fate of expected) {
        if (fate.startsWith("noise ")) noise += Number(fate.slice(6));
        else fates.push(fate);
      }
    }
    assert.deepEqual(fatesOf(whole), { fates, noise });
  });

  it("finds the positions of the recording, and no others", () => {
    const found: string[] = [];
    const builder = new FixBuilder({
      notBefore: NOT_BEFORE,
      onFix: (fix) => {
        const { latitude, longitude, altitude, hdop, satellites, quality, time, timeDoubt } = fix;
        const place = `${latitude.toFixed(5)} ${longitude.toFixed(5)} ${altitude}`;
        found.push(`${place} ${hdop} ${satellites} ${quality} ${time ?? timeDoubt}`);
      },
      onNoFix: ({ quality, satellites, contradiction }) =>
        found.push(`none ${quality} ${satellites} ${contradiction}`),
    });
    const stream = new ReceiverStream((frame) => {
      const sentence = frame.kind === "nmea" ? parseSentence(frame.text) : undefined;
      if (sentence !== undefined) builder.push(sentence);
    });
    stream.push(whole);
    assert.deepEqual(found, [
      "none 0 0 false",
      "none 0 0 false",
      "none 0 0 false",
      "47.28523 8.56527 undefined 4.87 3 1 1762356720",
      "47.28523 8.56527 499.6 1.01 8 1 1762356721",
      "none 1 9 true",
      "47.28523 8.56527 499.6 1.01 8 1 1762356725",
      "47.28523 8.56527 499.6 1.01 8 1 1762356726",
      "47.28523 8.56527 499.6 1.01 8 2 1762356728",
      "47.28523 8.56527 499.6 1.01 8 1 week-rollover",
      "none 6 0 false",
      "-47.28523 -8.56527 -12.3 1.01 8 1 1762356732",
    ]);
  });

  it("gives the same whatever way the recording is cut", () => {
    const expected = fatesOf(whole);
    const places = fc.array(fc.nat(whole.length), { maxLength: 40 });
    const property = fc.property(places, (cuts) => {
      assert.deepEqual(fatesOf(...cutAt(whole, cuts)), expected);
    });
    fc.assert(property, { numRuns: 15 });
    assert.deepEqual(fatesOf(...[...whole].map((byte) => Uint8Array.of(byte))), expected);
  });

  /** Anything, and what comes near to sentences and messages. */
  const soup = fc
    .array(
      fc.oneof(
        fc.uint8Array({ maxLength: 30 }),
        fc.constantFrom(...RECORDING.map(([text]) => bytesOf(text))),
        fc.constantFrom("$", "*", "\r\n", "$GP", ",", "*4", "\xb5\x62", "\xb5").map(bytesOf),
        fc
          .uint8Array({ maxLength: 40 })
          .map((payload) => ubxFrame({ messageClass: 1, messageId: 2, payload })),
      ),
      { maxLength: 12 },
    )
    .map((parts) => concat(...parts));

  it("lets of any bytes in any pieces only checked sentences through", () => {
    const property = fc.property(soup, fc.array(fc.nat(400), { maxLength: 8 }), (bytes, cuts) => {
      const frames: ReceiverFrame[] = [];
      const stream = new ReceiverStream((frame) => frames.push(frame));
      for (const piece of cutAt(bytes, cuts)) stream.push(piece);
      const text = String.fromCharCode(...bytes);
      for (const frame of frames) {
        if (frame.kind !== "nmea") continue;
        // What comes out stood in the line, with its checksum behind it.
        const sum = nmeaChecksum(toUtf8(frame.text)).toString(16).padStart(2, "0");
        assert.ok(text.toLowerCase().includes(`$${frame.text.toLowerCase()}*${sum}`), frame.text);
        assert.ok(frame.text.length <= SENTENCE_CHARS_MAX);
        assert.match(frame.text, /^[ -~]*$/);
      }
      assert.deepEqual(fatesOf(...cutAt(bytes, cuts)), fatesOf(bytes));
    });
    fc.assert(property, { numRuns: 150 });
  });

  /** The recording with bits flipped, bytes lost and bytes doubled. */
  const hurt = (faults: readonly { at: number; kind: string; bit: number }[]): Uint8Array => {
    const out: number[] = [];
    for (let at = 0; at < whole.length; at++) {
      const byte = whole[at]!;
      const fault = faults.find((one) => one.at === at);
      if (fault?.kind === "drop") continue;
      out.push(fault?.kind === "flip" ? byte ^ (1 << fault.bit) : byte);
      if (fault?.kind === "double") out.push(byte);
    }
    return Uint8Array.from(out);
  };

  it("never makes up a position, whatever becomes of the recording on its way", () => {
    const fault = fc.record({
      at: fc.nat(whole.length - 1),
      kind: fc.constantFrom("flip", "drop", "double"),
      bit: fc.nat(7),
    });
    const property = fc.property(fc.array(fault, { maxLength: 40 }), (faults) => {
      const builder = new FixBuilder({
        notBefore: NOT_BEFORE,
        onFix: ({ latitude, longitude }) => {
          const south = Math.abs(Math.abs(latitude) - 47.28523);
          const east = Math.abs(Math.abs(longitude) - 8.56527);
          assert.ok(south < 2e-4 && east < 2e-4, `${latitude} ${longitude}`);
          assert.equal(latitude < 0, longitude < 0);
        },
        onNoFix: () => {},
      });
      const stream = new ReceiverStream((frame) => {
        const sentence = frame.kind === "nmea" ? parseSentence(frame.text) : undefined;
        if (sentence !== undefined) builder.push(sentence);
      });
      stream.push(hurt(faults));
    });
    fc.assert(property, { numRuns: 30 });
  });

  it("hears a sentence that follows anything within the longest message's length", () => {
    const line = nmeaLine("GPTXT,01,01,02,HERE");
    const property = fc.property(soup, (bytes) => {
      const filler = new Uint8Array(264).fill(32);
      const { fates } = fatesOf(bytes, filler, line);
      assert.equal(fates.at(-1), "TXT");
    });
    fc.assert(property, { numRuns: 150 });
  });

  it("takes a longer UBX message than it holds for none, and goes on behind its start", () => {
    const long = ubxFrame({ messageClass: 1, messageId: 0x30, payload: new Uint8Array(257) });
    const line = nmeaLine("GPTXT,01,01,02,HERE");
    assert.deepEqual(fatesOf(concat(long, line)), { fates: ["TXT"], noise: 265 });
    const held = ubxFrame({ messageClass: 1, messageId: 0x30, payload: new Uint8Array(256) });
    assert.deepEqual(fatesOf(concat(held, line)), { fates: ["ubx 1 48", "TXT"], noise: 0 });
    assert.deepEqual(fatesOf(ubxFrame(cfgMsg("GLL", 0))).fates, ["ubx 6 1"]);
  });
});
