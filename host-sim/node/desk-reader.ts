import { type ReaderConfig, readerConfig } from "../../firmware/config.ts";
import { EVERY_DRIVER } from "../../firmware/sensor/drivers/every-driver.ts";
import { toBase64Url } from "../../protocol/encoding/base64.ts";
import type { Provisioning } from "../../server/admin.ts";
import { tenantFields } from "../../server/tenant-fields.ts";

/** Host of the link on the badges. */
export const BADGE_HOST = "latchkey.local";

/** Pins as in the wiring table of README.md. */
export const DESK_PINS = Object.freeze({
  nfc: { data: 4, clock: 5, hz: 100_000, reset: 8, irq: 9 },
  display: { data: 2, clock: 3, hz: 400_000, address: 0x3c },
  relay: { pin: 15, active: "high", max_ms: 10_000 },
  led: { green: 10, red: 11 },
  buzzer: { pin: 14 },
  console: { transmit: 0, receive: 1, baud: 115_200 },
});

/** The configuration of a simulated reader, as `latchkey init` would write it for a real one. */
export function deskReaderJson(
  provisioning: Provisioning,
  baseUrl: string,
  changes: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    base_url: baseUrl,
    node_type: "reader",
    ...tenantFields(provisioning),
    df1: toBase64Url(provisioning.df1.bytes),
    label: "Front door",
    badge_host: BADGE_HOST,
    ...DESK_PINS,
    ...changes,
  };
}

/** The same, checked. @throws config-invalid */
export function deskReaderConfig(
  provisioning: Provisioning,
  baseUrl: string,
  changes: Readonly<Record<string, unknown>> = {},
): ReaderConfig {
  return readerConfig(deskReaderJson(provisioning, baseUrl, changes), EVERY_DRIVER);
}
