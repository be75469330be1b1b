import { DHT22 } from "../../../hal/sensors/dht22.ts";
import { LatchkeyError } from "../../../protocol/errors.ts";
import type { SensorDriver } from "../sensor-driver.ts";

/** DHT22 (AM2302): temperature and humidity on one pin. */
export const dht22: SensorDriver = {
  platform: "dht22",
  settings: ["pin"],
  quantities: ["temperature", "humidity"],
  intervalMinMs: 2_000,
  // It reads twice, two seconds apart, when it was not read lately.
  measureLimitMs: 10_000,
  plausible: {
    temperature: { min: -40, max: 80, stepMax: 5, perSecond: 0.1 },
    humidity: { min: 0, max: 100, stepMax: 30, perSecond: 1 },
  },
  configure(settings, wiring) {
    const pin = wiring.pin(settings, "pin");
    return ({ io, clock, timer }) => {
      const { PulseCapture } = io;
      if (PulseCapture === undefined)
        throw new LatchkeyError("sensor-bus", {
          message: "This firmware cannot capture pulses, which a DHT22 needs.",
        });
      const sensor = new DHT22({ sensor: { io: PulseCapture, pin }, clock, timer });
      return {
        measure: async () => {
          const { thermometer, hygrometer } = await sensor.measure();
          return { temperature: thermometer.temperature, humidity: hygrometer.humidity };
        },
        close: () => sensor.close(),
      };
    };
  },
};
