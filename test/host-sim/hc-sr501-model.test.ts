import assert from "node:assert/strict";
import { HcSr501Model, type HcSr501Options } from "../../host-sim/chips/hc-sr501-model.ts";
import { pinBench } from "../hal/pin-bench.ts";

function bench(options: Partial<HcSr501Options> = {}) {
  const { world, pins, pass } = pinBench("pir model");
  const pin = pins.pin(11);
  const model = new HcSr501Model({ world, pin, ...options });
  /** Rises and falls, in seconds since power-up. */
  const edges: number[] = [];
  const startUs = world.nowUs();
  pin.onEdge((_, timeUs) => edges.push((timeUs - startUs) / 1e6));
  model.powerOn();
  return { world, pins, pin, model, edges, pass };
}

async function settled(options: Partial<HcSr501Options> = {}) {
  const made = bench(options);
  await made.pass(100_000);
  made.edges.length = 0;
  return made;
}

describe("the HC-SR501 model at its pin", () => {
  it("triggers up to three times for no reason in its first minute, then no more", async () => {
    const counts = new Set<number>();
    for (let i = 0; i < 12; i++) {
      const { pass, edges, model } = bench({ name: `specimen ${i}` });
      await pass(3_600_000);
      assert.ok(edges.every((second) => second <= 60));
      assert.ok(model.falseTriggers <= 3);
      counts.add(model.falseTriggers);
    }
    assert.ok(counts.size > 2, `${[...counts]}`);
  });

  it("is high for its hold time, then blind for three seconds", async () => {
    const { model, edges, pass } = await settled({ holdMs: 7_000 });
    model.move();
    await pass(9_000);
    model.move();
    await pass(2_000);
    model.move();
    await pass(20_000);
    assert.deepEqual(edges, [100, 107, 111, 118]);
  });

  it("with the jumper at H motion makes the pulse longer, at L it does not", async () => {
    const high = await settled({ holdMs: 7_000, jumper: "H" });
    high.model.move(20_000);
    await high.pass(40_000);
    assert.deepEqual(high.edges, [100, 127]);
    const low = await settled({ holdMs: 7_000, jumper: "L" });
    low.model.move(9_000);
    await low.pass(40_000);
    assert.deepEqual(low.edges, [100, 107]);
  });

  it("jams and comes free, and without power drives nothing", async () => {
    const { model, edges, pass, pin, pins } = await settled();
    model.jam();
    await pass(3_600_000);
    model.move();
    assert.deepEqual(edges, [100]);
    model.free();
    assert.equal(pin.level, 0);
    await pass(10_000);
    model.move();
    model.powerOff();
    pin.drive("test", "high");
    await pass(10_000);
    assert.equal(pin.level, 1);
    assert.equal(pins.shorts, 0);
  });
});
