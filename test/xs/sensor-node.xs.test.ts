/**
 * The whole sensor node on the real engine: firmware, BME280 driver, event log and the simulated
 * board run in XS, the service answers from outside. As with the reader, the figures hold the
 * simulator's models and noble's cryptography: to compare from commit to commit (docs/xs.md).
 */
import assert from "node:assert/strict";
import { bme280 } from "../../firmware/sensor/drivers/bme280-driver.ts";
import { CryptoCost } from "../../host-sim/crypto-cost.ts";
import { NetworkModel } from "../../host-sim/net/network-model.ts";
import { SensorBoard } from "../../host-sim/sensor-board.ts";
import { World } from "../../host-sim/world/world.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import type { HttpResponse } from "../../protocol/platform.ts";
import { metered } from "./shims/meter.ts";
import { callHost } from "./shims/prelude.ts";

declare const setImmediate: (callback: () => void) => void;

const host = (name: string, argument: unknown): unknown =>
  callHost({ type: "call", name, argument });

describe("the whole sensor node on XS", () => {
  const world = new World({
    seed: "xs sensor",
    idle: () => new Promise((done) => setImmediate(done)),
  });
  const posts: number[] = [];
  const network = new NetworkModel({
    world,
    backend: async (request) => {
      if (request.url.endsWith("/ii_post")) posts.push(request.body.length);
      return host("request", { request, nowUs: world.nowUs() }) as HttpResponse;
    },
  });
  const { crypto } = new CryptoCost({ crypto: nobleCrypto, advance: (us) => world.advance(us) });
  const config = host("open", "xs sensor") as Record<string, unknown>;
  const board = new SensorBoard({ world, network, crypto, config, drivers: [bme280] });
  const air = { temperature: 24.3, humidity: 58.1, pressure: 1013.2 };

  it("boots from power to ACTIVE, and sends what it measured meanwhile", async () => {
    board.rig.set("room", air);
    await metered("sensor node: boot to ACTIVE", async () => {
      board.powerOn();
      assert.ok(await world.run(() => board.stage === "active", 20_000_000), board.stage);
    });
    await world.runFor(5_000_000);
    assert.equal(posts.length, 1);
  });

  it("brings a sample into a sealed envelope", async () => {
    const before = posts.length;
    await world.runFor(50_000_000);
    await metered("sensor node: sample to sealed envelope", async () => {
      assert.ok(await world.run(() => posts.length > before, 10_000_000), "a reading is posted");
    });
    await world.runFor(1_000_000);
    const readings = host("readings", undefined) as (typeof air)[];
    assert.equal(readings.length, 2);
    for (const { temperature, humidity, pressure } of readings) {
      assert.ok(Math.abs(temperature - 24.3) < 0.02, String(temperature));
      assert.ok(Math.abs(humidity - 58.1) < 0.1, String(humidity));
      assert.ok(Math.abs(pressure - 1013.2) < 0.1, String(pressure));
    }
  });
});
