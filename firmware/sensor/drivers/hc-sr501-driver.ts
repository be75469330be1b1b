import { HCSR501 } from "../../../hal/sensors/hc-sr501.ts";
import type { SensorDriver } from "../sensor-driver.ts";

const MINUTE_MS = 60_000;

/** HC-SR501: motion, told when it begins and when it ends. */
export const hcSr501: SensorDriver = {
  platform: "hc-sr501",
  settings: ["pin", "delayed_on", "delayed_off", "warm_up"],
  quantities: ["motion"],
  configure(settings, wiring) {
    const pin = wiring.pin(settings, "pin");
    const range = { min: 0, max: 10 * MINUTE_MS };
    const delayedOnMs = settings.durationMs("delayed_on", { ...range, fallback: 50 });
    const delayedOffMs = settings.durationMs("delayed_off", { ...range, fallback: 5_000 });
    const warmUpMs = settings.durationMs("warm_up", { ...range, fallback: MINUTE_MS });
    return ({ io, clock, timer, changed }) => {
      const sensor = new HCSR501({
        sensor: { io: io.Digital, pin },
        ...{ delayedOnMs, delayedOffMs, warmUpMs, clock, timer },
        onSample: changed,
        onError: changed,
      });
      return {
        measure: async () => {
          const { motion } = await sensor.measure();
          return { motion };
        },
        close: () => sensor.close(),
      };
    };
  },
};
