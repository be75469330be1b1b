import assert from "node:assert/strict";
import type { SensorReading } from "../../protocol/telemetry/sensor-data.ts";
import type { NewReading, ReadingBatch, ReadingQuery } from "../../server/store/readings.ts";
import type { Records } from "../../server/store/records.ts";
import { addTenant, RECORD_STORES, type ScratchStore } from "./record-stores.ts";

const reading = (seq: number, at: number, change: Partial<SensorReading> = {}): NewReading => ({
  ...{ at, timeKnown: true, kind: "telemetry", refused: undefined },
  reading: { seq, updatedAt: at, fields: { temperature: 21.5 }, ...change },
});

const batch = (readings: readonly NewReading[], change: Partial<ReadingBatch> = {}) => ({
  ...{ tenantId: "t", nodeUid: "n", logId: "aa", receivedAt: 1000, bytesMax: 1e9, readings },
  evicted: (count: number) => ({ tenantId: "t", at: 1, kind: "evicted", data: { count } }),
  ...change,
});

/** Every kind of value that a column takes. */
const FULL: SensorReading = {
  seq: 4_294_967_295,
  updatedAt: 1,
  fields: {
    ...{ temperature: -273.15, humidity: 0.1 + 0.2, pressure: 101_325.123_456_789 },
    ...{ lat: -89.999_999_999, lon: 179.123_456_789_01, altitude: 1e-300, voltage: -0.5 },
    ...{ current: 1.7976931348623157e308, power: 5e-324, motion: false, granted: true },
    badge_uid: "04aabbccddeeff",
  },
  reason: "badge-cloned",
  named: { "fridge ❄": { temperature: 4 } },
  faults: [{ sensor: "s", code: "sensor-absent" }],
  lost: { count: 3, kind: "telemetry" },
} as never;

for (const { name, make } of RECORD_STORES)
  describe(`readings in ${name}`, function () {
    this.timeout(30_000);
    let store: ScratchStore;
    let records: Records;
    beforeEach(async function () {
      store = await make(this);
      records = await store.open();
      await addTenant(records, "t");
    });
    afterEach(() => store?.drop());

    const page = async (change: Partial<ReadingQuery> = {}) =>
      records.readings({ tenantId: "t", order: "asc", limit: 100, throughId: 1e9, ...change });
    const numbers = async (change: Partial<ReadingQuery> = {}) =>
      (await page(change)).map((row) => row.reading.seq);

    it("are given back to the last bit", async () => {
      const refused = {
        code: "malformed",
        field: "temperature",
        said: { "ä\u0000": "'\\" },
      } as const;
      const unknown = {
        ...reading(2, 1000),
        timeKnown: false,
        refused,
        reading: { seq: 2, fields: {} },
      };
      const access = { ...reading(0, 1), kind: "access", reading: FULL } as const;
      await records.recordReadings(batch([access, unknown]));
      const [first, second] = await page();
      assert.deepEqual(first, {
        ...{ id: 1, tenantId: "t", nodeUid: "n", logId: "aa", at: 1, timeKnown: true },
        ...{ receivedAt: 1000, kind: "access", reading: FULL, refused: undefined },
      });
      assert.deepEqual(second?.refused, refused);
      assert.deepEqual(second?.reading, { seq: 2, fields: {} });
      assert.equal(second?.timeKnown, false);
    });

    it("are stored once by log and number, and always without a log", async () => {
      const isNew = async (change: Partial<ReadingBatch>, ...seqs: number[]) => {
        const made = seqs.map((seq) => reading(seq, seq));
        return (await records.recordReadings(batch(made, change))).isNew;
      };
      assert.deepEqual(await isNew({}, 1, 2, 2), [true, true, false]);
      assert.deepEqual(await isNew({}, 2, 3), [false, true]);
      assert.deepEqual(await isNew({ logId: "bb" }, 1), [true]);
      assert.deepEqual(await isNew({ nodeUid: "m" }, 1), [true]);
      assert.deepEqual(await isNew({ logId: undefined }, 1, 1), [true, true]);
      assert.deepEqual(await isNew({}), []);
      assert.deepEqual(await isNew({}, 1), [false]);
      const ids = (await records.readingsAfter(0, 99)).map(({ id }) => id);
      assert.deepEqual(ids, [1, 2, 3, 4, 5, 6, 7], "without gaps: one would look like a loss");
      assert.equal(await records.lastReadingId(), 7);
    });

    it("come in pages by time, rows of one second in the order of arrival", async () => {
      const times = [50, 10, 50, 30, 50];
      await records.recordReadings(batch(times.map((at, i) => reading(i + 1, at))));
      await records.recordReadings(batch([reading(1, 40)], { nodeUid: "m" }));
      await records.recordReadings(batch([reading(1, 40)], { tenantId: "u" }));
      assert.deepEqual(await numbers({ nodeUid: "n" }), [2, 4, 1, 3, 5]);
      assert.deepEqual(await numbers({ nodeUid: "n", order: "desc" }), [5, 3, 1, 4, 2]);
      assert.deepEqual(await numbers({ nodeUid: "n", from: 30, to: 50, limit: 2 }), [4, 1]);
      const after = { at: 50, id: 1 };
      assert.deepEqual(await numbers({ nodeUid: "n", after }), [3, 5]);
      assert.deepEqual(await numbers({ nodeUid: "n", after, order: "desc" }), [4, 2]);
      assert.deepEqual(await numbers({ nodeUid: "n", throughId: 3 }), [2, 1, 3]);
      assert.equal((await numbers()).length, 6);
      assert.deepEqual(await numbers({ field: "current" }), []);
      assert.equal((await numbers({ field: "temperature" })).length, 6);
      const of = async (who?: { tenantId?: string; nodeUid?: string }) =>
        (await records.readingsAfter(4, 99, who)).map(({ id }) => id);
      assert.deepEqual(await of(), [5, 6, 7]);
      assert.deepEqual(await of({ tenantId: "t" }), [5, 6]);
      assert.deepEqual(await of({ tenantId: "t", nodeUid: "m" }), [6]);
      assert.deepEqual(await of({ tenantId: "u", nodeUid: "m" }), []);
    });

    it("make room for new ones, telemetry before access events, and say so", async () => {
      const access = { ...reading(1, 1), kind: "access" } as const;
      await records.recordReadings(batch([access]));
      const bytesMax = 460 * 16;
      for (let seq = 2; seq <= 16; seq++)
        assert.equal(
          (await records.recordReadings(batch([reading(seq, seq)], { bytesMax }))).evicted,
          0,
        );
      const full = await records.recordReadings(batch([reading(17, 17)], { bytesMax }));
      assert.equal(full.evicted, 3, "an eighth, and what was too much");
      assert.deepEqual((await numbers()).slice(0, 3), [1, 5, 6]);
      const [row] = await records.auditRows("t", 9);
      assert.deepEqual([row?.kind, row?.data], ["evicted", '{"count":3}']);
      // Another node has its own room.
      const other = await records.recordReadings(
        batch([reading(1, 1)], { nodeUid: "m", bytesMax }),
      );
      assert.equal(other.evicted, 0);
      assert.equal(await records.lastReadingId(), 18);
    });

    it("are all stored, with their alarms, or none", async () => {
      const alarm = { tenantId: "t", at: 1, kind: "lost", badgeUid: undefined, nodeUid: "n" };
      const loud = { ...reading(1, 1), alarm: { ...alarm, cause: "c" } };
      const broken = { ...reading(2, 2), kind: "nonsense" } as never;
      await assert.rejects(records.recordReadings(batch([loud, broken])), { code: "conflict" });
      assert.deepEqual([await numbers(), await records.alarms("t", 9)], [[], []]);
      assert.equal(await records.lastReadingId(), 0);
      await records.recordReadings(batch([loud]));
      await records.recordReadings(batch([loud]));
      assert.equal((await records.alarms("t", 9)).length, 1);
    });

    it("go by when they arrived, and leave their room", async () => {
      const bytesMax = 460 * 8;
      const arrive = (seq: number, receivedAt: number) =>
        records.recordReadings(batch([reading(seq, 5)], { receivedAt, bytesMax }));
      for (let seq = 1; seq <= 8; seq++) await arrive(seq, 100 + seq);
      await records.sweep(0, 107);
      assert.deepEqual(await numbers(), [7, 8]);
      for (let seq = 9; seq <= 14; seq++) assert.equal((await arrive(seq, 200)).evicted, 0);
      assert.equal((await arrive(15, 200)).evicted, 2);
    });

    it("give their last number to nobody else when they are gone", async () => {
      await records.recordReadings(batch([reading(1, 1), reading(2, 2)]));
      await records.sweep(0, 5000);
      assert.deepEqual([await numbers(), await records.lastReadingId()], [[], 2]);
      await records.recordReadings(batch([reading(3, 3)]));
      assert.deepEqual(
        (await page()).map(({ id }) => id),
        [3],
      );
    });

    it("remember how far each broker is", async () => {
      assert.equal(await records.publishedThrough("a:1883"), undefined);
      for (const id of [5, 5, 9]) await records.savePublished("a:1883", id);
      assert.equal(await records.publishedThrough("a:1883"), 9);
      assert.equal(await records.publishedThrough("A:1883"), undefined);
    });
  });
