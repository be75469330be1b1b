import type { IoProvider } from "../../../hal/ecma419.ts";
import { DS18B20 } from "../../../hal/sensors/ds18b20.ts";
import { parseAddress } from "../../../hal/sensors/ds18b20-memory.ts";
import { OneWire, type OneWireLine } from "../../../hal/sensors/onewire.ts";
import { OneWirePin } from "../../../hal/sensors/onewire-pin.ts";
import { OneWireUart } from "../../../hal/sensors/onewire-uart.ts";
import type { Timing } from "../../../hal/timing.ts";
import { LatchkeyError } from "../../../protocol/errors.ts";
import { type ConfigFields, refuse } from "../../config-fields.ts";
import type { Wiring } from "../../wiring.ts";
import type { SensorDriver } from "../sensor-driver.ts";
import { checked, UART_SETTINGS } from "./driver-settings.ts";

const BUS = "1-Wire";

/**
 * DS18B20: temperature. Several probes share one pin, or one UART, as their 1-Wire bus: one sensor
 * each, with the same pins and an `address` of its own.
 */
export const ds18b20: SensorDriver = {
  platform: "ds18b20",
  settings: ["pin", ...UART_SETTINGS, "address", "resolution"],
  quantities: ["temperature"],
  // Probes of a bus take turns, 0.8 s each.
  measureLimitMs: 20_000,
  plausible: { temperature: { min: -55, max: 125, stepMax: 10, perSecond: 1 } },
  configure(settings, wiring) {
    const isUart = UART_SETTINGS.some((name) => settings.has(name));
    const { pin, open } = isUart ? uartLine(settings, wiring) : pinLine(settings, wiring);
    const resolution = settings.integer("resolution", { min: 9, max: 12, fallback: 12 });
    const address = settings.has("address") ? settings.text("address", 18) : undefined;
    if (address !== undefined) checked(settings, () => parseAddress(address));
    const name = `1-wire ${pin}`;
    return ({ io, clock, timer, buses }) => {
      const bus = buses.take(name, () => new OneWire(open(io, { clock, timer })));
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

interface Line {
  /** By which the bus is known. */
  readonly pin: number;
  readonly open: (io: IoProvider, timing: Timing) => OneWireLine;
}

function uartLine(settings: ConfigFields, wiring: Wiring): Line {
  if (settings.has("pin"))
    refuse(settings.pathOf("pin"), "is for 1-Wire without a UART: leave out transmit and receive");
  const { transmit, receive, port } = wiring.uart(settings, BUS);
  return {
    pin: transmit,
    open: ({ Serial: io }, timing) =>
      new OneWireUart({ serial: { io, transmit, receive, port }, ...timing }),
  };
}

function pinLine(settings: ConfigFields, wiring: Wiring): Line {
  const pin = wiring.busPin(settings, BUS);
  return {
    pin,
    open({ OneWirePort: io }, timing) {
      if (io === undefined)
        throw new LatchkeyError("sensor-bus", {
          message: "This firmware has no 1-Wire on a pin: use a UART.",
        });
      return new OneWirePin({ port: { io, pin }, ...timing });
    },
  };
}
