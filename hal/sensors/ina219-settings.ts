import { LatchkeyError } from "../../protocol/errors.ts";
import { oneOf } from "./choice.ts";
import {
  INA219_AVERAGING,
  INA219_BUS_32V,
  INA219_RESOLUTION,
  INA219_SHUNT_VOLTS,
  INA219_TRIGGERED,
  ina219Calibration,
  ina219ConversionMs,
  ina219CurrentLsb,
  SHUNT_LSB,
} from "./ina219-registers.ts";

/** What `configure` takes. ESPHome's words and its defaults. */
export interface INA219Configuration {
  /** Ohm; 0.1 unless told, which modules carry ("R100"). */
  readonly shuntResistance?: number;
  /** The highest voltage of the load: up to 16 takes the finer range. 32 unless told. */
  readonly maxVoltage?: number;
  /** The highest current in A, in either direction; 3.2 unless told. */
  readonly maxCurrent?: number;
  /** Samples per reading; 1 unless told. More are for loads that switch. */
  readonly averaging?: (typeof INA219_AVERAGING)[number];
  /** Bits of a single sample; 12 unless told, and 12 with averaging. */
  readonly resolution?: (typeof INA219_RESOLUTION)[number];
}

export interface Ina219Settings {
  readonly configuration: number;
  readonly calibration: number;
  /** Ampere per bit. */
  readonly currentLsb: number;
  /** Full scales of the two converters, in bits. */
  readonly shuntBits: number;
  readonly busBits: number;
  /** Longest duration of both conversions. */
  readonly measurementMs: number;
}

/** @throws config-invalid */
export function parseIna219Settings(options: INA219Configuration): Ina219Settings {
  const { shuntResistance = 0.1, maxVoltage = 32, maxCurrent = 3.2 } = options;
  const { averaging = 1, resolution = 12 } = options;
  limit("shunt_resistance", shuntResistance, 1e-6, 1000);
  limit("max_voltage", maxVoltage, 0.004, 32);
  limit("max_current", maxCurrent, 1e-6, 1000);
  const average = oneOf("averaging", averaging, INA219_AVERAGING);
  const bits = oneOf("resolution", resolution, averaging === 1 ? INA219_RESOLUTION : [12]);
  const adc = averaging === 1 ? bits : 0b1000 | average;
  // A rounded product of the two must not miss the range that it is meant for.
  const volts = maxCurrent * shuntResistance * (1 - 1e-9);
  const gain = INA219_SHUNT_VOLTS.findIndex((scale) => volts <= scale);
  if (gain < 0) {
    throw invalid("max_current", `gives more than 0.32 V over ${shuntResistance} ohm`);
  }
  // 15 bits and the sign (equation 2). A shunt so small that the register cannot hold the figure
  // gets the finest step there is.
  const calibration = ina219Calibration(maxCurrent / 32767, shuntResistance);
  const wide = maxVoltage > 16;
  return {
    configuration:
      (wide ? INA219_BUS_32V : 0) | (gain << 11) | (adc << 7) | (adc << 3) | INA219_TRIGGERED,
    calibration,
    currentLsb: ina219CurrentLsb(calibration, shuntResistance),
    shuntBits: Math.round(INA219_SHUNT_VOLTS[gain]! / SHUNT_LSB),
    busBits: wide ? 8000 : 4000,
    measurementMs: 2 * ina219ConversionMs(resolution, averaging),
  };
}

function limit(field: string, value: number, min: number, max: number): void {
  if (!(value >= min && value <= max)) throw invalid(field, `must be from ${min} to ${max}`);
}

function invalid(field: string, what: string): LatchkeyError {
  return new LatchkeyError("config-invalid", { message: `${field}: ${what}`, detail: { field } });
}
