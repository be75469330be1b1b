import type { GnssSensor, GnssSensorOptions } from "../../../hal/sensors/gnss-sensor.ts";
import { L76X } from "../../../hal/sensors/l76x.ts";
import { NEO6M } from "../../../hal/sensors/neo6m.ts";
import type { SensorDriver } from "../sensor-driver.ts";
import { UART_SETTINGS, uartPlace } from "./driver-settings.ts";

/** u-blox NEO-6M: the node's position. */
export const neo6m: SensorDriver = receiver("neo-6m", NEO6M);

/** Quectel L76 in its variants: the node's position. */
export const l76x: SensorDriver = receiver("l76x", L76X);

function receiver(
  platform: string,
  Receiver: new (options: GnssSensorOptions) => GnssSensor,
): SensorDriver {
  return {
    platform,
    settings: [...UART_SETTINGS, "baud_rate"],
    quantities: ["lat", "lon", "altitude"],
    intervalMinMs: 1_000,
    // Its commands are answered behind a second's sentences each.
    measureLimitMs: 60_000,
    configure(settings, wiring) {
      const place = uartPlace(settings, wiring);
      const baud = settings.integer("baud_rate", { min: 4800, max: 115_200, fallback: 9600 });
      return ({ io, clock, timer, log }) => {
        const sensor = new Receiver({
          sensor: { io: io.Serial, ...place, baud },
          ...{ clock, timer, log },
        });
        return {
          measure: async () => {
            const { latitude, longitude, altitude } = await sensor.measure();
            const place = { lat: latitude, lon: longitude };
            return altitude === undefined ? place : { ...place, altitude };
          },
          close: () => sensor.close(),
        };
      };
    },
  };
}
