import type { WifiSettings } from "../../protocol/improv/rpc.ts";
import { parseJson, refuse } from "../config-fields.ts";

/**
 * A configuration's text with other Wi-Fi settings; with `if-absent`, its own stay.
 * @throws config-invalid
 */
export function withWifi(
  json: string,
  { ssid, password }: WifiSettings,
  when: "replace" | "if-absent",
): string {
  const value = parseJson(json);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    refuse("configuration", "must be an object");
  if (when === "if-absent" && "wifi" in value) return json;
  return JSON.stringify({ ...value, wifi: { ssid, ...(password === "" ? {} : { password }) } });
}
