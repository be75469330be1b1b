/**
 * A sensor of one's own in about twenty lines: a reed contact at a window, told when it opens and
 * when it closes. It goes into the configuration like any other:
 * `{ "platform": "reed-contact", "name": "window", "pin": 16 }`.
 */
import type { Platform } from "../firmware/platform.ts";
import type { SensorDriver } from "../firmware/sensor/sensor-driver.ts";
import { startSensorNode } from "../firmware/sensor/sensor-node.ts";

export const reedContact: SensorDriver = {
  platform: "reed-contact",
  settings: ["pin"],
  quantities: ["open"],
  configure(settings, wiring) {
    const pin = wiring.pin(settings, "pin");
    return ({ io: { Digital }, changed }) => {
      const edge = Digital.Rising | Digital.Falling;
      const contact = new Digital({ pin, mode: Digital.InputPullUp, edge, onReadable: changed });
      return {
        measure: async () => ({ open: contact.read() === 1 }),
        close: () => contact.close(),
      };
    };
  },
};

export function start(platform: Platform, config: unknown) {
  return startSensorNode(platform, config, { drivers: [reedContact] });
}
