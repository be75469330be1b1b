import assert from "node:assert/strict";
import { NODE_UID, ReportingBench } from "./reporting-bench.ts";
import { sampleConfig } from "./sample-config.ts";

const ROOM = { platform: "scripted", name: "room", update_interval: "60s" };

describe("a reading on its way to the server", () => {
  it("is what the reference product sends, field for field", async () => {
    const bench = new ReportingBench([ROOM], { upload: { every: "1s" } });
    bench.sensor("room").answers = [{ temperature: 24.3, humidity: 58.1, pressure: 1013.2 }];
    bench.start();
    await bench.run(2);
    const { seq, log_id: logId, ...payload } = bench.posts[0]!;
    assert.equal(
      JSON.stringify(payload),
      `{"request":"record_sensor_data","node_uid":"${NODE_UID}",` +
        `"tenant_id":"${sampleConfig()["tenant_id"]}","node_type":"sensor",` +
        '"temperature":24.3,"humidity":58.1,"pressure":1013.2,' +
        '"updated_at":"2026-06-09 11:42:07"}',
    );
    assert.equal(typeof seq, "number");
    assert.match(String(logId), /^[\w-]{11}$/);
  });

  it("travels with others when there is a backlog", async () => {
    const bench = new ReportingBench([ROOM]);
    bench.online = false;
    bench.start();
    await bench.run(605);
    assert.deepEqual(bench.posts, []);
    bench.online = true;
    bench.reporting.uploader.resume();
    await bench.run(1);
    assert.equal(bench.posts.length, 1);
    assert.equal(bench.sent.length, 11);
    const seqs = bench.sent.map(({ seq }) => Number(seq));
    assert.ok(seqs.every((seq, at) => at === 0 || seq > seqs[at - 1]!));
    assert.equal(bench.sent[3]!["updated_at"], "2026-06-09 11:45:07");
  });

  it("is sent again until the server has it, with growing pauses, and then no more", async () => {
    const bench = new ReportingBench([{ ...ROOM, update_interval: "1h" }], {
      upload: { every: "1s" },
    });
    bench.failing = "network-timeout";
    bench.start();
    await bench.run(900);
    const tries = bench.log.last(50).filter(({ event }) => event === "upload-failed");
    assert.equal(tries.length, 1, "said once");
    assert.equal(bench.reporting.uploader.lastError, "network-timeout");
    bench.failing = undefined;
    await bench.run(301);
    assert.equal(bench.sent.length, 1);
    await bench.run(600);
    assert.equal(bench.sent.length, 1);
    assert.equal(bench.reporting.readings.waiting, 0);
  });

  it("gets its time when that becomes known in the same boot, and none after a power cut", async () => {
    const bench = new ReportingBench([ROOM]);
    bench.online = false;
    bench.tellTime(undefined);
    bench.start();
    await bench.run(65);
    bench.restart();
    bench.start();
    await bench.run(65);
    bench.tellTime(1_781_005_327);
    bench.online = true;
    bench.reporting.uploader.resume();
    await bench.run(1);
    assert.deepEqual(
      bench.sent.map((reading) => reading["updated_at"]),
      [undefined, undefined, "2026-06-09 11:41:02", "2026-06-09 11:42:02"],
    );
  });

  it("of a tap is sent before all others, within a second or two", async () => {
    const bench = new ReportingBench([ROOM]);
    bench.online = false;
    bench.start();
    await bench.run(65);
    bench.reporting.tapped({ badge: "04aabbccddeeff", granted: true, reason: "granted" });
    bench.reporting.tapped({ badge: "", granted: false, reason: "card-unsupported" });
    bench.online = true;
    await bench.run(2);
    assert.deepEqual(
      bench.sent.map(({ badge_uid, granted, reason }) => [badge_uid, granted, reason]),
      [
        ["04aabbccddeeff", true, "granted"],
        [undefined, false, "card-unsupported"],
        [undefined, undefined, undefined],
        [undefined, undefined, undefined],
      ],
    );
  });
});

describe("what is worth telling", () => {
  it("is a move by delta, a heartbeat and a threshold, which is sent at once", async () => {
    const filter = { delta: 0.5, above: 30 };
    const room = { ...ROOM, update_interval: "10s", temperature: filter, heartbeat: "5min" };
    const bench = new ReportingBench([room], { upload: { every: "1h", readings: 100 } });
    const sensor = bench.sensor("room");
    sensor.answers = [{ temperature: 20 }];
    bench.start();
    await bench.run(295);
    assert.equal(bench.reporting.work.recorded, 1, "the first");
    await bench.run(10);
    assert.equal(bench.reporting.work.recorded, 2, "the heartbeat");
    sensor.answers = [{ temperature: 20.4 }, { temperature: 20.6 }];
    await bench.run(30);
    assert.equal(bench.reporting.work.recorded, 3, "half a degree");
    assert.deepEqual(bench.posts, []);
    sensor.answers = [{ temperature: 30.2 }];
    await bench.run(10);
    assert.equal(bench.sent.at(-1)!["temperature"], 30.2);
    const { length } = bench.sent;
    sensor.answers = [{ temperature: 29.8 }];
    await bench.run(10);
    assert.equal(bench.sent.length, length, "not below by delta yet");
    sensor.answers = [{ temperature: 29.4 }];
    await bench.run(10);
    assert.equal(bench.sent.at(-1)!["temperature"], 29.4);
  });

  it("is motion when it begins and when it ends, at once", async () => {
    const bench = new ReportingBench([{ ...ROOM, update_interval: "1h" }], {
      upload: { every: "1h" },
    });
    const hall = bench.sensor("room");
    hall.answers = [{ motion: false }];
    bench.start();
    await bench.run(10);
    for (const motion of [true, false]) {
      hall.answers = [{ motion }];
      hall.changed();
      await bench.run(1);
    }
    assert.deepEqual(
      bench.sent.map(({ motion }) => motion),
      [false, true, false],
    );
  });

  it("is one record for what is due together, the wire's field being the first sensor's", async () => {
    const bench = new ReportingBench([ROOM, { ...ROOM, name: "attic" }]);
    bench.sensor("room").answers = [{ temperature: 21 }];
    bench.sensor("attic").answers = [{ temperature: 30.5, moisture: 41 }];
    bench.start();
    await bench.run(61);
    const { seq: _, updated_at, ...reading } = bench.sent[0]!;
    const named = { "attic.temperature": 30.5, "attic.moisture": 41 };
    assert.deepEqual(reading, { temperature: 21, named });
  });
});

describe("what cannot be sent or stored as usual", () => {
  it("keeps back nothing behind it, and is told of", async () => {
    const bench = new ReportingBench([ROOM]);
    bench.reporting.tapped({ badge: "04aa", granted: false, reason: "Not a word!" });
    bench.start();
    await bench.run(61);
    const { seq: _, ...told } = bench.sent[0]!;
    assert.deepEqual(told, { sensor_errors: [{ sensor: "flash", code: "malformed", count: 1 }] });
    assert.equal(bench.sent[1]!["temperature"], 20);
  });

  it("waits for a log that cannot be born yet, and keeps nobody from starting", async () => {
    const bench = new ReportingBench([ROOM]);
    bench.healthy = false;
    bench.start();
    await bench.run(1);
    assert.equal(bench.reporting.work.storageError?.code, "random-unhealthy");
    assert.equal(bench.reporting.readings.waiting, 0);
    bench.healthy = true;
    await bench.run(121);
    assert.equal(bench.sent.length > 0, true);
    assert.equal(bench.reporting.work.storageError, undefined);
  });

  it("is split when it is too long for one record", async () => {
    const long = (n: number) => `${String.fromCharCode(97 + n)}${"x".repeat(31)}`;
    const names = Array.from({ length: 16 }, (_, n) => long(n));
    const bench = new ReportingBench(names.map((name) => ({ ...ROOM, platform: "probe", name })));
    for (const name of names) bench.sensor(name).answers = ["sensor-power-on-value"];
    bench.start();
    await bench.run(61);
    const faults = bench.sent.flatMap((reading) => reading["sensor_errors"] ?? []);
    assert.equal(faults.length, 16);
  });
});

describe("a sensor that fails", () => {
  it("stops no other, when it hangs neither", async () => {
    const bench = new ReportingBench([ROOM, { ...ROOM, name: "attic", update_interval: "10s" }]);
    bench.sensor("room").answers = ["hang"];
    bench.start();
    await bench.run(121);
    const good = bench.sensor("attic").measured;
    assert.deepEqual(
      good.map((atMs) => atMs - good[0]!),
      [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120].map((s) => s * 1000),
      "no jitter, no pause",
    );
    const room = bench.sensor("room");
    assert.ok(room.closed >= 2 && room.opened === room.closed + 1, "opened anew each time");
    const faults = bench.sent.flatMap((reading) => reading["sensor_errors"] ?? []);
    assert.deepEqual(faults, [{ sensor: "room", code: "sensor-timeout", count: 1 }]);
  });

  it("is tried again soon, then ever more seldom, and told once", async () => {
    const bench = new ReportingBench([{ ...ROOM, update_interval: "10s", heartbeat: "1d" }]);
    const room = bench.sensor("room");
    room.answers = ["sensor-absent"];
    bench.start();
    await bench.run(900);
    const gaps = room.measured.slice(1).map((atMs, n) => (atMs - room.measured[n]!) / 1000);
    // Between the regular times while that is soon, later at regular times only.
    assert.deepEqual(gaps.slice(0, 6), [2, 4, 14, 20, 40, 70]);
    assert.ok(gaps.every((gap) => gap <= 300));
    assert.equal(bench.reporting.work.recorded, 1);
    room.answers = [{ temperature: 21 }];
    await bench.run(300);
    const values = bench.sent.filter((reading) => "temperature" in reading);
    assert.ok(values.length > 1 && bench.sent.length === values.length + 1);
  });

  it("gives no number with its error, and none that cannot be", async () => {
    const odd: Record<string, number | boolean>[] = [
      { temperature: Number.NaN },
      { temperature: 126 },
      { temperature: 20, humidity: 101 },
      { temperature: 20, weight: 3 },
    ];
    for (const values of odd) {
      const bench = new ReportingBench([ROOM]);
      bench.sensor("room").answers = [values];
      bench.start();
      await bench.run(61);
      const [{ seq: _, updated_at, ...only }] = bench.sent as [Record<string, unknown>];
      assert.deepEqual(only, {
        sensor_errors: [{ sensor: "room", code: "sensor-out-of-range", count: 1 }],
      });
    }
  });

  it("is told of when it recovered before that could be said", async () => {
    const bench = new ReportingBench([ROOM]);
    bench.flash.powerOff();
    bench.sensor("room").answers = ["sensor-checksum", { temperature: 20 }];
    bench.start();
    await bench.run(1);
    assert.equal(bench.reporting.work.storageError?.code, "internal");
    bench.flash.powerOn();
    await bench.run(70);
    assert.deepEqual(bench.sent[0]!["sensor_errors"], [
      { sensor: "room", code: "sensor-checksum", count: 1 },
    ]);
    assert.equal(bench.sent[0]!["temperature"], 20);
  });
});
