import assert from "node:assert/strict";
import fc from "fast-check";
import {
  parseStoredReading,
  type StoredReading,
  writeStoredReading,
} from "../../firmware/sensor/stored-reading.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";

const ROOM: StoredReading = {
  time: { unix: 1_781_005_327 },
  fields: { temperature: 24.3, humidity: 58.1, pressure: 1013.2 },
};

const uid = fc.uint8Array({ minLength: 4, maxLength: 10 }).map(toHex);
const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/);
const scaled = (max: number, scale: number) =>
  fc.integer({ min: -max * scale, max: max * scale }).map((value) => value / scale);

const readings: fc.Arbitrary<StoredReading> = fc.record(
  {
    time: fc.oneof(fc.record({ unix: fc.nat(2 ** 31) }), fc.record({ uptime: fc.nat(2 ** 31) })),
    fields: fc.record(
      {
        temperature: scaled(125, 100),
        humidity: scaled(100, 100),
        pressure: scaled(1250, 100),
        motion: fc.boolean(),
        lat: scaled(90, 1e7),
        lon: scaled(180, 1e7),
        altitude: scaled(50_000, 10),
        voltage: scaled(300, 1000),
        current: scaled(100, 10_000),
        power: scaled(30_000, 1000),
        badge_uid: uid,
        granted: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
    reason: word,
    named: fc.dictionary(word, fc.double({ noNaN: true, noDefaultInfinity: true }), { maxKeys: 4 }),
    faults: fc.array(fc.record({ sensor: word, code: word, count: fc.nat() }), { maxLength: 4 }),
  },
  { requiredKeys: ["time", "fields"] },
);

describe("a reading in flash", () => {
  it("takes a few bytes, in a form that stays", () => {
    const bytes = writeStoredReading(ROOM);
    // version, time is known, 2026-06-09 11:42:07, three fields
    assert.equal(toHex(bytes), "01010ffc276a07007e090000b2160000c88b0100");
    assert.deepEqual(parseStoredReading(bytes), ROOM);
  });

  it("comes back as it was", () => {
    fc.assert(
      fc.property(readings, (reading) => {
        const back = parseStoredReading(writeStoredReading(reading));
        // Text, so that -0 is 0 as on the wire.
        assert.deepEqual(JSON.parse(JSON.stringify(back)), JSON.parse(JSON.stringify(reading)));
      }),
    );
  });

  it("is refused with a code when a byte of it is missing, too much or another one", () => {
    const typed = (bytes: Uint8Array) => {
      try {
        parseStoredReading(bytes);
      } catch (error) {
        assert.ok(error instanceof LatchkeyError, String(error));
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), typed));
    fc.assert(
      fc.property(readings, fc.nat(), fc.nat(255), (reading, at, byte) => {
        const bytes = writeStoredReading(reading);
        typed(bytes.subarray(0, at % bytes.length));
        bytes[at % bytes.length] = byte;
        typed(bytes);
      }),
    );
    const longer = Uint8Array.of(...writeStoredReading(ROOM), 0);
    assert.throws(() => parseStoredReading(longer), { code: "storage-corrupt" });
  });

  it("of a newer firmware is told apart from a damaged one", () => {
    assert.throws(() => parseStoredReading(Uint8Array.of(2)), { code: "unsupported-version" });
  });

  it("holds no number that is none", () => {
    for (const temperature of [Number.NaN, Number.POSITIVE_INFINITY, 1e12])
      assert.throws(() => writeStoredReading({ ...ROOM, fields: { temperature } }), RangeError);
  });
});
