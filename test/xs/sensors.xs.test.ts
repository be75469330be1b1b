/**
 * What a reading of each sensor on I2C costs the interpreter. The chips' models answer once, and
 * what they said is played back to a second driver: what is metered is the driver alone.
 */
import assert from "node:assert/strict";
import type { I2C, I2CConstructor } from "../../hal/ecma419.ts";
import { BME280, type BME280Options } from "../../hal/sensors/bme280.ts";
import { BMP390 } from "../../hal/sensors/bmp390.ts";
import { INA219 } from "../../hal/sensors/ina219.ts";
import type { Sensor } from "../../hal/sensors/sensor.ts";
import type { I2CDevice } from "../../host-sim/board/i2c-device.ts";
import { Bme280Model } from "../../host-sim/chips/bme280-model.ts";
import { Bmp390Model } from "../../host-sim/chips/bmp390-model.ts";
import { Ina219Model } from "../../host-sim/chips/ina219-model.ts";
import type { World } from "../../host-sim/world/world.ts";
import { sensorBench } from "../hal/sensor-bench.ts";
import { metered } from "./shims/meter.ts";

/** An I2C class that keeps what the chip says. */
function recorded(Io: I2CConstructor, answers: Uint8Array[]): I2CConstructor {
  return class extends Io {
    override read(target: number | ArrayBuffer | Uint8Array): ArrayBuffer & number {
      super.read(target as Uint8Array);
      answers.push((target as Uint8Array).slice());
      return target as unknown as ArrayBuffer & number;
    }
  };
}

/** An I2C class that says it again. */
function replayed(answers: Uint8Array[]): I2CConstructor {
  return class implements I2C {
    read(target: number | ArrayBuffer | Uint8Array): ArrayBuffer & number {
      (target as Uint8Array).set(answers.shift()!);
      return target as unknown as ArrayBuffer & number;
    }
    write(): void {}
    close(): void {}
  };
}

/** Two readings, the first with all that comes before it. */
async function meter<S extends object>(
  name: string,
  Driver: new (options: BME280Options) => Sensor<S>,
  model: (world: World) => I2CDevice,
): Promise<void> {
  const { world, attach, sensor, timing, measure } = sensorBench();
  attach(model(world));
  const answers: Uint8Array[] = [];
  const live = new Driver({ ...timing, sensor: { ...sensor, io: recorded(sensor.io, answers) } });
  const wanted = [await measure(live), await measure(live)];

  let nowMs = 0;
  const timer = {
    set(run: () => void, delayMs: number) {
      nowMs += delayMs;
      Promise.resolve().then(run);
      return 0;
    },
    clear() {},
  };
  const clock = { monotonicMs: () => nowMs };
  const driver = new Driver({ timer, clock, sensor: { ...sensor, io: replayed(answers) } });
  const found = [
    await metered(`${name}: first reading, with set-up`, () => driver.measure()),
    await metered(`${name}: reading`, () => driver.measure()),
  ];
  assert.deepEqual(found, wanted);
  assert.equal(answers.length, 0);
}

describe("metering of the sensors on I2C on XS", () => {
  it("BME280", () => meter("bme280", BME280, (world) => new Bme280Model({ world })));
  it("BMP390", () => meter("bmp390", BMP390, (world) => new Bmp390Model({ world })));
  it("INA219", () => meter("ina219", INA219, (world) => new Ina219Model({ world })));
});
