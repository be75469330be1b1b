/**
 * Three drivers against a bus that lies. Whatever happens on it, a reading is a number within the
 * part's range or an error with a code; and a single lost byte is never a wrong number.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { I2C, I2CConstructor } from "../../hal/ecma419.ts";
import { BME280, type BME280Sample } from "../../hal/sensors/bme280.ts";
import { BMP390, type BMP390Sample } from "../../hal/sensors/bmp390.ts";
import { INA219, type INA219Sample } from "../../hal/sensors/ina219.ts";
import type { Sensor } from "../../hal/sensors/sensor.ts";
import type { BusEffect } from "../../host-sim/board/bus-faults.ts";
import { Bme280Model } from "../../host-sim/chips/bme280-model.ts";
import { Bmp390Model } from "../../host-sim/chips/bmp390-model.ts";
import { Ina219Model } from "../../host-sim/chips/ina219-model.ts";
import { Trace } from "../../host-sim/world/trace.ts";
import { isLatchkeyError, type LatchkeyError } from "../../protocol/errors.ts";
import { sensorBench } from "./sensor-bench.ts";
import { VirtualTime } from "./virtual-time.ts";

type Air = BME280Sample & BMP390Sample;
type Reading = Air | INA219Sample;

/** Every number of a sample, with the range of its part. */
function assertPossible(sample: Reading): void {
  const within = (value: number | undefined, min: number, max: number) =>
    value === undefined || assert.ok(value >= min && value <= max, `${value}`);
  if ("thermometer" in sample) {
    within(sample.thermometer.temperature, -40, 85);
    within(sample.barometer?.pressure, 30_000, 125_000);
    within(sample.hygrometer?.humidity, 0, 100);
  } else {
    within(sample.voltage, 0, 32);
    within(sample.current, -3.3, 3.3);
    within(sample.power, -106, 106);
    within(sample.shuntVoltage, -0.32, 0.32);
  }
}

/** The three parts, in both modes where they have two; a load that is switched off. */
const PARTS = [
  "bme280",
  "bme280 normal",
  "bmp390",
  "bmp390 normal",
  "ina219",
  "ina219 idle",
] as const;
type Part = (typeof PARTS)[number];

function makeDriver(part: Part, options: ConstructorParameters<typeof BME280>[0]): Sensor<Reading> {
  if (part.startsWith("ina219")) return new INA219(options);
  const mode = part.endsWith("normal") ? "normal" : "forced";
  if (part.startsWith("bme280")) {
    const driver = new BME280(options);
    driver.configure({ mode, standbyMs: 10 });
    return driver;
  }
  const driver = new BMP390(options);
  driver.configure({ mode, intervalMs: 80 });
  return driver;
}

/** Nobody reads the trace of these thousands of runs, and its hash is most of their work. */
class NoTrace extends Trace {
  override record(): void {}
}

/** A part on the simulated board; `change` alters what it measures. */
function bench(part: Part) {
  const base = sensorBench({ trace: new NoTrace() });
  const { world } = base;
  const driver = makeDriver(part, { sensor: base.sensor, ...base.timing });
  if (part.startsWith("ina219")) {
    const model = new Ina219Model({ world });
    base.attach(model);
    const set = (load: object) => Object.assign(model.load, load);
    return {
      ...base,
      driver,
      before: () => set({ current: 1, voltage: 5 }),
      // Without a current, no product says whether the voltage is one.
      after: () => set({ current: part === "ina219" ? 2 : 0, voltage: 20 }),
    };
  }
  const model = part.startsWith("bme280") ? new Bme280Model({ world }) : new Bmp390Model({ world });
  base.attach(model);
  const set = (air: object) => Object.assign(model.air, air);
  return {
    ...base,
    driver,
    before: () => set({ temperature: 20, pressure: 100_000, humidity: 30 }),
    after: () => set({ temperature: 40, pressure: 90_000, humidity: 70 }),
  };
}

/** What is true after `after`, to the resolution of the worst. */
function assertTrue(sample: Reading, idle: boolean): void {
  const near = (value: number | undefined, wanted: number, by: number) =>
    value === undefined || assert.ok(Math.abs(value - wanted) < by, `${value} for ${wanted}`);
  if ("thermometer" in sample) {
    near(sample.thermometer.temperature, 40, 0.05);
    near(sample.barometer?.pressure, 90_000, 10);
    near(sample.hygrometer?.humidity, 70, 0.2);
  } else {
    near(sample.voltage, 20, 0.01);
    near(sample.current, idle ? 0 : 2, 0.001);
    near(sample.power, idle ? 0 : 40, 0.05);
  }
}

/** Runs a first reading, or not, then one with the fault; and at last one without. */
async function strike(part: Part, warm: boolean, effect: BusEffect, write: boolean, skip: number) {
  const { bus, driver, outcome, before, after, pass, world } = bench(part);
  before();
  if (warm) await outcome(driver);
  after();
  await pass(200);
  bus.faults.add({ direction: write ? "write" : "read", skip, effect });
  const struckBefore = bus.faults.struck;
  const struck = await outcome(driver);
  const idle = part === "ina219 idle";
  const where = `${part}, ${effect.kind}, ${write ? "write" : "read"} ${skip}`;
  if (typeof struck !== "string") assertTrue(struck, idle);
  else assert.match(struck, /^sensor-/, where);
  const hit = bus.faults.struck > struckBefore;
  bus.faults.clear();
  await pass(200);
  const healed = await outcome(driver);
  assert.ok(typeof healed !== "string", `${where}, then ${String(healed)}`);
  assertTrue(healed, idle);
  assert.ok(world.longestTurnUs < 50_000, `${world.longestTurnUs} µs`);
  return { hit, struck };
}

describe("sensors on I2C, one transfer disturbed", () => {
  for (const part of PARTS) {
    for (const warm of [false, true]) {
      const when = warm ? "later" : "the first";
      it(`${part}, ${when} reading: every NACK, of an address or of a byte`, async () => {
        let errors = 0;
        for (const write of [true, false]) {
          const effects: BusEffect[] = [{ kind: "address-nack" }];
          // Only the INA219 is written three bytes.
          const bytes = write ? (part.startsWith("ina219") ? [0, 1, 2] : [0, 1]) : [];
          for (const byte of bytes) effects.push({ kind: "data-nack", byte });
          for (const effect of effects) {
            for (let skip = 0; ; skip++) {
              const { hit, struck } = await strike(part, warm, effect, write, skip);
              if (!hit) break;
              if (typeof struck === "string") errors++;
              // An address that is not acknowledged always shows.
              else assert.notEqual(effect.kind, "address-nack", `${part} ${write} ${skip}`);
            }
          }
        }
        assert.ok(errors >= 3, `${errors} errors`);
      });
    }
  }
});

/** Reads as a script has it; every write is swallowed. */
function scriptedI2C(next: (length: number) => Uint8Array): I2CConstructor {
  return class implements I2C {
    read(target: number | ArrayBuffer | Uint8Array): ArrayBuffer & number {
      (target as Uint8Array).set(next((target as Uint8Array).length));
      return 0 as unknown as ArrayBuffer & number;
    }
    write(): void {}
    close(): void {}
  };
}

/** The ways through which a random driver gets past its checks: what a real chip answers. */
const KNOWN: Readonly<Record<number, readonly number[]>> = {
  1: [0x60, 0x00, 0x01, 0xb5, 0xf4, 0x10],
  2: [0x39, 0x9f],
};

describe("sensors on I2C, any bytes on the bus", () => {
  const byte = fc.oneof(fc.nat(255), fc.constantFrom(0x00, 0xff, 0x80, 0x60, 0x01));
  for (const part of PARTS) {
    it(`${part}: a number within its range, or a code`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(byte, { minLength: 40, maxLength: 120 }),
          fc.nat(),
          async (bytes, seed) => {
            const time = new VirtualTime();
            let at = seed;
            const io = scriptedI2C((length) => {
              const known = KNOWN[length];
              const plain = Uint8Array.from({ length }, () => bytes[at++ % bytes.length]!);
              // Half of the short answers are right, so that the drivers get further.
              if (known === undefined || (at & 1) === 0) return plain;
              return Uint8Array.from(
                { length },
                (_, i) => known[(length === 1 ? at : i) % known.length]!,
              );
            });
            const { clock, timer } = time;
            const driver = makeDriver(part, { sensor: { io, data: 2, clock: 3 }, clock, timer });
            for (let i = 0; i < 3; i++) {
              try {
                assertPossible(await time.until(driver.measure()));
              } catch (error) {
                assert.ok(isLatchkeyError(error), String(error));
                assert.match((error as LatchkeyError).code, /^sensor-/);
              }
            }
          },
        ),
        { numRuns: 40 },
      );
    });

    it(`${part}: the same, with a right chip whose every answer may be garbled`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat(40), fc.nat(20), fc.nat(7), async (skip, at, bit) => {
          const { bus, driver, outcome, before } = bench(part);
          before();
          bus.faults.add({
            direction: "read",
            skip,
            times: 3,
            effect: { kind: "bit-flip", byte: at, bit },
          });
          for (let i = 0; i < 4; i++) {
            const result = await outcome(driver);
            if (typeof result === "string") assert.match(result, /^sensor-/);
            else assertPossible(result);
          }
        }),
        { numRuns: 20 },
      );
    });
  }
});

describe("three sensors on one bus", () => {
  it("measure at the same time, each at its address", async () => {
    const { world, attach, sensor, timing, settle } = sensorBench();
    const chips = [
      new Bme280Model({ world, address: 0x77 }),
      new Bmp390Model({ world }),
      new Ina219Model({ world, address: 0x41 }),
    ];
    for (const chip of chips) attach(chip);
    const [air, barometer, load] = await settle(
      Promise.all([
        new BME280({ sensor: { ...sensor, address: 0x77 }, ...timing }).measure(),
        new BMP390({ sensor, ...timing }).measure(),
        new INA219({ sensor: { ...sensor, address: 0x41 }, ...timing }).measure(),
      ]),
    );
    assert.equal(air.thermometer.temperature.toFixed(1), "25.1");
    assert.equal(barometer.barometer?.pressure.toFixed(0), "100876");
    assert.equal(load.voltage, 12);
    assert.deepEqual(
      chips.flatMap((chip) => chip.faults),
      [],
    );
  });
});
