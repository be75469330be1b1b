import { DS18B20 } from "../../../hal/sensors/ds18b20.ts";
import { parseAddress } from "../../../hal/sensors/ds18b20-memory.ts";
import { OneWire } from "../../../hal/sensors/onewire.ts";
import { OneWireUart } from "../../../hal/sensors/onewire-uart.ts";
import type { SensorDriver } from "../sensor-driver.ts";
import { checked, UART_SETTINGS } from "./driver-settings.ts";

/**
 * DS18B20: temperature. Several probes share one UART as their 1-Wire bus: one sensor each, with
 * the same pins and an `address` of its own.
 */
export const ds18b20: SensorDriver = {
  platform: "ds18b20",
  settings: [...UART_SETTINGS, "address", "resolution"],
  quantities: ["temperature"],
  // Probes of a bus take turns, 0.8 s each.
  measureLimitMs: 20_000,
  plausible: { temperature: { min: -55, max: 125, stepMax: 10, perSecond: 1 } },
  configure(settings, wiring) {
    const { transmit, receive, port } = wiring.uart(settings, "1-Wire");
    const resolution = settings.integer("resolution", { min: 9, max: 12, fallback: 12 });
    const address = settings.has("address") ? settings.text("address", 18) : undefined;
    if (address !== undefined) checked(settings, () => parseAddress(address));
    const name = `1-wire ${transmit}`;
    return ({ io, clock, timer, buses }) => {
      const serial = { io: io.Serial, transmit, receive, port };
      const bus = buses.take(name, () => new OneWire(new OneWireUart({ serial, clock, timer })));
      const probe = { bus, ...(address === undefined ? {} : { address }) };
      const sensor = new DS18B20({ sensor: probe, resolution, clock, timer });
      return {
        measure: async () => {
          const { temperature } = await sensor.measure();
          return { temperature };
        },
        close: () => {
          sensor.close();
          buses.release(name);
        },
      };
    };
  },
};
