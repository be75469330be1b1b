import type { Provisioning } from "../../server/admin.ts";
import { tenantFields } from "../../server/tenant-fields.ts";

/** Pins as in the wiring table of README.md. */
export const SENSOR_PINS = Object.freeze({
  display: { data: 2, clock: 3, hz: 400_000, address: 0x3c },
  console: { transmit: 0, receive: 1, baud: 115_200 },
});

/** What a node measures unless told: beside its display, on the same two wires. */
export const DESK_SENSORS = Object.freeze([
  Object.freeze({
    platform: "bme280",
    name: "room",
    data: 2,
    clock: 3,
    address: 0x76,
    update_interval: "60s",
  }),
]);

/** The configuration of a simulated sensor node, as `latchkey init --template sensor` writes it. */
export function deskSensorJson(
  provisioning: Provisioning,
  baseUrl: string,
  changes: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    base_url: baseUrl,
    node_type: "sensor",
    ...tenantFields(provisioning),
    label: "Server room",
    ...SENSOR_PINS,
    sensors: DESK_SENSORS,
    ...changes,
  };
}
