import assert from "node:assert/strict";
import { INA219 } from "../../hal/sensors/ina219.ts";
import { ina219Calibration } from "../../hal/sensors/ina219-registers.ts";
import {
  type INA219Configuration,
  parseIna219Settings,
} from "../../hal/sensors/ina219-settings.ts";
import { Ina219Model } from "../../host-sim/chips/ina219-model.ts";
import { rejectsCode, throwsCode } from "../protocol/error-code.ts";
import { near } from "./near.ts";
import { sensorBench } from "./sensor-bench.ts";

function bench(configuration: INA219Configuration = {}, shunt = 0.1) {
  const base = sensorBench();
  const model = new Ina219Model({ world: base.world, shunt });
  base.attach(model);
  const driver = new INA219({ sensor: base.sensor, ...base.timing });
  driver.configure(configuration);
  return { ...base, model, driver, read: () => base.measure(driver) };
}

describe("INA219 settings", () => {
  it("calibrate as the data sheet's equation, cut and not shifted", () => {
    // TI SBOS448, 10 A over 2 mOhm; Adafruit_INA219 setCalibration_32V_2A, _32V_1A, _16V_400mA.
    assert.equal(ina219Calibration(0.001, 0.002), 20480);
    assert.equal(ina219Calibration(0.0001, 0.1), 4096);
    assert.equal(ina219Calibration(0.00004, 0.1), 10240);
    assert.equal(ina219Calibration(0.00005, 0.1), 8192);
    // Bit 0 cannot be set: 13107.2 is 13106.
    assert.equal(ina219Calibration(0.00003125, 0.1), 13106);
    assert.equal(ina219Calibration(1e-9, 0.1), 0xfffe);
  });

  it("choose the finest ranges that hold what is asked for", () => {
    const configuration = (options: INA219Configuration) =>
      parseIna219Settings(options).configuration.toString(16);
    assert.equal(configuration({}), "399b");
    assert.equal(configuration({ maxVoltage: 16, maxCurrent: 0.4 }), "19b");
    assert.equal(configuration({ maxVoltage: 16.1, maxCurrent: 0.41 }), "299b");
    assert.equal(configuration({ maxVoltage: 5, maxCurrent: 1.6, averaging: 128 }), "17fb");
    assert.equal(configuration({ resolution: 9 }), "3803");
  });

  it("refuse what the chip cannot do, and name the field", () => {
    const refused = (options: object, field: string) =>
      throwsCode(() => parseIna219Settings(options), "config-invalid", field);
    refused({ maxCurrent: 3.3 }, "max_current");
    refused({ maxCurrent: Number.NaN }, "max_current");
    refused({ maxVoltage: 33 }, "max_voltage");
    refused({ shuntResistance: 0 }, "shunt_resistance");
    refused({ averaging: 3 }, "averaging");
    refused({ averaging: 2, resolution: 9 }, "resolution");
  });
});

describe("INA219 driver on the simulated chip", () => {
  it("reads the registers of the data sheet's example, 10 A over 2 mOhm at 11.98 V", async () => {
    const { model, read } = bench({ shuntResistance: 0.002, maxCurrent: 32.767 }, 0.002);
    Object.assign(model.load, { current: 10, voltage: 11.98 });
    const sample = await read();
    assert.deepEqual(
      [1, 2, 3, 4, 5].map((register) => model.register(register)),
      // 5D98 without its ready bit, which reading the power has cleared.
      [2000, 0x5d98, 5990, 10000, 20480],
    );
    near(sample.voltage, 11.98, 1e-9);
    near(sample.current, 10, 1e-9);
    near(sample.power, 119.8, 1e-9);
    near(sample.shuntVoltage, 0.02, 1e-12);
  });

  it("measures any load to its resolution, in both directions", async () => {
    const { model, read } = bench();
    for (const [current, voltage] of [
      [0, 12],
      [0.5, 3.3],
      [3.1, 26],
      [-1.25, 5],
      [0.001, 0],
    ] as const) {
      Object.assign(model.load, { current, voltage });
      const sample = await read();
      near(sample.current, current, 0.0002);
      near(sample.voltage, voltage, 0.0041);
      near(sample.power, current * voltage, 0.02);
    }
    assert.deepEqual(model.faults, []);
  });

  it("speaks on the bus exactly so", async () => {
    const { trace, read } = bench();
    await read();
    const reading = [
      "W 05 10 62",
      "W 00 39 9B",
      "R 02,2",
      "R 01,2",
      "R 04,2",
      "R 02,2",
      "R 03,2",
      "R 00,2",
      "R 05,2",
    ];
    assert.deepEqual(trace(), ["W 00 80 00", "R 00,2", ...reading]);
    await read();
    assert.deepEqual(trace().slice(2 + reading.length), reading);
  });

  it("triggers each reading: between them the chip converts nothing", async () => {
    const { model, read, pass } = bench();
    await read();
    const { conversions } = model;
    await pass(1000);
    assert.equal(model.conversions, conversions);
    model.load.current = 2;
    near((await read()).current, 2, 0.0002);
  });

  it("waits as long as the averaging asks for", async () => {
    const { world, read } = bench({ averaging: 128 });
    await read();
    const start = world.nowUs();
    await read();
    const took = (world.nowUs() - start) / 1000;
    // Twice 68.1 ms.
    assert.ok(took > 136 && took < 160, `${took} ms`);
  });

  it("sample() triggers, and a later call has the reading", async () => {
    const { driver, pass } = bench();
    assert.equal(driver.sample(), undefined);
    await pass(2);
    near(driver.sample()?.voltage, 12, 0.004);
  });
});

describe("INA219 in trouble", () => {
  it("a load spike that resets the chip is told, and never reads as zero ampere", async () => {
    const { model, world, driver, settle, read } = bench();
    model.load.current = 1.5;
    await read();
    model.brownout();
    near((await read()).current, 1.5, 0.0002);
    world.after(1_900, () => model.brownout());
    await rejectsCode(settle(driver.measure()), "sensor-power-on-value");
    near((await read()).current, 1.5, 0.0002);
  });

  it("a load beyond its range is sensor-out-of-range: over the shunt, and of the bus", async () => {
    const { model, outcome, driver } = bench({ maxVoltage: 16, maxCurrent: 0.4 });
    model.load.current = 0.5;
    assert.equal(await outcome(driver), "sensor-out-of-range");
    model.load.current = -0.5;
    assert.equal(await outcome(driver), "sensor-out-of-range");
    Object.assign(model.load, { current: 0.1, voltage: 16.5 });
    assert.equal(await outcome(driver), "sensor-out-of-range");
    model.load.voltage = 15.9;
    assert.notEqual(await outcome(driver), "sensor-out-of-range");
  });

  it("a flipped bit of the voltage is sensor-bus, also where no power gives it away", async () => {
    const { bus, outcome, driver, read } = bench();
    await read();
    bus.faults.add({ direction: "read", effect: { kind: "bit-flip", byte: 0, bit: 4 } });
    assert.equal(await outcome(driver), "sensor-bus");
    near((await read()).voltage, 12, 0.004);
  });

  it("absent, then plugged in: sensor-absent, then a reading, without a new start", async () => {
    const { model, outcome, driver, read, pass } = bench();
    model.powerOff();
    assert.equal(await outcome(driver), "sensor-absent");
    model.powerOn();
    await pass(1);
    near((await read()).voltage, 12, 0.004);
  });
});
