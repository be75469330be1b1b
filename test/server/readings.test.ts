import assert from "node:assert/strict";
import { Prng } from "../../host-sim/world/prng.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { POST_PATH } from "../../protocol/node/endpoints.ts";
import {
  READINGS_MAX,
  type SensorData,
  type SensorReading,
  writeSensorData,
} from "../../protocol/telemetry/sensor-data.ts";
import { openSqliteRecords } from "../../server/store/sqlite-records.ts";
import { badge, codeOf, Desk, lastSent, type TestNode, warm } from "./desk.ts";

const LOG = new Uint8Array(8).fill(0x10);
const OTHER_LOG = new Uint8Array(8).fill(0x20);
const OFTEN = { burst: 1e9, perSecond: 1e9 };

describe("service: what nodes report", () => {
  let desk: Desk;
  let node: TestNode;
  const nowAt = (): number => Math.floor(desk.nowMs / 1000);

  beforeEach(async () => {
    desk = new Desk();
    node = await desk.node(await desk.tenant()).boot();
  });
  afterEach(() => desk.close());

  const rows = async (of = node, limit = 1000) => {
    const newest = await desk.service.admin.readings(of.provisioning.tenantId, of.nodeUid, limit);
    return [...newest].sort((a, b) => a.id - b.id);
  };
  const values = async () => (await rows()).map(({ reading }) => reading.fields.temperature);
  const post = (change: Partial<SensorData>) => {
    const { tenantId } = node.provisioning;
    const own = { nodeUid: node.nodeUid, tenantId, nodeType: "sensor", logId: LOG };
    return node.identity.postEncrypted(writeSensorData({ ...own, readings: [warm(1)], ...change }));
  };

  it("is stored typed, with its time, and says so where the node did not know it", async () => {
    const everything: SensorReading[] = [
      {
        seq: 1,
        updatedAt: nowAt() - 60,
        fields: { temperature: -5.25, humidity: 0, pressure: 300 },
      },
      { seq: 2, fields: { motion: false, lat: -48.5, lon: 0, altitude: -3 } },
      {
        seq: 3,
        fields: { voltage: 230.1, current: 0.5, power: 115 },
        named: { "a.temperature": 4 },
      },
      { seq: 4, fields: {}, faults: [{ sensor: "dht", code: "sensor-checksum", count: 3 }] },
      { seq: 9, fields: {}, lost: { count: 4, first: 5, last: 8, eventClass: "telemetry" } },
    ];
    const answer = await node.report(everything);
    assert.deepEqual(answer, { serverTime: nowAt(), recorded: 5, duplicates: 0, refused: [] });
    const stored = await rows();
    assert.deepEqual(
      stored.map(({ reading }) => reading),
      everything,
    );
    assert.deepEqual(
      stored.map(({ at, timeKnown, kind }) => [at - nowAt(), timeKnown, kind]),
      [
        [-60, true, "telemetry"],
        ...[2, 3, 4].map(() => [0, false, "telemetry"]),
        [0, false, "lost"],
      ],
    );
  });

  describe("twice", () => {
    it("is recorded once, whether the whole batch or a part of it", async () => {
      const batch = [warm(1), warm(2), warm(3)];
      assert.equal((await node.report(batch)).recorded, 3);
      const again = await node.report([warm(2), warm(3), warm(4)]);
      assert.deepEqual([again.recorded, again.duplicates], [1, 2]);
      assert.equal((await rows()).length, 4);
    });

    it("at once, over any number of requests, is recorded once", async () => {
      const batch = Array.from({ length: 20 }, (_, seq) => warm(seq));
      const answers = await Promise.all(Array.from({ length: 8 }, () => node.report(batch)));
      assert.equal(
        answers.reduce((sum, { recorded }) => sum + recorded, 0),
        20,
      );
      assert.equal((await rows()).length, 20);
    });

    it("in a replayed envelope is a replay", async () => {
      await node.report([warm(1)]);
      const sent = lastSent(node, POST_PATH);
      assert.equal(codeOf(await desk.post(sent.path, sent.body, sent.headers)), "replay");
      assert.equal((await rows()).length, 1);
    });

    it("under one number with another value keeps the first, in one batch and over two", async () => {
      const answer = await node.report([warm(1, 20), warm(1, 99)]);
      assert.deepEqual([answer.recorded, answer.duplicates], [1, 1]);
      await node.report([warm(1, 50)]);
      assert.deepEqual(await values(), [20]);
    });

    it("is two readings in two logs, and in the logs of two nodes of one name", async () => {
      await node.report([warm(1, 20)]);
      await node.report([warm(1, 21)], OTHER_LOG);
      const other = await desk.node(node.provisioning, { name: "other" }).boot();
      assert.equal((await other.report([warm(1, 22)])).recorded, 1);
      assert.deepEqual(await values(), [20, 21]);
      assert.equal((await rows(other))[0]?.reading.fields.temperature, 22);
    });

    it("cannot be told of a node that keeps no log", async () => {
      for (let n = 0; n < 2; n++) await post({ logId: new Uint8Array(0), readings: [warm(0)] });
      assert.deepEqual(
        (await rows()).map(({ logId, reading }) => [logId, reading.seq]),
        [
          [undefined, 0],
          [undefined, 0],
        ],
      );
    });
  });

  describe("under another's name", () => {
    it("is refused and leaves nothing behind: the session says whose it is", async () => {
      const neighbour = await desk.node(node.provisioning, { name: "other" }).boot();
      const stranger = await desk.node(await desk.tenant({ name: "b" })).boot();
      const { tenantId } = stranger.provisioning;
      await assert.rejects(post({ tenantId }), { code: "tenant-mismatch" });
      await assert.rejects(post({ nodeUid: neighbour.nodeUid }), { code: "forbidden-role" });
      await assert.rejects(post({ tenantId, nodeUid: stranger.nodeUid }), {
        code: "tenant-mismatch",
      });
      for (const each of [node, neighbour, stranger]) assert.deepEqual(await rows(each), []);
    });
  });

  describe("that cannot be so", () => {
    const impossible: readonly (readonly [string, Partial<SensorReading>, string])[] = [
      ["850 °C", { fields: { temperature: 850 } }, "temperature"],
      ["1e308 °C", { fields: { temperature: 1e308 } }, "temperature"],
      ["-1e308 hPa", { fields: { pressure: -1e308 } }, "pressure"],
      ["101 %", { fields: { humidity: 101 } }, "humidity"],
      ["a named 999 °C", { named: { "a.temperature": 999 } }, "a.temperature"],
      ["a time in 1970", { updatedAt: 0 }, "updated_at"],
      ["a time in the year 9999", { updatedAt: 253_402_300_799 }, "updated_at"],
    ];
    for (const [what, change, field] of impossible)
      it(`(${what}) is stored as refused, with what was said, and counts for nothing`, async () => {
        const bad = { seq: 2, fields: { temperature: 20 }, ...change };
        const code = field === "updated_at" ? "clock-untrusted" : "sensor-out-of-range";
        for (const recorded of [2, 0]) {
          const answer = await node.report([warm(1), bad, warm(3)]);
          assert.deepEqual(answer.refused, [{ seq: 2, code }]);
          assert.equal(answer.recorded, recorded);
        }
        const stored = await rows();
        assert.equal(stored.length, 3);
        const { at, timeKnown, reading, refused } = stored[1]!;
        assert.deepEqual([at, timeKnown, reading], [nowAt(), false, { seq: 2, fields: {} }]);
        assert.deepEqual([refused?.code, refused?.field], [code, field]);
        const {
          seq: _,
          log_id: __,
          ...said
        } = writeSensorData({
          ...{ nodeUid: "", tenantId: "", nodeType: "", logId: LOG, readings: [bad] },
        });
        for (const [name, value] of Object.entries(refused!.said))
          assert.deepEqual(value, said[name], name);
      });

    it("is one, too, a little ahead of the server; five minutes are drift", async () => {
      const at = (seconds: number, seq: number) => ({ ...warm(seq), updatedAt: nowAt() + seconds });
      const { refused } = await node.report([at(300, 1), at(301, 2)]);
      assert.deepEqual(
        refused.map(({ seq }) => seq),
        [2],
      );
    });

    it("in a batch that is malformed takes nothing of it in", async () => {
      const body = writeSensorData({
        ...{ nodeUid: node.nodeUid, tenantId: node.provisioning.tenantId, nodeType: "sensor" },
        ...{ logId: LOG, readings: [warm(1), warm(2)] },
      });
      const readings = [...(body["readings"] as object[]), { seq: 3, temperature: "'; DROP" }];
      await assert.rejects(
        node.identity.postEncrypted({ ...body, readings: readings as never }),
        (error: unknown) => {
          assert.ok(error instanceof LatchkeyError);
          assert.equal(error.detail["field"], "readings[2].temperature");
          return true;
        },
      );
      assert.deepEqual(await rows(), []);
    });
  });

  describe("of badges", () => {
    it("is the node's word: it is no decision, opens nothing and comes into no audit", async () => {
      const card = await badge(desk.service, node.provisioning.tenantId);
      const { tenantId } = node.provisioning;
      const uid = Buffer.from(card.uid).toString("hex");
      const before = await desk.service.admin.auditRows(tenantId);
      await node.report([{ seq: 1, fields: { badge_uid: uid, granted: true }, reason: "granted" }]);
      assert.deepEqual(await desk.service.admin.auditRows(tenantId), before);
      assert.equal((await rows())[0]?.kind, "access");
      assert.equal((await desk.service.admin.badge(tenantId, card.uid))?.readCounter, -1);
    });

    it("that were lost raise an alarm, once; lost telemetry is a row", async () => {
      const loss = (seq: number, eventClass: "access" | "telemetry") => ({
        ...{ seq, fields: {}, lost: { count: 3, first: 1, last: 5, eventClass } },
      });
      for (let n = 0; n < 2; n++) await node.report([loss(6, "access"), loss(7, "telemetry")]);
      const alarms = await desk.service.admin.alarms(node.provisioning.tenantId);
      assert.deepEqual(
        alarms.map(({ kind, cause, nodeUid }) => [kind, cause, nodeUid]),
        [["readings-lost", "3 access events", node.nodeUid]],
      );
    });
  });

  it("raises a few alarms, and not one for each loss that a node makes up", async () => {
    const lost = { count: 1, first: 1, last: 1, eventClass: "access" } as const;
    await node.report(Array.from({ length: 100 }, (_, seq) => ({ seq, fields: {}, lost })));
    assert.equal((await desk.service.admin.alarms(node.provisioning.tenantId)).length, 8);
    assert.equal((await rows()).length, 100);
  });

  describe("in a flood by a node that was taken over", () => {
    it("comes to its rate, in readings, whatever the size of a request", async () => {
      const strict = new Desk({ limits: { readingsByNode: { burst: 150, perSecond: 1 } } });
      const flooder = await strict.node(await strict.tenant()).boot();
      const batch = (from: number) =>
        Array.from({ length: READINGS_MAX }, (_, n) => warm(from + n));
      await flooder.report(batch(0));
      await assert.rejects(flooder.report(batch(1000)), (error: unknown) => {
        assert.ok(error instanceof LatchkeyError);
        assert.deepEqual([error.code, error.detail["retry_after"]], ["rate-limited", 106]);
        return true;
      });
      assert.equal((await flooder.report(batch(1000).slice(0, 22))).recorded, 22);
      strict.close();
    });

    it("takes the room of its own rows: oldest telemetry first, badges last, and it is told", async () => {
      const bytesMax = 40_000;
      const small = new Desk({ limits: { readingBytesPerNode: bytesMax, readingsByNode: OFTEN } });
      const tenant = await small.tenant();
      const [flooder, quiet] = [
        await small.node(tenant).boot(),
        await small.node(tenant, { name: "quiet" }).boot(),
      ];
      await quiet.report([warm(1)]);
      const access = { seq: 0, fields: { badge_uid: "04a1b2c3", granted: false } };
      await flooder.report([access]);
      for (let n = 0; n < 10; n++)
        await flooder.report(Array.from({ length: 50 }, (_, i) => warm(1 + n * 50 + i)));
      const { admin } = small.service;
      const left = await admin.readings(tenant.tenantId, flooder.nodeUid);
      assert.ok(left.length * 460 <= bytesMax, `${left.length} rows`);
      assert.ok(left.some(({ kind }) => kind === "access"));
      assert.ok(
        left.some(({ reading }) => reading.seq === 500),
        "the newest is there",
      );
      assert.equal((await admin.readings(tenant.tenantId, quiet.nodeUid)).length, 1);
      const told = (await admin.auditRows(tenant.tenantId))
        .filter(({ kind }) => kind === "readings-evicted")
        .map(({ data }) => JSON.parse(data));
      assert.ok(told.every((each) => each["node_uid"] === flooder.nodeUid));
      assert.equal(
        told.reduce((sum, { count }) => sum + count, 0),
        501 - left.length,
      );
      small.close();
    });

    it("cannot get round that with ten thousand logs", async () => {
      const records = openSqliteRecords(":memory:");
      const random = new Prng("logs", "flood");
      const reading = warm(1);
      for (let n = 0; n < 10_000; n++)
        await records.recordReadings({
          ...{ tenantId: "t", nodeUid: "n", receivedAt: 1, bytesMax: 100_000 },
          logId: Buffer.from(random.bytes(8)).toString("base64url"),
          readings: [{ at: 1, timeKnown: true, kind: "telemetry", reading, refused: undefined }],
          evicted: (count) => ({ tenantId: "t", at: 1, kind: "readings-evicted", data: { count } }),
        });
      const query = { tenantId: "t", order: "asc", limit: 10_000, throughId: 1e9 } as const;
      const left = (await records.readings(query)).length;
      assert.ok(left > 150 && left * 460 <= 100_000, `${left} rows`);
      records.close();
    });
  });

  it("goes when its time is over", async () => {
    await node.report([warm(1)]);
    desk.nowMs += 31 * 86_400_000;
    await desk.service.handle({ method: "GET", path: "healthz", headers: {}, body: "" });
    assert.deepEqual(await rows(), []);
  });
});
