import { ModbusLine } from "../../../hal/sensors/modbus-line.ts";
import { PZEM004T } from "../../../hal/sensors/pzem-004t.ts";
import type { SensorDriver } from "../sensor-driver.ts";
import { UART_SETTINGS } from "./driver-settings.ts";

/** To which every meter answers. */
const GENERAL_ADDRESS = 0xf8;

/** PZEM-004T v3: voltage, current and power of the mains. Several meters share one UART. */
export const pzem004t: SensorDriver = {
  platform: "pzem-004t",
  settings: [...UART_SETTINGS, "address"],
  quantities: ["voltage", "current", "power"],
  intervalMinMs: 1_000,
  // Three attempts, behind those of the other meters on the line.
  measureLimitMs: 20_000,
  configure(settings, wiring) {
    const { transmit, receive, port } = wiring.uart(settings, "Modbus");
    const range = { min: 1, max: GENERAL_ADDRESS, fallback: GENERAL_ADDRESS };
    const address = settings.integer("address", range);
    const name = `modbus ${transmit}`;
    return ({ io, clock, timer, buses }) => {
      const serial = { io: io.Serial, transmit, receive, port };
      const line = buses.take(name, () => new ModbusLine(serial, { clock, timer }));
      const meter = new PZEM004T({ sensor: { line, address }, clock, timer });
      return {
        measure: async () => {
          const { voltage, current, power } = await meter.measure();
          return { voltage, current, power };
        },
        close: () => {
          meter.close();
          buses.release(name);
        },
      };
    };
  },
};
