import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrokerOptions } from "../../server/mqtt/broker-options.ts";
import { openSqliteRecords } from "../../server/store/sqlite-records.ts";
import { Mosquitto, needMosquitto, until } from "../support/mosquitto.ts";
import { Desk, type TestNode, warm } from "./desk.ts";

const PASSWORD = "correct horse battery";

describe("service: publishing to a real MQTT broker", function () {
  this.timeout(60_000);
  let broker: Mosquitto;
  let folder: string;
  let databasePath: string;
  const desks: Desk[] = [];

  before(function () {
    needMosquitto(this);
  });
  beforeEach(async () => {
    broker = await Mosquitto.start();
    folder = mkdtempSync(join(tmpdir(), "latchkey-mqtt-"));
    databasePath = join(folder, "latchkey.db");
  });
  afterEach(async () => {
    for (const desk of desks.splice(0)) await stop(desk);
    await broker?.end();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const start = (options: Partial<BrokerOptions> = {}, seed = "desk"): Desk => {
    const desk = new Desk({
      broker: { url: broker.url, retryMs: 50, ...options },
      databasePath,
      seed,
    });
    desks.push(desk);
    return desk;
  };
  const stop = async (desk: Desk): Promise<void> => {
    await desk.service.endStreams();
    desk.close();
  };
  const health = async (desk: Desk): Promise<string> => {
    const asked = { method: "GET", path: "healthz", headers: {}, body: "" };
    return JSON.parse((await desk.service.handle(asked)).body).broker;
  };
  const connected = (desk: Desk) =>
    until("the broker is connected", async () => (await health(desk)) === "connected");
  /** That the broker has the first is known to the database only after its acknowledgement. */
  const acknowledged = (id: number) =>
    until("the acknowledgement is stored", async () => {
      const records = openSqliteRecords(databasePath);
      const through = await records.publishedThrough(`127.0.0.1:${broker.port}`);
      records.close();
      return through === id;
    });
  const boot = async (desk: Desk, name = "node"): Promise<TestNode> =>
    desk.node(await desk.tenant(), { name, nodeType: "sensor" }).boot();
  const heardValues = (heard: readonly string[], topic: string) =>
    heard
      .filter((line) => line.startsWith(`${topic} `))
      .map((line) => line.slice(topic.length + 1));

  for (const [version, flag] of [
    ["3.1.1", "mqttv311"],
    ["5", "mqttv5"],
  ] as const)
    it(`an independent client finds sensors and hears their values (MQTT ${version})`, async () => {
      const heard = await broker.listen("-V", flag);
      const desk = start({ version });
      const node = await boot(desk);
      await connected(desk);
      await node.report([
        {
          seq: 1,
          fields: { temperature: 24.3, motion: true },
          named: { "fridge.temperature": -4 },
        },
      ]);
      const base = `latchkey/${node.provisioning.tenantId}/${node.nodeUid}`;
      await until("the last state", () =>
        heard.some((line) => line.includes("fridge.temperature -4")),
      );
      assert.deepEqual(heardValues(heard, "latchkey/status"), ["online"]);
      assert.deepEqual(heardValues(heard, `${base}/temperature`), ["24.3"]);
      assert.deepEqual(heardValues(heard, `${base}/motion`), ["ON"]);
      const [reading] = heardValues(heard, `${base}/reading`).map((text) => JSON.parse(text));
      assert.deepEqual([reading.temperature, reading.seq], [24.3, 1]);
      const retained = await broker.listen("-V", flag, "--retained-only");
      await until("discovery is retained", () => retained.length >= 4);
      const config = (topic: string) =>
        JSON.parse(heardValues(retained, `homeassistant/${topic}/config`)[0] ?? "null");
      assert.deepEqual(config(`sensor/${node.nodeUid}/temperature`), {
        name: "Temperature",
        unique_id: `latchkey_${node.nodeUid}_temperature`,
        state_topic: `${base}/temperature`,
        availability_topic: "latchkey/status",
        expire_after: 3600,
        state_class: "measurement",
        unit_of_measurement: "°C",
        device_class: "temperature",
        device: {
          identifiers: [`latchkey_${node.nodeUid}`],
          name: `Latchkey sensor ${node.nodeUid.slice(0, 8)}`,
          manufacturer: "Latchkey",
          model: "sensor",
        },
        origin: { name: "Latchkey" },
      });
      const motion = config(`binary_sensor/${node.nodeUid}/motion`);
      assert.deepEqual([motion.device_class, motion.state_class], ["motion", undefined]);
      const fridge = config(`sensor/${node.nodeUid}/fridge-temperature`);
      assert.deepEqual([fridge.name, fridge.device_class], ["fridge temperature", "temperature"]);
    });

  it("says that it is gone at its end, and the broker says it when the process was killed", async () => {
    const heard = await broker.listen();
    const statuses = () => heardValues(heard, "latchkey/status").join(" ");
    await connected(start());
    await stop(desks.pop()!);
    await until("the end", () => statuses() === "online offline");
    const serve = join(import.meta.dirname, "serve.ts");
    const child = spawn(process.execPath, [serve, join(folder, "killed"), broker.url], {
      stdio: "ignore",
    });
    try {
      await until("the second server", () => statuses() === "online offline online");
    } finally {
      child.kill("SIGKILL");
    }
    await until("the last will", () => statuses() === "online offline online offline");
  });

  it("publishes later what came in while the broker was away, and its sensors anew", async () => {
    const desk = start();
    const node = await boot(desk);
    await connected(desk);
    await node.report([warm(1, 1)]);
    await until("the first is through", async () => desk.log.length > 0);
    await broker.down();
    await until("it is noticed", async () => (await health(desk)) === "broker-unavailable");
    await node.report([warm(2, 2)]);
    await node.report([warm(3, 3)]);
    await broker.up();
    // Nobody listened at first, and the broker has forgotten what it was to retain.
    const base = `latchkey/${node.provisioning.tenantId}/${node.nodeUid}`;
    const heard = await broker.listen();
    await connected(desk);
    await node.report([warm(4, 4)]);
    await until("the last one", () => heardValues(heard, `${base}/temperature`).includes("4"));
    await until("discovery", () => heard.some((line) => line.startsWith("homeassistant/sensor/")));
  });

  it("goes on after its own restart behind what the broker has acknowledged", async () => {
    const first = start();
    const node = await boot(first);
    await connected(first);
    const heard = await broker.listen();
    const base = `latchkey/${node.provisioning.tenantId}/${node.nodeUid}`;
    const values = () => heardValues(heard, `${base}/temperature`);
    await node.report([warm(1, 1)]);
    await until("the first", () => values().includes("1"));
    await acknowledged(1);
    await broker.down();
    await node.report([warm(2, 2), warm(3, 3)]);
    await stop(desks.pop()!);
    await broker.up();
    const again = await broker.listen();
    const second = start({}, "second");
    await connected(second);
    await until("both", () => heardValues(again, `${base}/temperature`).length === 2);
    assert.deepEqual(heardValues(again, `${base}/temperature`), ["2", "3"]);
  });

  it("says how many were removed before the broker took them", async () => {
    const first = start();
    const node = await boot(first);
    await connected(first);
    await node.report([warm(1, 1)]);
    await acknowledged(1);
    await broker.down();
    await node.report([warm(2, 2), warm(3, 3)]);
    first.nowMs += 31 * 86_400_000;
    await health(first); // any request sweeps
    await stop(desks.pop()!);
    await broker.up();
    const second = start({}, "second");
    const other = await boot(second, "other");
    await other.report([warm(1, 4)]);
    const lost = () => second.log.find((line) => line.includes("readings-lost"));
    await until("it is said", () => lost() !== undefined);
    assert.match(lost()!, /"count":2/);
  });

  it("with a wrong password says so once, goes on serving, and gets in once it is right", async () => {
    await broker.down();
    await broker.up(PASSWORD);
    for (const version of ["3.1.1", "5"] as const) {
      const desk = start({ version, username: "latchkey", password: "wrong-secret" }, version);
      const node = await boot(desk);
      const lines = () => desk.log.filter((line) => line.includes("broker-unavailable"));
      await until("it is refused", () => lines().some((line) => /authori[sz]ed/.test(line)));
      assert.equal(await health(desk), "broker-unavailable");
      assert.equal((await node.report([warm(1)])).recorded, 1);
      assert.equal(lines().length, 1, lines().join("\n"));
      assert.ok(!desk.log.some((line) => line.includes("wrong-secret")));
      await stop(desks.pop()!);
      const right = start(
        { version, username: "latchkey", password: PASSWORD },
        `${version} again`,
      );
      await connected(right);
      await stop(desks.pop()!);
    }
  });

  it("tells nobody of badges, nor of what was refused, and of old readings only their history", async () => {
    const heard = await broker.listen();
    const desk = start();
    const node = await boot(desk);
    await connected(desk);
    const uid = "04a1b2c3d4e5f6";
    const yesterday = Math.floor(desk.nowMs / 1000) - 86_400;
    await node.report([
      { seq: 1, fields: { badge_uid: uid, granted: false }, reason: "badge-unknown" },
      { seq: 2, fields: { temperature: 900 } },
      { ...warm(3, 7), updatedAt: yesterday },
      warm(4, 8),
    ]);
    const base = `latchkey/${node.provisioning.tenantId}/${node.nodeUid}`;
    await until("the last one", () => heard.some((line) => line === `${base}/temperature 8`));
    assert.ok(!heard.some((line) => /04a1b2c3d4e5f6|badge|900/.test(line)), heard.join("\n"));
    assert.deepEqual(heardValues(heard, `${base}/temperature`), ["8"]);
    const numbers = heardValues(heard, `${base}/reading`).map((text) => JSON.parse(text).seq);
    assert.deepEqual(numbers, [3, 4]);
  });

  it("makes no more of a node with ever new names than it has room for", async () => {
    const heard = await broker.listen();
    const desk = start();
    const node = await boot(desk);
    await connected(desk);
    for (let n = 0; n < 4; n++) {
      const names = Array.from({ length: 32 }, (_, i) => [`s${n}-${i}.x`, 1] as const);
      await node.report([{ seq: n, fields: {}, named: Object.fromEntries(names) }]);
    }
    await node.report([{ seq: 9, fields: {}, named: { "s0-0.x": 2 } }]);
    await until("the last one", () => heard.some((line) => line.endsWith("/s0-0.x 2")));
    assert.equal(heard.filter((line) => line.startsWith("homeassistant/")).length, 64);
  });
});
