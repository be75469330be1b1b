import assert from "node:assert/strict";
import fc from "fast-check";
import type { PulseCapture, PulseCaptureOptions } from "../../hal/pulse-capture.ts";
import { DHT22 } from "../../hal/sensors/dht22.ts";
import { DURATIONS, decodePulses, parseFrame } from "../../hal/sensors/dht22-frame.ts";
import { boardIo } from "../../host-sim/board/io.ts";
import { Dht22Model, type Dht22Options } from "../../host-sim/chips/dht22-model.ts";
import { fromHex } from "../../protocol/encoding/hex.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { code } from "./driver-bench.ts";
import { pinBench } from "./pin-bench.ts";

const PIN = 10;

function bench(options: Partial<Dht22Options> = {}, seed = "dht22") {
  const pinned = pinBench(seed);
  const { world, pins, clock, timer } = pinned;
  const pin = pins.pin(PIN);
  pin.pull("resistor", "up");
  const model = new Dht22Model({ world, wire: pin, ...options });
  model.powerOn();
  const io = boardIo({ pins, buses: [] }).PulseCapture!;
  const sensor = new DHT22({ sensor: { io, pin: PIN }, clock, timer });
  return { ...pinned, pin, model, sensor, measure: () => pinned.run(sensor.measure()) };
}

const reading = (temperature: number, humidity: number) => ({
  thermometer: { temperature },
  hygrometer: { humidity },
});

describe("a frame of the DHT22", () => {
  for (const [hex, celsius, humidity, source] of [
    ["028c015fee", 35.1, 65.2, "the AM2302 data sheet's example"],
    ["028c806573", -10.1, 65.2, "its example below zero, which ESPHome's rule makes -10.2"],
    ["022080aa4c", -17, 54.4, "a capture published by forth-ev"],
    ["02207f7213", -14.2, 54.4, "a clone that sends 12 bits of a two's complement"],
    ["0220ff7293", -14.2, 54.4, "the same with its sign"],
    ["03e780006a", 0, 99.9, "a negative zero"],
    ["0000032023", 80, 0, "the end of the range"],
    ["03e88190fc", -40, 100, "the other end"],
  ] as const) {
    it(`reads ${celsius} °C and ${humidity} % out of ${source}`, () => {
      assert.deepEqual(parseFrame(fromHex(hex)), { celsius, humidity });
    });
  }

  for (const [hex, wanted, what] of [
    ["028c015fed", "sensor-checksum", "a sum that is off by one"],
    ["0000000000", "sensor-power-on-value", "zeroes, whose sum is right"],
    ["03e90000ec", "sensor-out-of-range", "100.1 %"],
    ["0200032126", "sensor-out-of-range", "80.1 °C"],
    ["0200819114", "sensor-out-of-range", "-40.1 °C"],
    ["ffffffffff", "sensor-checksum", "a line that is always high"],
  ] as const) {
    it(`refuses ${what} with ${wanted}`, () => {
      assert.throws(() => parseFrame(fromHex(hex)), code(wanted));
    });
  }
});

/** A capture as a part of that slowness sends it. */
function pulses(hex: string, slowness = 1): number[] {
  const bits = [...fromHex(hex)].flatMap((byte) =>
    Array.from({ length: 8 }, (_, i) => (byte >> (7 - i)) & 1),
  );
  const us = [30, 80, 80, ...bits.flatMap((bit) => [50, bit === 1 ? 70 : 26]), 50];
  return us.map((value) => Math.round(value * slowness));
}

const bytesOf = (durations: readonly number[]) => decodePulses(Uint16Array.from(durations));

describe("the pulses of the DHT22", () => {
  it("are bits by comparing each high with its low, at any speed of the oscillator", () => {
    for (const slowness of [0.6, 0.8, 1, 1.25, 1.45]) {
      assert.deepEqual(bytesOf(pulses("028c015fee", slowness)), fromHex("028c015fee"));
    }
    assert.equal(pulses("028c015fee").length, DURATIONS);
  });

  it("none at all are sensor-absent, too few or too many sensor-bus", () => {
    assert.throws(() => bytesOf([]), code("sensor-absent"));
    const whole = pulses("028c015fee");
    for (let length = 1; length < whole.length; length++) {
      assert.throws(() => bytesOf(whole.slice(0, length)), code("sensor-bus"));
    }
    assert.throws(() => bytesOf([...whole, 9000]), code("sensor-bus"));
  });

  it("that were cut or joined by a spike are sensor-bus", () => {
    const whole = pulses("028c015fee");
    for (let at = 1; at < whole.length; at++) {
      const cut = [...whole.slice(0, at), 3, ...whole.slice(at + 1)];
      assert.throws(() => bytesOf(cut), code("sensor-bus"), `${at}`);
      const joined = [...whole.slice(0, at), 160, ...whole.slice(at + 1)];
      assert.throws(() => bytesOf(joined), code("sensor-bus"), `${at}`);
    }
  });

  it("of any length are a checked reading or a coded error", () => {
    const property = fc.property(
      fc.array(fc.oneof(fc.nat(200), fc.constantFrom(26, 50, 70, 80, 65_535)), {
        minLength: DURATIONS - 2,
        maxLength: DURATIONS + 1,
      }),
      (durations) => {
        try {
          const bytes = bytesOf(durations);
          const { celsius, humidity } = parseFrame(bytes);
          assert.ok(celsius >= -40 && celsius <= 80 && humidity >= 0 && humidity <= 100);
          assert.equal((bytes[0]! + bytes[1]! + bytes[2]! + bytes[3]!) & 255, bytes[4]);
        } catch (error) {
          assert.ok(isLatchkeyError(error), String(error));
        }
      },
    );
    fc.assert(property, { numRuns: 300 });
  });
});

describe("the DHT22 driver", () => {
  it("throws the first answer away: it is from before", async () => {
    const { measure, model, sensor, world } = bench({ celsius: 50, humidity: 10 });
    model.celsius = -10.1;
    model.humidity = 65.2;
    assert.deepEqual(await measure(), reading(-10.1, 65.2));
    assert.equal(model.answers, 2);
    assert.deepEqual(model.violations, []);
    assert.ok(world.nowUs() > 4_000_000 && world.nowUs() < 4_100_000, `${world.nowUs()} µs`);
    assert.deepEqual(sensor.sample(), reading(-10.1, 65.2));
    assert.equal(sensor.sample(), undefined);
  });

  it("reads once while it is asked often, twice after a pause", async () => {
    const { measure, model, pass } = bench({ celsius: 20 });
    await measure();
    await pass(3_000);
    model.celsius = 25;
    await measure();
    assert.equal(model.answers, 3);
    await pass(60_000);
    model.celsius = 30;
    assert.deepEqual(await measure(), reading(30, 50));
    assert.equal(model.answers, 5);
    assert.deepEqual(model.violations, []);
  });

  it("sooner than after 2 s is sensor-too-soon, twice at once busy", async () => {
    const { measure, sensor, pass } = bench();
    const first = measure();
    await assert.rejects(sensor.measure(), code("busy"));
    await first;
    await pass(1_900);
    await assert.rejects(measure(), code("sensor-too-soon"));
    await pass(150);
    await measure();
  });

  for (const encoding of ["twos-complement", "twos-complement-no-sign"] as const) {
    it(`reads a clone with ${encoding}`, async () => {
      assert.deepEqual(await bench({ encoding, celsius: -14.2 }).measure(), reading(-14.2, 50));
    });
  }

  it("reads a part whose oscillator is off by a fifth", async () => {
    for (const slowness of [0.8, 1.2]) {
      assert.deepEqual(await bench({ slowness }).measure(), reading(20, 50));
    }
  });

  it("a wrong checksum is sensor-checksum, and the next answer is thrown away as well", async () => {
    const { measure, model, pass } = bench();
    await measure();
    await pass(3_000);
    model.faults.wrongSums = 1;
    await assert.rejects(measure(), code("sensor-checksum"));
    await pass(3_000);
    model.celsius = 12;
    assert.deepEqual(await measure(), reading(12, 50));
  });

  it("an answer that breaks off is sensor-bus, silence sensor-absent, soon", async () => {
    const { measure, model, pass, world } = bench();
    await measure();
    for (const bits of [0, 1, 17, 39]) {
      await pass(3_000);
      model.faults.breakOffAfter = bits;
      await assert.rejects(measure(), code("sensor-bus"));
    }
    await pass(3_000);
    model.faults.silent = true;
    const startUs = world.nowUs();
    await assert.rejects(measure(), code("sensor-absent"));
    assert.ok(world.nowUs() - startUs < 10_000);
    model.faults.silent = false;
    await pass(3_000);
    assert.deepEqual(await measure(), reading(20, 50));
  });

  it("a data line that is held low is sensor-absent", async () => {
    const { measure, pin } = bench();
    pin.drive("short", "low");
    await assert.rejects(measure(), code("sensor-absent"));
  });

  it("measurements out of range are refused", async () => {
    await assert.rejects(bench({ humidity: 104 }).measure(), code("sensor-out-of-range"));
    await assert.rejects(bench({ celsius: 90 }).measure(), code("sensor-out-of-range"));
  });

  it("reads on while the program is busy with something else", async () => {
    const { measure, world, pass, model } = bench();
    await measure();
    await pass(3_000);
    // A signature that takes 40 ms begins just before the answer ends.
    world.task(3_000, () => world.advance(40_000));
    await measure();
    assert.deepEqual(model.violations, []);
  });

  it("noise on the line gives a checked reading or a coded error, and it works again", async () => {
    const spikes = fc.array(fc.record({ atUs: fc.nat(7_000), us: fc.nat(60) }), { maxLength: 6 });
    const property = fc.asyncProperty(spikes, async (some) => {
      const { measure, world, pin, pass } = bench({ celsius: 23.4, humidity: 56.7 });
      await measure();
      await pass(3_000);
      for (const { atUs, us } of some) {
        world.after(atUs, () => pin.drive("noise", "low"));
        world.after(atUs + us, () => pin.drive("noise", "none"));
      }
      try {
        const { thermometer, hygrometer } = await measure();
        assert.ok(thermometer.temperature >= -40 && thermometer.temperature <= 80);
        assert.ok(hygrometer.humidity >= 0 && hygrometer.humidity <= 100);
      } catch (error) {
        assert.ok(isLatchkeyError(error), String(error));
      }
      await pass(30_000);
      assert.deepEqual(await measure(), reading(23.4, 56.7));
    });
    await fc.assert(property, { numRuns: 25 });
  });
});

describe("the DHT22 driver with a capture that is not what it should be", () => {
  function loose(trigger: (options: PulseCaptureOptions) => void, result?: Uint16Array) {
    const { clock, timer, run } = pinBench("loose");
    const io = class {
      readonly #options: PulseCaptureOptions;
      constructor(options: PulseCaptureOptions) {
        this.#options = options;
      }
      trigger() {
        trigger.call(this as unknown as PulseCapture, this.#options);
      }
      read = () => result?.slice().buffer;
      close = () => undefined;
    };
    return { run, sensor: new DHT22({ sensor: { io, pin: PIN }, clock, timer }) };
  }

  it("one that never ends is sensor-timeout, one that throws sensor-bus", async () => {
    const silent = loose(() => undefined);
    await assert.rejects(silent.run(silent.sensor.measure(), 3_000), code("sensor-timeout"));
    const throwing = loose(() => {
      throw new Error("busy");
    });
    await assert.rejects(throwing.run(throwing.sensor.measure()), code("sensor-bus"));
  });

  it("one that answers inside of trigger works", async () => {
    const result = Uint16Array.from(pulses("028c015fee"));
    const quick = loose(function (this: unknown, { onReadable }: PulseCaptureOptions) {
      onReadable.call(this as PulseCapture, result.length);
    }, result);
    assert.deepEqual(await quick.run(quick.sensor.measure()), reading(35.1, 65.2));
  });
});
