import assert from "node:assert/strict";
import fc from "fast-check";
import { Buzzer } from "../../hal/buzzer.ts";
import { recoverBus } from "../../hal/i2c-recovery.ts";
import { LED_PATTERNS, Led } from "../../hal/led.ts";
import { Relay, type RelayOptions } from "../../hal/relay.ts";
import { I2CBus } from "../../host-sim/board/i2c-bus.ts";
import { boardIo } from "../../host-sim/board/io.ts";
import { Pins } from "../../host-sim/board/pins.ts";
import { RelayRecorder } from "../../host-sim/board/relay-recorder.ts";
import type { QueuedEvent } from "../../host-sim/world/event-queue.ts";
import { World } from "../../host-sim/world/world.ts";

const PIN = 15;

function board() {
  const world = new World({ seed: "outputs", idle: () => Promise.resolve() });
  const pins = new Pins(world);
  const bus = new I2CBus({ world, pins, data: 4, clock: 5 });
  // The Pico's port as it is: a new output comes up low, whatever `initialValue` says.
  const io = boardIo({ pins, buses: [bus], digital: { initialValue: false } });
  const clock = { monotonicMs: () => world.nowUs() / 1000 };
  const timer = {
    set: (run: () => void, delayMs: number) => world.task(delayMs * 1000, run),
    clear: (handle: object | number) => world.cancel(handle as QueuedEvent),
  };
  return { world, pins, bus, io, clock, timer, pass: (ms: number) => world.runFor(ms * 1000) };
}

for (const activeLow of [false, true]) {
  describe(`Relay, active ${activeLow ? "low" : "high"}`, () => {
    function door(more: Partial<RelayOptions> = {}) {
      const parts = board();
      const { world, pins, io, clock, timer } = parts;
      const recorder = new RelayRecorder({ world, pin: pins.pin(PIN), activeLow });
      const relay = new Relay({ io: io.Digital, pin: PIN, activeLow, clock, timer, ...more });
      const windows = () => recorder.windows().map(({ fromUs, toUs }) => [fromUs, toUs]);
      return { ...parts, relay, recorder, windows };
    }

    it("neither its making nor its end is an edge", async () => {
      const { relay, recorder, pass } = door();
      await pass(100);
      relay.release();
      relay.close();
      relay.close();
      await pass(100);
      assert.deepEqual(recorder.edges, []);
    });

    it("is energised exactly as long as it was told", async () => {
      const { relay, pass, windows } = door();
      await pass(10);
      relay.energise(3_000);
      assert.equal(relay.energised, true);
      await pass(10_000);
      assert.equal(relay.energised, false);
      assert.deepEqual(windows(), [[10_000, 3_010_000]]);
    });

    it("never longer than its bound", async () => {
      const { relay, pass, windows } = door({ maxMs: 5_000 });
      relay.energise(1e12);
      await pass(60_000);
      assert.deepEqual(windows(), [[0, 5_000_000]]);
    });

    it("a second grant moves the end later, never earlier, without a gap", async () => {
      const { relay, pass, windows } = door();
      relay.energise(3_000);
      await pass(1_000);
      relay.energise(500);
      await pass(1_000);
      relay.energise(3_000);
      await pass(10_000);
      assert.deepEqual(windows(), [[0, 5_000_000]]);
    });

    it("release ends it at once, and again does nothing", async () => {
      const { relay, pass, windows, recorder } = door();
      relay.energise(3_000);
      await pass(100);
      relay.release();
      relay.release();
      await pass(5_000);
      assert.deepEqual(windows(), [[0, 100_000]]);
      relay.energise(200);
      await pass(1_000);
      assert.equal(recorder.edges.length, 4);
    });

    it("nonsense is malformed and leaves the door as it is", async () => {
      const { relay, recorder, pass } = door();
      for (const bad of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
        assert.throws(() => relay.energise(bad), { code: "malformed" });
      await pass(100);
      assert.deepEqual(recorder.edges, []);
    });

    it("after close it cannot be energised, and close while energised releases", async () => {
      const { relay, windows, pass } = door();
      relay.energise(3_000);
      await pass(50);
      relay.close();
      relay.energise(1_000);
      await pass(5_000);
      assert.deepEqual(windows(), [[0, 50_000]]);
    });

    it("tells of each change once", async () => {
      const changes: boolean[] = [];
      const { relay, pass } = door({ onChange: (energised) => changes.push(energised) });
      relay.energise(100);
      relay.energise(200);
      await pass(1_000);
      assert.deepEqual(changes, [true, false]);
    });

    it("any calls in any order leave it released within the bound of the last grant", async () => {
      const step = fc.record({ ms: fc.nat(3_000), energise: fc.option(fc.nat(4_000)) });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          const { relay, pass, recorder } = door({ maxMs: 2_000 });
          for (const { ms, energise } of steps) {
            if (energise === null) relay.release();
            else relay.energise(energise + 1);
            await pass(ms);
          }
          await pass(2_000);
          assert.equal(recorder.energised, false);
          assert.equal(relay.leftMs, 0);
        }),
        { numRuns: 50 },
      );
    });
  });
}

describe("Light and sound", () => {
  function watch(pins: Pins, pin: number) {
    const edges: [number, number][] = [];
    pins.pin(pin).onEdge((level, timeUs) => edges.push([level, timeUs / 1000]));
    return edges;
  }

  it("a pattern plays its steps and ends dark", async () => {
    const { pins, io, timer, pass } = board();
    const led = new Led({ io: io.Digital, pin: PIN, timer });
    const edges = watch(pins, PIN);
    led.play("denied");
    await pass(5_000);
    assert.deepEqual(edges, [
      [1, 0],
      [0, 120],
      [1, 240],
      [0, 360],
      [1, 480],
      [0, 600],
    ]);
  });

  it("an active-low light is dark when high", async () => {
    const { pins, io, timer } = board();
    const led = new Led({ io: io.Digital, pin: PIN, timer, activeLow: true });
    assert.equal(pins.pin(PIN).level, 1);
    led.play("granted");
    assert.equal(pins.pin(PIN).level, 0);
    led.off();
    assert.equal(pins.pin(PIN).level, 1);
  });

  it("a repeating pattern goes on until another one or off", async () => {
    const { pins, io, timer, pass } = board();
    const led = new Led({ io: io.Digital, pin: PIN, timer });
    const edges = watch(pins, PIN);
    led.play("busy");
    await pass(1_000);
    assert.ok(edges.length >= 15);
    led.play({ steps: [] });
    const count = edges.length;
    await pass(1_000);
    assert.ok(edges.length <= count + 1 && pins.pin(PIN).level === 0);
    led.close();
  });

  it("a repeating pattern of no length ends instead of hanging", () => {
    const { pins, io, timer } = board();
    const led = new Led({ io: io.Digital, pin: PIN, timer });
    led.play({ steps: [{ level: 1, ms: 0 }], repeat: true });
    led.play({ steps: [], repeat: true });
    assert.equal(pins.pin(PIN).level, 0);
    assert.ok(Object.isFrozen(LED_PATTERNS));
  });

  it("an active buzzer hums its pattern, a passive one gets the tone, none is silent", async () => {
    const { pins, io, timer, pass } = board();
    const active = new Buzzer({ pin: PIN, timer, digital: io.Digital });
    const edges = watch(pins, PIN);
    active.play("granted");
    await pass(500);
    assert.deepEqual(
      edges.map(([level]) => level),
      [1, 0],
    );
    active.close();
    const passive = new Buzzer({ pin: 16, timer, pwm: io.PWM });
    passive.play("denied");
    await pass(100);
    assert.equal(pins.pin(16).owner, "pwm");
    await pass(1_000);
    assert.equal(pins.pin(16).owner, undefined);
    passive.close();
    new Buzzer({ pin: 17, timer }).play("error");
  });
});

describe("I2C bus recovery", () => {
  const pinsOf = (io: ReturnType<typeof board>["io"]) => ({ io: io.Digital, data: 4, clock: 5 });

  for (const clocks of [1, 4, 9]) {
    it(`a device that holds SDA for ${clocks} more clocks is freed`, () => {
      const { bus, pins, io } = board();
      bus.stickSda(clocks);
      assert.equal(recoverBus(pinsOf(io)), clocks);
      assert.equal(pins.pin(4).level, 1);
      assert.equal(pins.pin(4).owner, undefined, "the pins are given back");
      assert.equal(pins.shorts, 0, "nothing is driven against a device");
    });
  }

  it("a free bus needs no clock", () => {
    const { io } = board();
    assert.equal(recoverBus(pinsOf(io)), 0);
  });

  it("SDA or SCL held for good is bus-stuck, and says which", () => {
    for (const line of ["data", "clock"] as const) {
      const { bus, io, pins } = board();
      if (line === "data") bus.stickSda(1_000);
      else bus.stickScl(Number.POSITIVE_INFINITY);
      assert.throws(() => recoverBus(pinsOf(io)), { code: "bus-stuck", detail: { line } });
      assert.equal(pins.pin(4).owner, undefined);
      assert.equal(pins.pin(5).owner, undefined);
    }
  });
});
