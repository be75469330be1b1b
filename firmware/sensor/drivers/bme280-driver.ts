import { BME280, type BME280Sample } from "../../../hal/sensors/bme280.ts";
import {
  type BME280Configuration,
  parseBme280Settings,
} from "../../../hal/sensors/bme280-settings.ts";
import type { ConfigFields } from "../../config-fields.ts";
import type { Measured, SensorDriver } from "../sensor-driver.ts";
import {
  checked,
  I2C_SETTINGS,
  i2cPlace,
  optionalNumber,
  quantitySettings,
} from "./driver-settings.ts";

const HOUR_MS = 3_600_000;

/** BME280: temperature, humidity and pressure on I²C. */
export const bme280: SensorDriver = {
  platform: "bme280",
  settings: [...I2C_SETTINGS, "iir_filter"],
  quantities: ["temperature", "humidity", "pressure"],
  quantitySettings: ["oversampling"],
  // 20 bits of noise never stand still; air does not change faster than a door is opened.
  plausible: {
    temperature: { min: -40, max: 85, stepMax: 5, perSecond: 0.1, stuckMs: HOUR_MS },
    humidity: { min: 0, max: 100, stepMax: 30, perSecond: 1 },
    pressure: { min: 300, max: 1100, stepMax: 10, perSecond: 0.5, stuckMs: HOUR_MS },
  },
  configure(settings, wiring) {
    const place = i2cPlace(settings, wiring, { min: 0x76, max: 0x77, fallback: 0x76 });
    const configuration = configurationOf(settings);
    checked(settings, () => parseBme280Settings(configuration));
    return ({ io, clock, timer }) => {
      const sensor = new BME280({ sensor: { io: io.I2C, ...place }, clock, timer });
      sensor.configure(configuration);
      return { measure: async () => measured(await sensor.measure()), close: () => sensor.close() };
    };
  },
};

function configurationOf(settings: ConfigFields): BME280Configuration {
  const oversampling = (quantity: string) => {
    const value = optionalNumber(
      quantitySettings(settings, quantity, ["oversampling"]),
      "oversampling",
    );
    return value === undefined ? {} : { oversampling: value };
  };
  const iirFilter = optionalNumber(settings, "iir_filter");
  // The numbers are checked by the driver, which knows its chip's.
  return {
    temperature: oversampling("temperature"),
    humidity: oversampling("humidity"),
    pressure: oversampling("pressure"),
    ...(iirFilter === undefined ? {} : { iirFilter }),
  } as BME280Configuration;
}

function measured({ thermometer, hygrometer, barometer }: BME280Sample): Measured {
  return {
    temperature: thermometer.temperature,
    ...(hygrometer === undefined ? {} : { humidity: hygrometer.humidity }),
    ...(barometer === undefined ? {} : { pressure: barometer.pressure / 100 }),
  };
}
