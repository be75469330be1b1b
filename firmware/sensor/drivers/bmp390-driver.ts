import { BMP390 } from "../../../hal/sensors/bmp390.ts";
import {
  type BMP390Configuration,
  parseBmp390Settings,
} from "../../../hal/sensors/bmp390-settings.ts";
import type { SensorDriver } from "../sensor-driver.ts";
import {
  checked,
  I2C_SETTINGS,
  i2cPlace,
  optionalNumber,
  quantitySettings,
} from "./driver-settings.ts";

const HOUR_MS = 3_600_000;

/** BMP390 and BMP388: pressure and temperature on I²C. */
export const bmp390: SensorDriver = {
  platform: "bmp390",
  settings: [...I2C_SETTINGS, "iir_filter"],
  quantities: ["pressure", "temperature"],
  quantitySettings: ["oversampling"],
  plausible: {
    pressure: { min: 300, max: 1250, stepMax: 10, perSecond: 0.5, stuckMs: HOUR_MS },
    temperature: { min: -40, max: 85, stepMax: 5, perSecond: 0.1, stuckMs: HOUR_MS },
  },
  configure(settings, wiring) {
    const place = i2cPlace(settings, wiring, { min: 0x76, max: 0x77, fallback: 0x77 });
    const oversampling = (quantity: string) => {
      const fields = quantitySettings(settings, quantity, ["oversampling"]);
      const value = optionalNumber(fields, "oversampling");
      return value === undefined ? {} : { oversampling: value };
    };
    const iirFilter = optionalNumber(settings, "iir_filter");
    const configuration = {
      pressure: oversampling("pressure"),
      temperature: oversampling("temperature"),
      ...(iirFilter === undefined ? {} : { iirFilter }),
    } as BMP390Configuration;
    checked(settings, () => parseBmp390Settings(configuration));
    return ({ io, clock, timer }) => {
      const sensor = new BMP390({ sensor: { io: io.I2C, ...place }, clock, timer });
      sensor.configure(configuration);
      return {
        measure: async () => {
          const { thermometer, barometer } = await sensor.measure();
          return {
            temperature: thermometer.temperature,
            ...(barometer === undefined ? {} : { pressure: barometer.pressure / 100 }),
          };
        },
        close: () => sensor.close(),
      };
    };
  },
};
