import assert from "node:assert/strict";
import type { GnssSensorOptions } from "../../hal/sensors/gnss-sensor.ts";
import { L76X } from "../../hal/sensors/l76x.ts";
import { NEO6M } from "../../hal/sensors/neo6m.ts";
import type { Fix } from "../../hal/sensors/nmea/fix-builder.ts";
import { L76xModel } from "../../host-sim/chips/l76x-model.ts";
import { type GnssModelOptions, Neo6mModel } from "../../host-sim/chips/neo6m-model.ts";
import type { LogFields } from "../../protocol/platform.ts";
import { code } from "./driver-bench.ts";
import { serialBench } from "./serial-bench.ts";

/** 2026-11-28 09:00:00. */
const UNIX = 1_795_856_400;
const PLACE = { latitude: 47.285233, longitude: -8.565265, altitude: 499.6 };

/** Data sheets' time to the first position, and a shorter one for all but one test. */
const FIRST_FIX_MS = { "NEO-6M": 27_000, L76X: 35_000 };
const coldMs = 4000;

const PARTS = {
  "NEO-6M": { Driver: NEO6M, Model: Neo6mModel },
  L76X: { Driver: L76X, Model: L76xModel },
} as const;

interface BenchOptions {
  readonly model?: Partial<GnssModelOptions>;
  readonly driver?: Partial<GnssSensorOptions>;
  /** Off before the driver opens; on unless told. */
  readonly power?: boolean;
  readonly sky?: number;
  /** Of the board's port. */
  readonly baud?: number;
}

function gpsBench(part: keyof typeof PARTS, options: BenchOptions = {}) {
  const bench = serialBench();
  const { world, line, clock, timer } = bench;
  const sensor = { ...bench.sensor, baud: options.baud ?? 9600 };
  const { Driver, Model } = PARTS[part];
  const model = new Model({
    world,
    line,
    unixAtStart: UNIX,
    place: PLACE,
    coldStartUs: coldMs * 1000,
    ...options.model,
  });
  if (options.power !== false) model.powerOn();
  model.engine.showSky(options.sky ?? 8);
  const fixes: Fix[] = [];
  const log: (LogFields & { readonly event: string })[] = [];
  const write = (_level: string, event: string, fields: LogFields = {}) =>
    void log.push({ event, ...fields });
  const onSample = (fix: Fix) => void fixes.push(fix);
  const gps = new Driver({ sensor, clock, timer, onSample, log: { write }, ...options.driver });
  return { ...bench, model, gps, fixes, log };
}

/** The types of sentences that a model sent since the last call. */
function typesSent({ uart }: { readonly uart: { sent: string } }): string[] {
  const types = [...uart.sent.matchAll(/\$..([A-Z]{3}),/g)].map(([, type]) => type!);
  uart.sent = "";
  return [...new Set(types)].sort();
}

for (const part of ["NEO-6M", "L76X"] as const) {
  describe(`${part} driver and model`, () => {
    it("says that there is no fix until the first, then gives where it stands", async () => {
      const firstMs = FIRST_FIX_MS[part];
      const { run, pass, gps, fixes } = gpsBench(part, { model: { coldStartUs: firstMs * 1000 } });
      assert.equal(gps.sample(), undefined);
      await pass(4000);
      assert.throws(() => gps.sample(), code("sensor-no-fix"));
      await assert.rejects(run(gps.measure()), code("sensor-no-fix"));
      await pass(firstMs - 6500);
      assert.equal(fixes.length, 0);
      await pass(5000);
      const fix = gps.sample()!;
      assert.ok(Math.abs(fix.latitude - PLACE.latitude) < 2e-6, `${fix.latitude}`);
      assert.ok(Math.abs(fix.longitude - PLACE.longitude) < 2e-6, `${fix.longitude}`);
      assert.equal(fix.altitude, 499.6);
      assert.equal(fix.hdop, 1.01);
      assert.equal(fix.satellites, 8);
      assert.equal(fix.quality, 1);
      assert.ok(fix.time! - UNIX >= firstMs / 1000 && fix.time! - UNIX < 40, `${fix.time}`);
    });

    it("measures a new position every time", async () => {
      const { run, pass, gps, model } = gpsBench(part);
      await pass(coldMs + 2000);
      const before = await run(gps.measure());
      model.engine.place = { ...PLACE, latitude: -33.5 };
      const after = await run(gps.measure());
      assert.ok(after.time! > before.time!);
      assert.equal(after.latitude, -33.5);
    });

    it("switches off what nobody reads, and sets the rate", async () => {
      const { run, pass, gps, model, fixes } = gpsBench(part, {
        driver: { periodMs: 500 },
      });
      await pass(1500);
      assert.deepEqual(typesSent(model), ["GGA", "GLL", "GSA", "GSV", "RMC", "VTG"]);
      assert.equal(gps.configured, false);
      await run(gps.configure());
      assert.equal(gps.configured, true);
      typesSent(model);
      await pass(coldMs);
      assert.deepEqual(typesSent(model), ["GGA", "GSA", "RMC"]);
      fixes.length = 0;
      await pass(10_000);
      assert.ok(Math.abs(fixes.length - 20) <= 1, `${fixes.length}`);
      assert.equal(model.uart.droppedPieces, 0);
    });

    it("configures by itself, and again when the receiver has lost its supply", async () => {
      const { run, pass, gps, model } = gpsBench(part);
      await pass(coldMs + 3000);
      await run(gps.measure());
      assert.equal(gps.configured, true);
      model.powerOff();
      await pass(500);
      model.powerOn();
      await pass(3000);
      assert.equal(gps.configured, false);
      await assert.rejects(run(gps.measure()), code("sensor-no-fix"));
      assert.equal(gps.configured, true);
    });

    it("works unconfigured when only its TX is wired, and says so once", async () => {
      const { run, pass, gps, model, log } = gpsBench(part);
      model.hears = false;
      await pass(coldMs + 3000);
      assert.equal((await run(gps.measure())).satellites, 8);
      assert.equal((await run(gps.measure())).satellites, 8);
      assert.deepEqual(
        log.map(({ event, code }) => [event, code]),
        [["receiver-not-configured", "sensor-timeout"]],
      );
      await assert.rejects(run(gps.configure()), code("sensor-timeout"));
    });

    it("holds no position longer than it is fresh when the sky is lost, and finds it again", async () => {
      const { run, pass, gps, model } = gpsBench(part);
      await pass(coldMs + 3000);
      assert.notEqual(gps.sample(), undefined);
      model.engine.showSky(0);
      await assert.rejects(run(gps.measure()), code("sensor-no-fix"));
      await pass(6000);
      assert.throws(() => gps.sample(), code("sensor-no-fix"));
      model.engine.showSky(3);
      await pass(4000);
      const flat = await run(gps.measure());
      assert.equal(flat.satellites, 3);
      assert.equal(flat.altitude, undefined);
    });

    it("tells absent from silent", async () => {
      const { run, pass, gps, model } = gpsBench(part, { power: false });
      await assert.rejects(run(gps.measure()), code("sensor-absent"));
      assert.throws(() => gps.sample(), code("sensor-absent"));
      model.powerOn();
      await pass(coldMs + 3000);
      await run(gps.measure());
      model.powerOff();
      await pass(1000);
      await assert.rejects(run(gps.measure()), code("sensor-timeout"));
      assert.throws(() => gps.sample(), code("sensor-timeout"));
    });

    for (const [theirs, ours] of [
      [38_400, 9600],
      [9600, 38_400],
      [4800, 9600],
    ] as const) {
      it(`says that ${ours} baud is wrong for one set to ${theirs}`, async () => {
        const { run, pass, gps } = gpsBench(part, {
          model: { baud: theirs },
          baud: ours,
          driver: { silenceMs: 1200 },
        });
        await pass(2000);
        assert.throws(() => gps.sample(), code("sensor-baud-rate"));
        await assert.rejects(run(gps.measure()), code("sensor-baud-rate"));
      });
    }

    it("says that the line is bad, not the speed, when it was understood before", async () => {
      const { run, pass, gps, model, line, world } = gpsBench(part);
      await pass(coldMs + 3000);
      await run(gps.measure());
      model.powerOff();
      for (let i = 0; i < 80; i++) {
        line.write(world.rng("noise").bytes(20));
        await pass(100);
      }
      assert.throws(() => gps.sample(), code("sensor-checksum"));
    });

    it("does not believe a date 1024 weeks back; the position is right all the same", async () => {
      const { run, pass, gps, model } = gpsBench(part);
      model.engine.weekRollovers = 1;
      await pass(coldMs + 3000);
      const fix = await run(gps.measure());
      assert.equal(fix.time, undefined);
      assert.equal(fix.timeDoubt, "week-rollover");
      assert.equal(fix.altitude, 499.6);
    });

    it("loses what the port cannot hold while the program computes, and nothing else", async () => {
      const { run, pass, gps, world, line } = gpsBench(part);
      await pass(coldMs + 3000);
      await run(gps.measure());
      world.task(0, () => world.advance(1_500_000));
      const fix = await run(gps.measure());
      assert.ok(line.lostBytes > 0);
      assert.ok(Math.abs(fix.latitude - PLACE.latitude) < 2e-6);
    });

    it("stops configuring when it is closed", async () => {
      const { run, gps, model } = gpsBench(part);
      model.hears = false;
      const configured = gps.configure();
      gps.close();
      await assert.rejects(run(configured), code("cancelled"));
    });

    it("asks for one thing at a time, and is over when it is closed", async () => {
      const { run, gps } = gpsBench(part);
      const first = gps.measure();
      await assert.rejects(gps.measure(), code("busy"));
      gps.close();
      await assert.rejects(run(first), code("cancelled"));
      assert.throws(() => gps.sample(), code("cancelled"));
    });
  });
}
