import {
  type Bme280Trims,
  compensateHumidity,
  compensatePressure,
  compensateTemperature,
  parseBme280Trims,
} from "./bme280-compensation.ts";
import { BME280_REGISTER } from "./bme280-registers.ts";
import { badCalibration, readCalibration } from "./calibration-data.ts";
import type { I2CRegisters } from "./i2c-registers.ts";

/** `fine` at 25 °C. */
const FINE_25 = 128_000;

/** @throws sensor-absent, sensor-bus, sensor-calibration */
export function readBme280Trims(chip: I2CRegisters, withHumidity: boolean): Bme280Trims {
  const main = readCalibration(chip, BME280_REGISTER.trims, 26);
  const humidity = withHumidity
    ? readCalibration(chip, BME280_REGISTER.trimsHumidity, 7)
    : undefined;
  const trims = parseBme280Trims(main, humidity);
  const problem = implausible(trims);
  if (problem !== undefined) throw badCalibration(problem);
  return trims;
}

/**
 * Whatever a part's own figures are, the middle of each converter's scale must be something that
 * the part can meet, and more must read as more. Bosch publishes no limits for the parameters;
 * these are wide, and keep out what no working part can hold.
 */
function implausible(trims: Bme280Trims): string | undefined {
  const celsius = (adc: number) => compensateTemperature(trims, adc).celsius;
  const middle = celsius(0x80000);
  if (!(middle > -40 && middle < 85 && celsius(0x90000) > middle)) {
    return "give no possible temperature";
  }
  const pascal = (adc: number) => compensatePressure(trims, adc, FINE_25);
  const half = pascal(0x80000);
  // The bridge works upside down: a lower figure is a higher pressure.
  if (!(half > 10_000 && half < 200_000 && pascal(0x70000) > half)) {
    return "give no possible pressure";
  }
  const { h } = trims;
  if (h === undefined) return undefined;
  const percent = (adc: number) => compensateHumidity(h, adc, FINE_25);
  const damp = percent(0x8000);
  if (!(damp > -50 && damp < 150 && percent(0x9000) > damp)) return "give no possible humidity";
  return undefined;
}
