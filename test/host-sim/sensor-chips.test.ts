/** The sensors' models by themselves: what a driver that gets it wrong is to find. */
import assert from "node:assert/strict";
import { Bme280Model } from "../../host-sim/chips/bme280-model.ts";
import { Bmp390Model } from "../../host-sim/chips/bmp390-model.ts";
import { Ina219Model } from "../../host-sim/chips/ina219-model.ts";
import { invert } from "../../host-sim/chips/invert.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { sensorBench } from "../hal/sensor-bench.ts";

/** A chip on a bus, and its bus spoken by hand. */
function wire(address = 0x76) {
  const base = sensorBench();
  const io = new base.sensor.io({ data: 6, clock: 7, hz: 400_000, address });
  return {
    ...base,
    write: (...bytes: number[]) => io.write(Uint8Array.from(bytes)),
    read(register: number, length: number): string {
      io.write(Uint8Array.of(register));
      return toHex(new Uint8Array(io.read(length)));
    },
  };
}

describe("the BME280's model", () => {
  function bme280() {
    const bench = wire();
    const model = new Bme280Model({ world: bench.world });
    bench.attach(model);
    return { ...bench, model };
  }
  /** 115 ms is more than any measurement takes. */
  const LONG_MS = 115;

  it("does not measure humidity when F2 is written after F4", async () => {
    const { write, read, pass } = bme280();
    await pass(2);
    write(0xf4, 0x25);
    write(0xf2, 0x01);
    await pass(LONG_MS);
    assert.equal(read(0xfd, 2), "8000");
    write(0xf4, 0x25);
    await pass(LONG_MS);
    assert.notEqual(read(0xfd, 2), "8000");
  });

  it("says measuring, keeps the mode meanwhile, and sleeps after a forced one", async () => {
    const { write, read, pass } = bme280();
    await pass(2);
    write(0xf4, 0x25);
    assert.equal(read(0xf3, 2), "0825");
    assert.equal(read(0xf7, 6), "800000800000");
    await pass(LONG_MS);
    assert.equal(read(0xf3, 2), "0024");
  });

  it("takes its config only while it sleeps, and writes as pairs", async () => {
    const { model, write, read, pass } = bme280();
    await pass(2);
    write(0xf5, 0x10, 0xf4, 0x27);
    write(0xf5, 0x00);
    assert.equal(read(0xf4, 2), "2710");
    assert.deepEqual(model.faults, ["config written while awake"]);
  });

  it("has no calibration data before it has copied them", async () => {
    const { write, read, pass } = bme280();
    await pass(2);
    write(0xe0, 0xb6);
    assert.equal(read(0xf3, 1), "01");
    assert.equal(read(0x88, 2), "0000");
    await pass(2);
    assert.equal(read(0xf3, 1), "00");
    assert.equal(read(0x88, 2), "706b");
    assert.equal(read(0xe1, 7), "6301001524031e");
  });

  it("gives a burst of one moment, though a measurement ends in its middle", async () => {
    const { model, world, write, read, pass } = bme280();
    await pass(2);
    write(0xf4, 0x27);
    await pass(LONG_MS);
    const old = read(0xf7, 6);
    model.air.temperature = 60;
    model.air.pressure = 60_000;
    let mixed = 0;
    for (let reads = 0; reads < 3000; reads++) {
      const now = read(0xf7, 6);
      const first = now.slice(0, 6) === old.slice(0, 6);
      const second = now.slice(6) === old.slice(6);
      if (first !== second) mixed++;
    }
    assert.ok(world.nowUs() > 500_000);
    assert.equal(mixed, 0);
    assert.notEqual(read(0xf7, 6), old);
  });

  it("answers the worked example with the worked example's bytes", async () => {
    const { model, write, read, pass } = bme280();
    Object.assign(model.air, { temperature: 128422 / 5120, pressure: 25767233 / 256 });
    await pass(2);
    write(0xf4, 0xb5);
    await pass(LONG_MS);
    // To the twelve bits by which a step is more than a figure of the example.
    assert.match(read(0xf7, 6), /^655a..7eed..$/);
  });

  it("is silent for 2 ms after its power came", async () => {
    const { model, read, pass } = bme280();
    model.powerOn();
    assert.throws(() => read(0xd0, 1), /write failed/);
    await pass(2);
    assert.equal(read(0xd0, 1), "60");
    model.powerOff();
    assert.throws(() => read(0xd0, 1), /write failed/);
  });
});

describe("the BMP390's model", () => {
  function bmp390() {
    const bench = wire();
    const model = new Bmp390Model({ world: bench.world });
    bench.attach(model);
    return { ...bench, model };
  }

  it("says once that it was reset, and starts with its power-on registers", async () => {
    const { read, write, pass } = bmp390();
    assert.equal(read(0x10, 1), "01");
    assert.equal(read(0x10, 1), "00");
    write(0x1c, 0x0c);
    write(0x7e, 0xb6);
    assert.throws(() => read(0x00, 1), /write failed/);
    await pass(2);
    assert.equal(read(0x10, 1), "01");
    assert.equal(read(0x1b, 5), "0002000000");
    assert.equal(read(0x04, 6), "000080000080");
  });

  it("marks data as new until they are read", async () => {
    const { read, write, pass } = bmp390();
    write(0x1b, 0x13);
    assert.equal(read(0x03, 1), "10");
    await pass(20);
    assert.equal(read(0x03, 1), "70");
    read(0x04, 3);
    assert.equal(read(0x03, 1), "50");
    read(0x07, 1);
    assert.equal(read(0x03, 1), "10");
    assert.equal(read(0x1b, 1), "03");
  });

  it("refuses a rate that its oversampling cannot keep, and a command it does not know", () => {
    const { read, write } = bmp390();
    write(0x1c, 0x04);
    write(0x1b, 0x33);
    assert.equal(read(0x02, 1), "04");
    assert.equal(read(0x02, 1), "00");
    write(0x7e, 0x12);
    assert.equal(read(0x02, 1), "02");
  });
});

describe("the INA219's model", () => {
  function ina219() {
    const bench = wire(0x40);
    const model = new Ina219Model({ world: bench.world });
    bench.attach(model);
    return { ...bench, model };
  }

  it("converts from power-on, and has no current before it is calibrated", async () => {
    const { model, read, pass } = ina219();
    model.load.current = 1;
    await pass(2);
    assert.equal(read(0x00, 2), "399f");
    assert.equal(read(0x01, 2), "2710");
    assert.equal(read(0x04, 2), "0000");
  });

  it("clears its ready bit when the power is read, not the bus voltage", async () => {
    const { read, write, pass } = ina219();
    write(0x00, 0x39, 0x9b);
    assert.equal(read(0x02, 2), "0000");
    await pass(2);
    assert.equal(read(0x02, 2), "5dc2");
    assert.equal(read(0x02, 2), "5dc2");
    read(0x03, 2);
    assert.equal(read(0x02, 2), "5dc0");
  });

  it("drops bit 0 of the calibration, takes a word with its second byte, keeps its pointer", () => {
    const { read, write, model } = ina219();
    write(0x05, 0x10, 0x63);
    assert.equal(read(0x05, 2), "1062");
    write(0x05, 0x77);
    assert.equal(read(0x05, 2), "1062");
    write(0x02, 0x00, 0x00);
    assert.deepEqual(model.faults, ["write to read-only register 2"]);
  });

  it("sets its overflow bit when a product does not fit", async () => {
    const { model, read, write, pass } = ina219();
    model.load.current = 3;
    write(0x05, 0xff, 0xfe);
    write(0x00, 0x39, 0x9b);
    await pass(2);
    assert.equal(read(0x02, 2), "5dc3");
  });

  it("cuts at the range that is set", async () => {
    const { model, read, write, pass } = ina219();
    Object.assign(model.load, { current: -2, voltage: 20 });
    write(0x00, 0x01, 0x9b);
    await pass(2);
    assert.equal(read(0x01, 2), "f060");
    assert.equal(read(0x02, 2), "7d02");
  });
});

describe("turning a formula round", () => {
  it("finds the closest figure, rising or falling, and the ends", () => {
    assert.equal(
      invert((adc) => adc * 3, 100, 20),
      33,
    );
    assert.equal(
      invert((adc) => 5000 - adc ** 1.1, 1000, 16),
      Math.round(4000 ** (1 / 1.1)),
    );
    assert.equal(
      invert((adc) => adc, -5, 20),
      0,
    );
    assert.equal(
      invert((adc) => adc, 1e9, 20),
      2 ** 20 - 1,
    );
    assert.equal(
      invert((adc) => adc ** 3, 1000, 20),
      10,
    );
  });
});
