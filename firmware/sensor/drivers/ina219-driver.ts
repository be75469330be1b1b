import { INA219 } from "../../../hal/sensors/ina219.ts";
import {
  type INA219Configuration,
  parseIna219Settings,
} from "../../../hal/sensors/ina219-settings.ts";
import type { SensorDriver } from "../sensor-driver.ts";
import { checked, I2C_SETTINGS, i2cPlace, optionalNumber } from "./driver-settings.ts";

/** INA219: voltage, current and power of a load of direct current, on I²C. */
export const ina219: SensorDriver = {
  platform: "ina219",
  settings: [...I2C_SETTINGS, "shunt_resistance", "max_voltage", "max_current"],
  quantities: ["voltage", "current", "power"],
  configure(settings, wiring) {
    const place = i2cPlace(settings, wiring, { min: 0x40, max: 0x4f, fallback: 0x40 });
    const shuntResistance = optionalNumber(settings, "shunt_resistance");
    const maxVoltage = optionalNumber(settings, "max_voltage");
    const maxCurrent = optionalNumber(settings, "max_current");
    const configuration: INA219Configuration = {
      ...(shuntResistance === undefined ? {} : { shuntResistance }),
      ...(maxVoltage === undefined ? {} : { maxVoltage }),
      ...(maxCurrent === undefined ? {} : { maxCurrent }),
    };
    checked(settings, () => parseIna219Settings(configuration));
    return ({ io, clock, timer }) => {
      const sensor = new INA219({ sensor: { io: io.I2C, ...place }, clock, timer });
      sensor.configure(configuration);
      return {
        measure: async () => {
          const { voltage, current, power } = await sensor.measure();
          return { voltage, current, power };
        },
        close: () => sensor.close(),
      };
    };
  },
};
