/** Published readings of the sensors on I2C, each through the driver's formulas and the model's. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  compensateHumidity,
  compensatePressure,
  compensateTemperature,
  parseBme280Trims,
} from "../../hal/sensors/bme280-compensation.ts";
import {
  compensateBmp390Pressure,
  compensateBmp390Temperature,
  parseBmp390Trims,
} from "../../hal/sensors/bmp390-compensation.ts";
import { ina219Calibration, ina219CurrentLsb } from "../../hal/sensors/ina219-registers.ts";
import {
  type Bme280Digits,
  fineTemperature,
  humidityQ10,
  pressureQ8,
  trimmingBytes,
} from "../../host-sim/chips/bme280-formula.ts";
import {
  linearTemperature,
  pressureInHundredths,
  trimmingWords,
} from "../../host-sim/chips/bmp390-formula.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { readVectors, vectorsFolder } from "../support/vectors.ts";
import { near } from "./near.ts";

type Values = Readonly<Record<string, unknown>>;

interface Vector {
  readonly id: string;
  readonly kind: string;
  readonly source: string;
  readonly input: Values;
  readonly expect: Values;
  readonly verified: boolean;
}

const FILE = "nfc-sensor-vectors.json";
const of = (values: Values, name: string): number => {
  const value = values[name];
  assert.equal(typeof value, "number", name);
  return value as number;
};
const hexOf = (values: Values, name: string) => fromHex(values[name] as string);

function digitsOf(input: Values): Bme280Digits {
  const list = (name: string) => input[name] as readonly number[];
  return {
    t: list("T"),
    p: list("P"),
    h: input["H"] === undefined ? [0, 0, 0, 0, 0, 0] : list("H"),
  };
}

/** Raw figures of a burst from F7. */
function adcOf(burst: Uint8Array): { p: number; t: number; h: number } {
  const at = (i: number) => burst[i] ?? 0;
  return {
    p: (at(0) << 12) | (at(1) << 4) | (at(2) >> 4),
    t: (at(3) << 12) | (at(4) << 4) | (at(5) >> 4),
    h: (at(6) << 8) | at(7),
  };
}

/** Bosch's own formulas disagree by 0.02 Pa, and by 3 Pa with the one of 32 bits. */
const PASCAL = 0.05;

function runBme280({ input, expect }: Vector): void {
  const digits = digitsOf(input);
  const adc = adcOf(hexOf(input, "burst"));
  const trims = parseBme280Trims(...trimmingBytes(digits));
  assert.deepEqual([trims.t, trims.p], [digits.t, digits.p]);
  const { celsius, fine } = compensateTemperature(trims, adc.t);
  near(celsius, of(expect, "celsius"), 0.005);
  near(compensatePressure(trims, adc.p, fine), of(expect, "pa"), PASCAL);
  if ("t_fine" in expect) assert.equal(Math.trunc(fine), of(expect, "t_fine"));
  // The model's side of it, in whole numbers.
  const whole = fineTemperature(digits, adc.t);
  near(Number(whole), fine, 1);
  if ("pa_int64_q8" in expect) {
    assert.equal(pressureQ8(digits, adc.p, 128422n), BigInt(of(expect, "pa_int64_q8")));
  }
}

function runBme280Humidity(vector: Vector): void {
  runBme280(vector);
  const { input, expect } = vector;
  const digits = digitsOf(input);
  const adc = adcOf(hexOf(input, "burst"));
  const { fine } = compensateTemperature(parseBme280Trims(...trimmingBytes(digits)), adc.t);
  const trims = parseBme280Trims(...trimmingBytes(digits));
  assert.deepEqual(trims.h, digits.h);
  near(compensateHumidity(trims.h!, adc.h, fine), of(expect, "rh"), 1e-6);
  const whole = fineTemperature(digits, adc.t);
  assert.equal(humidityQ10(digits, adc.h, whole), BigInt(of(expect, "rh_q10_int32")));
}

function runBmp3({ input, expect }: Vector): void {
  const bytes = hexOf(input, "calib_31");
  const data = hexOf(input, "data_04");
  const adc = (at: number) => data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16);
  const trims = parseBmp390Trims(bytes);
  const celsius = compensateBmp390Temperature(trims, adc(3));
  near(celsius, of(expect, "celsius"), 1e-9);
  near(compensateBmp390Pressure(trims, adc(0), celsius), of(expect, "pa"), 1e-6);
  // The model's side of it, in whole numbers (Bosch's 64-bit build: 3049 and 10087600).
  const words = trimmingWords(bytes);
  const linear = linearTemperature(words, adc(3));
  assert.equal((linear * 25n) / 16384n, 3049n);
  assert.equal(pressureInHundredths(words, adc(0), linear), 10087600n);
}

function runIna219({ input, expect }: Vector): void {
  const shuntOhm = 0.002;
  const calibration = ina219Calibration(of(input, "current_lsb_a"), shuntOhm);
  assert.equal(calibration, of(input, "cal"));
  const currentLsb = ina219CurrentLsb(calibration, shuntOhm);
  near(currentLsb, of(input, "current_lsb_a"), 1e-12);
  const current = Math.trunc((of(input, "shunt") * calibration) / 4096);
  const bus = of(input, "bus") >> 3;
  assert.equal(current, of(expect, "current_reg"));
  assert.equal(Math.trunc((current * bus) / 5000), of(expect, "power_reg"));
  near(of(input, "shunt") * 0.01, of(expect, "shunt_mv"), 1e-9);
  near(bus * 0.004, of(expect, "bus_v"), 1e-9);
  near(current * currentLsb, of(expect, "current_a"), 1e-9);
  near(of(expect, "power_reg") * 20 * currentLsb, of(expect, "power_w"), 1e-9);
}

const RUN: Readonly<Record<string, (vector: Vector) => void>> = {
  bme280: runBme280,
  bme280h: runBme280Humidity,
  bmp3: runBmp3,
  ina219: runIna219,
  ina219cal: ({ input, expect }) => {
    const { current_lsb_a: lsb, shunt_ohm: shunt } = input as Readonly<Record<string, number>>;
    assert.equal(ina219Calibration(lsb!, shunt!), of(expect, "cal"));
  },
};

const path = join(vectorsFolder, FILE);
const file = existsSync(path)
  ? (JSON.parse(readFileSync(path, "utf8")) as { readonly vectors: readonly Vector[] })
  : undefined;

describe("published readings of sensors on I2C", () => {
  it("are there", function () {
    readVectors(this, FILE);
  });

  if (file === undefined) return;
  const vectors = file.vectors.filter(({ kind }) => Object.hasOwn(RUN, kind));

  it("are five of five kinds, and all of them are right", () => {
    const counts: Record<string, number> = {};
    for (const { kind } of vectors) counts[kind] = (counts[kind] ?? 0) + 1;
    assert.deepEqual(counts, { bme280: 1, bme280h: 1, bmp3: 1, ina219: 1, ina219cal: 1 });
    assert.ok(vectors.every(({ verified }) => verified));
  });

  for (const vector of vectors) {
    it(`${vector.id} (${vector.source})`, () => RUN[vector.kind]!(vector));
  }

  it("fail when a figure of the expectation is changed", () => {
    for (const vector of vectors) {
      for (const [name, value] of Object.entries(vector.expect)) {
        const expect = { ...vector.expect, [name]: Number(value) * 1.001 + 1 };
        assert.throws(() => RUN[vector.kind]!({ ...vector, expect }), `${vector.id} ${name}`);
      }
    }
  });

  it("bme280h: its calib_e1 is not its H: E5 is shared by H4 and H5, the low half H4's", () => {
    const { input } = vectors.find(({ kind }) => kind === "bme280h")!;
    const printed = parseBme280Trims(new Uint8Array(26), hexOf(input, "calib_e1"));
    assert.deepEqual(printed.h?.slice(1), [355, 0, 338, 51, 30]);
    const [, right] = trimmingBytes(digitsOf(input));
    assert.equal(toHex(right), "6301001524031e");
  });
});
