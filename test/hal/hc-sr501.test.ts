import assert from "node:assert/strict";
import fc from "fast-check";
import { HCSR501, type HCSR501Options } from "../../hal/sensors/hc-sr501.ts";
import { boardIo } from "../../host-sim/board/io.ts";
import { HcSr501Model, type HcSr501Options } from "../../host-sim/chips/hc-sr501-model.ts";
import { code } from "./driver-bench.ts";
import { pinBench } from "./pin-bench.ts";

const PIN = 11;

interface BenchOptions {
  readonly seed?: string;
  readonly chip?: Partial<HcSr501Options>;
  readonly driver?: Partial<HCSR501Options>;
}

function bench({ seed = "pir", chip = {}, driver = {} }: BenchOptions = {}) {
  const pinned = pinBench(seed);
  const { world, pins, clock, timer } = pinned;
  const pin = pins.pin(PIN);
  const model = new HcSr501Model({ world, pin, ...chip });
  model.powerOn();
  const io = boardIo({ pins, buses: [] }).Digital;
  /** `+` motion began, `-` it ended, a code for an error, each with its time in seconds. */
  const events: string[] = [];
  const note = (what: string) => events.push(`${what}${Math.round(world.nowUs() / 1e6)}`);
  const sensor = new HCSR501({
    sensor: { io, pin: PIN },
    clock,
    timer,
    onSample: ({ motion }) => note(motion ? "+" : "-"),
    onError: (error) => note(`${error.code} `),
    ...driver,
  });
  return { ...pinned, pin, model, sensor, events };
}

/** One that has settled: a minute has passed. */
async function settled(options: BenchOptions = {}) {
  const made = bench(options);
  await made.pass(70_000);
  return made;
}

describe("the HC-SR501 driver", () => {
  it("believes nothing in the first minute, in which the part triggers by itself", async () => {
    let falseTriggers = 0;
    for (const seed of ["a", "b", "c", "d"]) {
      const { pass, sensor, events, model, run } = bench({ seed });
      for (let second = 0; second < 59; second++) {
        assert.throws(() => sensor.sample(), code("sensor-warming-up"));
        await pass(1_000);
      }
      await assert.rejects(run(sensor.measure()), code("sensor-warming-up"));
      await pass(11_000);
      assert.deepEqual(sensor.sample(), { motion: false });
      assert.deepEqual(events, []);
      falseTriggers += model.falseTriggers;
    }
    assert.ok(falseTriggers > 3, `${falseTriggers}`);
  });

  it("tells when motion begins and when it ends", async () => {
    const { pass, sensor, events, model, run } = await settled({ chip: { holdMs: 8_000 } });
    model.move();
    await pass(1_000);
    assert.deepEqual(await run(sensor.measure()), { motion: true });
    await pass(29_000);
    assert.deepEqual(await run(sensor.measure()), { motion: false });
    // 8 s of the part, 5 s of hold-off.
    assert.deepEqual(events, ["+70", "-83"]);
  });

  it("makes one motion of someone who keeps moving, blind times and all", async () => {
    for (const jumper of ["L", "H"] as const) {
      const { pass, events, model } = await settled({ chip: { jumper, holdMs: 4_000 } });
      model.move(60_000);
      await pass(100_000);
      assert.equal(events.length, 2, `${jumper}: ${events}`);
      assert.equal(events[0], "+70");
      assert.ok(Number(events[1]!.slice(1)) >= 130, events[1]);
    }
  });

  it("without hold-off every pulse of the part is a motion", async () => {
    const chip = { jumper: "L", holdMs: 4_000 } as const;
    const { pass, events, model } = await settled({ chip, driver: { delayedOffMs: 0 } });
    model.move(20_000);
    await pass(40_000);
    // 4 s high, 3 s blind, and motion every half second.
    assert.deepEqual(events, ["+70", "-74", "+77", "-81", "+84", "-88"]);
  });

  it("a spike is no motion, and a gap no end", async () => {
    const { pass, events, pin, model, world } = await settled({ driver: { delayedOffMs: 1_000 } });
    model.powerOff();
    const set = (level: "high" | "low") => pin.drive("test", level);
    set("high");
    await pass(40);
    set("low");
    await pass(5_000);
    assert.deepEqual(events, []);
    set("high");
    await pass(100);
    set("low");
    await pass(900);
    set("high");
    await pass(3_000);
    assert.equal(events.length, 1, `${events} ${world.nowUs()}`);
  });

  it("an output that stays high is sensor-stuck once, until it falls", async () => {
    const driver = { stuckMs: 600_000 };
    const { pass, sensor, events, model } = await settled({ driver });
    model.jam();
    await pass(500_000);
    assert.deepEqual(sensor.sample(), { motion: true });
    await pass(200_000);
    assert.throws(() => sensor.sample(), code("sensor-stuck"));
    assert.deepEqual(events, ["+70", "sensor-stuck 670"]);
    await pass(2_000_000);
    model.free();
    await pass(20_000);
    assert.deepEqual(sensor.sample(), { motion: false });
    assert.deepEqual(events, ["+70", "sensor-stuck 670", "-2775"]);
    model.jam();
    await pass(700_000);
    assert.equal(events.length, 5);
  });

  it("motion that began while it warmed up is told when that is over", async () => {
    const { pass, events, pin, model } = bench();
    model.powerOff();
    pin.drive("test", "high");
    await pass(61_000);
    assert.deepEqual(events, ["+60"]);
  });

  it("a wire that is off reads as no motion", async () => {
    const { sensor, events, model, pass } = await settled();
    model.powerOff();
    await pass(10_000);
    assert.deepEqual(sensor.sample(), { motion: false });
    assert.deepEqual(events, []);
  });

  it("refuses times that are none, and frees its pin", () => {
    const { sensor, pins } = bench();
    for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => sensor.configure({ delayedOnMs: value }), code("malformed"));
    }
    sensor.close();
    assert.equal(pins.pin(PIN).owner, undefined);
  });

  it("begins and ends by turns, whatever the wire does", async () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(8_000)), { maxLength: 30 });
    const property = fc.asyncProperty(steps, async (some) => {
      const { pass, events, pin, model, sensor } = await settled();
      model.powerOff();
      for (const [high, ms] of some) {
        pin.drive("noise", high ? "high" : "low");
        await pass(ms);
      }
      pin.drive("noise", "low");
      await pass(6_000);
      assert.deepEqual(sensor.sample(), { motion: false });
      const kinds = events.map((event) => event[0]).join("");
      assert.match(kinds, /^(\+-)*$/);
    });
    await fc.assert(property, { numRuns: 25 });
  });
});
