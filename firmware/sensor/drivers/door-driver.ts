import { DoorContact } from "../../../hal/sensors/door-contact.ts";
import type { Measured, SensorDriver } from "../sensor-driver.ts";

const HOUR_MS = 3_600_000;

/** An opening by itself is none: it comes with each passage, and a tap says as much. */
function eventOf(now: Measured, before: Measured = {}): string | undefined {
  const changes = (quantity: string) => (now[quantity] ?? false) !== (before[quantity] ?? false);
  if (changes("forced")) return "forced";
  if (changes("held")) return "held";
  return now["exit"] === true ? "exit" : undefined;
}

/** A door's contact and exit button: told when it opens and shuts, is held open, or was forced. */
export const door: SensorDriver = {
  platform: "door",
  settings: ["contact", "button", "open_when", "held_after", "settle"],
  quantities: ["open", "held", "exit", "forced"],
  eventOf,
  configure(settings, wiring) {
    const contact = wiring.pin(settings, "contact");
    const button = wiring.optionalPin(settings, "button");
    const openWhen = settings.choice("open_when", ["high", "low"], "high");
    const heldAfterMs = settings.durationMs("held_after", {
      ...{ min: 1_000, max: HOUR_MS, fallback: 30_000 },
    });
    const settleMs = settings.durationMs("settle", { min: 0, max: 1_000, fallback: 50 });
    return ({ io: { Digital: io }, clock, timer, changed, doorFree }) => {
      const sensor = new DoorContact({
        contact: { io, pin: contact },
        ...(button === undefined ? {} : { exit: { io, pin: button } }),
        ...{ openWhen, heldAfterMs, settleMs, clock, timer },
        ...(doorFree === undefined ? {} : { free: doorFree }),
        onSample: changed,
      });
      return {
        measure: async () => ({ ...(await sensor.measure()) }),
        close: () => sensor.close(),
      };
    };
  },
};
