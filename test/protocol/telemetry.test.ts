import assert from "node:assert/strict";
import fc from "fast-check";
import { type JsonObject, type JsonReader, parseObject } from "../../protocol/json/reader.ts";
import { outOfRange, QUANTITIES, RANGES } from "../../protocol/telemetry/ranges.ts";
import {
  parseSensorData,
  parseSensorDataAnswer,
  READINGS_MAX,
  type SensorData,
  type SensorReading,
  writeSensorData,
  writeSensorDataAnswer,
} from "../../protocol/telemetry/sensor-data.ts";
import { parseUpdatedAt, writeUpdatedAt } from "../../protocol/telemetry/updated-at.ts";
import { parses, throwsCode } from "./error-code.ts";
import { filled } from "./nfc-expect.ts";

const node = {
  nodeUid: "22222222-2222-4222-8222-222222222222",
  tenantId: "11111111-1111-4111-8111-111111111111",
  nodeType: "sensor",
  logId: filled(8, 0x10),
};
/** 2026-06-09 11:42:07 UTC. */
const NOON = 1_781_005_327;

const read = (body: object): JsonReader => parseObject(JSON.stringify(body));
const reading = (change: Partial<SensorReading> = {}): SensorReading => ({
  seq: 1,
  updatedAt: NOON,
  fields: { temperature: 24.3, humidity: 58.1, pressure: 1013.2 },
  ...change,
});
const written = (...readings: SensorReading[]): JsonObject =>
  writeSensorData({ ...node, readings });

describe("telemetry: updated_at", () => {
  for (const [text, unix] of [
    ["1970-01-01 00:00:00", 0],
    ["1972-02-29 12:00:00", 68_212_800],
    ["1999-12-31 23:59:59", 946_684_799],
    ["2000-02-29 00:00:00", 951_782_400],
    ["2026-06-09 11:42:07", NOON],
    ["2100-02-28 23:59:59", 4_107_542_399],
    ["2100-03-01 00:00:00", 4_107_542_400],
    ["9999-12-31 23:59:59", 253_402_300_799],
  ] as const)
    it(`${text} is ${unix}, and back`, () => {
      assert.equal(parseUpdatedAt(text), unix);
      assert.equal(writeUpdatedAt(unix), text);
    });

  it("any second comes back as itself", () => {
    const second = fc.integer({ min: 0, max: 253_402_300_799 });
    fc.assert(fc.property(second, (unix) => parseUpdatedAt(writeUpdatedAt(unix)) === unix));
  });

  for (const text of [
    ...["2026-02-29 00:00:00", "2100-02-29 00:00:00", "2026-04-31 00:00:00"],
    ...["2026-00-10 00:00:00", "2026-13-10 00:00:00", "2026-01-00 00:00:00"],
    ...["2026-01-01 24:00:00", "2026-01-01 23:60:00", "2026-12-31 23:59:60"],
    ...["1969-12-31 23:59:59", "0000-00-00 00:00:00", "2026-1-1 0:0:0"],
    ...["2026-06-09T11:42:07", "2026-06-09 11:42:07Z", " 2026-06-09 11:42:07", "", "now"],
  ])
    it(`"${text}" is no time`, () => {
      throwsCode(() => parseUpdatedAt(text), "malformed", "updated_at");
    });

  it("does not write what is not a time", () => {
    for (const unix of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 253_402_300_800])
      throwsCode(() => writeUpdatedAt(unix), "malformed", "updated_at");
  });
});

describe("telemetry: ranges", () => {
  it("hold their ends and nothing beyond, nor what is not a number", () => {
    for (const name of QUANTITIES) {
      const { min, max } = RANGES[name];
      for (const good of [min, max, (min + max) / 2])
        assert.equal(outOfRange({ [name]: good }), undefined, `${name} ${good}`);
      for (const bad of [min - 0.001, max + 0.001, 1e308, -1e308, Number.NaN, Infinity])
        assert.equal(outOfRange({ [name]: bad }), name, `${name} ${bad}`);
    }
  });

  it("hold for a named sensor by its quantity, and loosely for one that is not known", () => {
    assert.equal(outOfRange({}, { "fridge.temperature": 4.5, "air.co2": 4000 }), undefined);
    assert.equal(outOfRange({}, { "fridge.temperature": 850 }), "fridge.temperature");
    assert.equal(outOfRange({}, { "air.co2": 1e300 }), "air.co2");
    assert.equal(outOfRange({}, { "a.constructor": 5 }), undefined);
  });
});

describe("telemetry: record_sensor_data", () => {
  it("for one reading looks exactly like the reference product's, with its number", () => {
    assert.deepEqual(written(reading()), {
      request: "record_sensor_data",
      node_uid: node.nodeUid,
      tenant_id: node.tenantId,
      node_type: "sensor",
      temperature: 24.3,
      humidity: 58.1,
      pressure: 1013.2,
      updated_at: "2026-06-09 11:42:07",
      seq: 1,
      log_id: "EBAQEBAQEBA",
    });
  });

  it("of a node without a log is the reference product's to the letter", () => {
    const { seq: _, log_id: __, ...body } = written(reading());
    const data = { ...node, logId: new Uint8Array(0), readings: [reading({ seq: 0 })] };
    assert.deepEqual(parseSensorData(read(body)), data);
    assert.deepEqual(writeSensorData(data), body);
    for (const lonely of [{ seq: 1 }, { log_id: "EBAQEBAQEBA" }])
      throwsCode(() => parseSensorData(read({ ...body, ...lonely })), "malformed");
  });

  const everything: SensorReading[] = [
    reading(),
    { seq: 2, fields: { motion: false } },
    { seq: 3, fields: { lat: 48.1, lon: 11.5, altitude: 519 }, updatedAt: NOON },
    { seq: 4, fields: { voltage: 5, current: -0.2, power: 1 }, named: { "fridge.temperature": 4 } },
    { seq: 5, fields: {}, faults: [{ sensor: "dht", code: "sensor-checksum", count: 3 }] },
    { seq: 6, fields: { badge_uid: "04a1b2c3d4e5f6", granted: false }, reason: "badge-unknown" },
    { seq: 9, fields: {}, lost: { count: 2, first: 7, last: 8, eventClass: "access" } },
  ];

  it("comes back as it was written, one by one and as a backlog", () => {
    const data: SensorData = { ...node, readings: everything };
    assert.deepEqual(parseSensorData(read(writeSensorData(data))), data);
    for (const one of everything)
      assert.deepEqual(parseSensorData(read(written(one))).readings, [one]);
  });

  it("is not written with a number that was not measured", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      throwsCode(() => written(reading({ fields: { humidity: value } })), "malformed", "humidity");
      throwsCode(() => written(reading({ named: { "a.b": value } })), "malformed", "named.a.b");
    }
    throwsCode(() => written(), "malformed", "readings");
  });

  const bent: readonly (readonly [string, JsonObject, string])[] = [
    ["another request", { request: "format_disk" }, "request"],
    ["no number", { seq: null }, "seq"],
    ["a number below zero", { seq: -1 }, "seq"],
    ["a number that is none", { seq: 1.5 }, "seq"],
    ["a log of another length", { log_id: "EBAQ" }, "log_id"],
    ["a log that is no text", { log_id: 7 }, "log_id"],
    ["text for a number", { temperature: "24.3" }, "temperature"],
    ["null for a number", { humidity: null }, "humidity"],
    ["a number for a truth", { motion: 1 }, "motion"],
    ["half a position", { lat: 1 }, "lon"],
    ["a badge that is none", { badge_uid: "04A1B2C3" }, "badge_uid"],
    ["a badge too short", { badge_uid: "04a1" }, "badge_uid"],
    ["a reason of two words", { reason: "badge unknown" }, "reason"],
    ["a time of another form", { updated_at: "2026-06-09T11:42:07Z" }, "updated_at"],
    ["a sensor with a slash", { named: { "a/b.temperature": 1 } }, "named"],
    ["a sensor with a wildcard", { named: { "#.temperature": 1 } }, "named"],
    ["a sensor without a quantity", { named: { fridge: 1 } }, "named"],
    ["a named value that is none", { named: { "a.b": "1" } }, "named.a.b"],
    ["a fault of nobody", { sensor_errors: [{ code: "x", count: 1 }] }, "sensor_errors[0].sensor"],
    ["a fault that is none", { sensor_errors: [5] }, "sensor_errors[0]"],
    ["a loss beside a reading", { lost: { count: 1, first: 1, last: 1, class: "access" } }, "lost"],
    ["no readings", { readings: [] }, "readings"],
    ["a reading that is none", { readings: [7] }, "readings[0]"],
    ["a reading without a number", { readings: [{ motion: true }] }, "readings[0].seq"],
    ["a reading of nothing", { readings: [{ seq: 1 }] }, "readings[0].reading"],
  ];
  for (const [what, change, field] of bent)
    it(`with ${what} is malformed, and says where`, () => {
      const body = { ...written(reading()), ...change };
      throwsCode(() => parseSensorData(read(body)), "malformed", field);
    });

  it("with an infinity that JSON can spell is malformed", () => {
    const text = JSON.stringify(written(reading())).replace("24.3", "1e999");
    throwsCode(() => parseSensorData(parseObject(text)), "malformed", "temperature");
  });

  it("with too many of anything is malformed", () => {
    const many = <T>(count: number, make: (n: number) => T): T[] =>
      Array.from({ length: count }, (_, n) => make(n));
    const body = written(reading());
    const named = Object.fromEntries(many(33, (n) => [`s${n}.x`, n]));
    const fault = { sensor: "a", code: "x", count: 1 };
    for (const [change, field] of [
      [{ readings: many(READINGS_MAX + 1, (seq) => ({ seq, motion: true })) }, "readings"],
      [{ named }, "named"],
      [{ sensor_errors: many(17, () => fault) }, "sensor_errors"],
    ] as const)
      throwsCode(() => parseSensorData(read({ ...body, ...change })), "malformed", field);
  });

  it("with a loss that contradicts itself is malformed", () => {
    const lost = { count: 2, first: 7, last: 8, class: "telemetry" };
    const { temperature: _, humidity: __, pressure: ___, ...body } = written(reading());
    assert.equal(parseSensorData(read({ ...body, lost })).readings[0]?.lost?.count, 2);
    for (const [change, field] of [
      [{ count: 0 }, "lost.count"],
      [{ count: 3 }, "lost.count"],
      [{ first: 9 }, "lost.count"],
      [{ class: "other" }, "lost.class"],
    ] as const)
      throwsCode(
        () => parseSensorData(read({ ...body, lost: { ...lost, ...change } })),
        "malformed",
        field,
      );
  });

  it("ignores what it does not know, and takes no name from a prototype", () => {
    const body = `${JSON.stringify(written(reading())).slice(0, -1)},"co2":400,"__proto__":{"motion":true}}`;
    assert.deepEqual(parseSensorData(parseObject(body)).readings, [reading()]);
    const named = '{"named":{"__proto__":{"a.b":1}},';
    const text = JSON.stringify(written(reading())).replace("{", named);
    throwsCode(() => parseSensorData(parseObject(text)), "malformed", "named");
  });

  it("may be anything: it is parsed or malformed", () => {
    const genuine = written(...everything);
    const names = fc.constantFrom(...Object.keys(genuine), ...Object.keys(written(reading())));
    const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.double(), fc.string());
    fc.assert(
      fc.property(fc.dictionary(names, value), (change) => {
        parses(
          () => parseSensorData(parseObject(JSON.stringify({ ...genuine, ...change }))),
          "malformed",
        );
      }),
      { numRuns: 300 },
    );
    const one = fc.dictionary(fc.constantFrom("seq", "named", "lost", "lat", "updated_at"), value);
    fc.assert(
      fc.property(fc.array(one), (readings) => {
        parses(() => parseSensorData(read({ ...genuine, readings })), "malformed");
      }),
      { numRuns: 300 },
    );
  });
});

describe("telemetry: the answer to record_sensor_data", () => {
  const answer = {
    serverTime: NOON,
    recorded: 3,
    duplicates: 1,
    refused: [{ seq: 4, code: "sensor-out-of-range" as const }],
  };

  it("comes back as it was written", () => {
    assert.deepEqual(parseSensorDataAnswer(read(writeSensorDataAnswer(answer))), answer);
  });

  it("keeps a refusal whose code only a newer server knows", () => {
    const body = { ...writeSensorDataAnswer(answer), refused: [{ seq: 4, code: "brand-new" }] };
    assert.deepEqual(parseSensorDataAnswer(read(body)).refused, [{ seq: 4, code: "internal" }]);
  });

  it("without one of its fields is malformed", () => {
    const body = writeSensorDataAnswer(answer);
    for (const name of Object.keys(body)) {
      const { [name]: _, ...rest } = body;
      throwsCode(() => parseSensorDataAnswer(read(rest)), "malformed", name);
    }
  });
});
