import { Secret } from "../protocol/crypto/secret.ts";
import { toUtf8 } from "../protocol/encoding/utf8.ts";
import { ADDRESS_MAX, ADDRESS_MIN } from "../protocol/wired/frame.ts";
import { type ConfigFields, refuse } from "./config-fields.ts";
import type { I2cPins, UartPins, Wiring } from "./wiring.ts";

/** Limits of everything that a node asks of a server. */
export interface NodeLimits {
  /** Limit of one request. */
  readonly requestTimeoutMs: number;
  /** Time between check-ins. */
  readonly checkinIntervalMs: number;
  /** First and longest wait between attempts after a failure. */
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
}

export interface WiredConfig extends UartPins {
  readonly baud: number;
  /** This node's on the line. */
  readonly address: number;
  /** DE and /RE of an RS-485 transceiver. */
  readonly direction?: number;
}

/** What every node is told when it is provisioned, checked and typed. */
export interface NodeConfig {
  /** Without a slash at the end. */
  readonly baseUrl: string;
  readonly tenantId: string;
  readonly commKey: Secret;
  readonly commIv: Uint8Array;
  readonly serverKeys: readonly Uint8Array[];
  /** For https: SHA-256 of the public keys at which a chain of certificates may end. */
  readonly tlsRoots?: readonly Uint8Array[];
  /** For https: who is asked, unsigned, whether a certificate has ended before the first answer. */
  readonly timeServer?: string;
  readonly enrolToken?: Secret;
  /** For the platform that joins the network; the node itself does not look at it. */
  readonly wifi?: { readonly ssid: string; readonly password?: Secret };
  /** In place of Wi-Fi: the serial line to a gateway (docs/wired.md). */
  readonly wired?: WiredConfig;
  /** Shown on the screens: which door, which room. */
  readonly label: string;
  readonly utcOffsetMinutes: number;
  readonly display?: I2cPins & { readonly address: number; readonly reset?: number };
  /** The identity whose images this node takes; none when absent. */
  readonly authority?: string;
  readonly console?: UartPins & { readonly baud: number; readonly echo: boolean };
}

export const NODE_FIELDS: readonly string[] = Object.freeze([
  "base_url",
  "node_type",
  "tenant_id",
  "comm_key",
  "comm_iv",
  "server_keys",
  "tls_roots",
  "time_server",
  "enrol_token",
  "wifi",
  "wired",
  "label",
  "timezone",
  "display",
  "console",
  "authority",
  "limits",
]);

/** The object under `name`, which must be there. @throws config-invalid */
export function nested(fields: ConfigFields, name: string, known: readonly string[]): ConfigFields {
  if (!fields.has(name)) refuse(fields.pathOf(name), "is missing");
  return fields.object(name, known);
}

/** What every node has in common. @throws config-invalid */
export function parseNode(fields: ConfigFields, wiring: Wiring): NodeConfig {
  const baseUrl = parseBaseUrl(fields);
  return {
    baseUrl,
    tenantId: parseUuid(fields, "tenant_id"),
    commKey: new Secret(fields.bytes("comm_key", 32)),
    commIv: fields.bytes("comm_iv", 12),
    serverKeys: fields.bytesList("server_keys", 32, 4),
    ...parseTlsRoots(fields, baseUrl),
    ...(fields.has("time_server") ? { timeServer: parseTimeServer(fields, baseUrl) } : {}),
    ...(fields.has("enrol_token")
      ? { enrolToken: new Secret(toUtf8(fields.text("enrol_token", 128))) }
      : {}),
    ...(fields.has("wifi") ? { wifi: parseWifi(fields) } : {}),
    ...(fields.has("wired") ? { wired: parseWired(fields, wiring) } : {}),
    label: fields.has("label") ? fields.text("label", 21) : "Latchkey",
    utcOffsetMinutes: parseTimezone(fields),
    ...(fields.has("display") ? { display: parseDisplay(fields, wiring) } : {}),
    ...(fields.has("authority") ? { authority: parseAuthority(fields) } : {}),
    ...(fields.has("console") ? { console: parseConsole(fields, wiring) } : {}),
  };
}

export const LIMIT_FIELDS: readonly string[] = Object.freeze([
  "request_ms",
  "checkin_s",
  "retry_ms",
  "retry_max_ms",
]);

/** @param limits the object `limits`, or an empty one */
export function parseNodeLimits(limits: ConfigFields): NodeLimits {
  const retryBaseMs = limits.integer("retry_ms", { min: 100, max: 10_000, fallback: 500 });
  const retryMaxMs = limits.integer("retry_max_ms", { min: 1000, max: 300_000, fallback: 15_000 });
  if (retryMaxMs < retryBaseMs) refuse("limits.retry_max_ms", "must not be below limits.retry_ms");
  return {
    requestTimeoutMs: limits.integer("request_ms", { min: 500, max: 60_000, fallback: 5000 }),
    checkinIntervalMs: 1000 * limits.integer("checkin_s", { min: 10, max: 3600, fallback: 300 }),
    retryBaseMs,
    retryMaxMs,
  };
}

const HOST_NAME = "[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?";
const IPV6_LITERAL = "\\[[0-9A-Fa-f:.]{2,45}\\]";
const URL_PATH = "/[A-Za-z0-9._~/-]{0,128}";

function parseBaseUrl(fields: ConfigFields): string {
  const url = fields.text("base_url", 400);
  // Made here: an object of the module's body could not live in flash.
  const form = `^https?://(${HOST_NAME}|${IPV6_LITERAL})(?::([0-9]{1,5}))?(${URL_PATH})?$`;
  const match = new RegExp(form).exec(url);
  if (match === null) refuse("base_url", "must look like http://host:port or https://host");
  const port = match[2] === undefined ? 80 : Number(match[2]);
  if (port < 1 || port > 65535) refuse("base_url", "the port must be from 1 to 65535");
  let end = url.length;
  while (url[end - 1] === "/") end--;
  return url.slice(0, end);
}

/** Pins are all the trust that there is: without one, no server could ever be right. */
function parseTlsRoots(fields: ConfigFields, baseUrl: string): Pick<NodeConfig, "tlsRoots"> {
  if (fields.has("tls_roots")) return { tlsRoots: fields.bytesList("tls_roots", 32, 4) };
  // At a wire the gateway speaks to the server.
  if (baseUrl.startsWith("https:") && !fields.has("wired"))
    refuse("tls_roots", "is missing; with https it says whose certificates are good");
  return {};
}

function parseTimeServer(fields: ConfigFields, baseUrl: string): string {
  if (!baseUrl.startsWith("https:"))
    refuse("time_server", "is for https only: all other time comes from the server's answers");
  const host = fields.text("time_server", 253);
  if (!new RegExp(`^${HOST_NAME}$`).test(host)) refuse("time_server", "must be the name of a host");
  return host;
}

function parseUuid(fields: ConfigFields, name: string): string {
  const text = fields.text(name, 36);
  if (!/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(text))
    refuse(fields.pathOf(name), "must be a UUID in lower case");
  return text;
}

function parseAuthority(fields: ConfigFields): string {
  const id = fields.text("authority", 100);
  if (!/^totem:id:[a-z]{1,20}:[0-9a-f]{64}$/.test(id))
    refuse(fields.pathOf("authority"), "must be the id of an identity");
  return id;
}

function parseTimezone(fields: ConfigFields): number {
  if (!fields.has("timezone")) return 0;
  const match = /^([+-])(\d\d):(\d\d)$/.exec(fields.text("timezone", 6));
  if (match === null) refuse("timezone", 'must look like "+02:00"');
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  if (minutes > 14 * 60 || Number(match[3]) > 59) refuse("timezone", "there is no such offset");
  return match[1] === "-" ? -minutes : minutes;
}

/**
 * The serial driver of the SDK for the Pico keeps 128 bytes. They are full after 11 ms at this
 * speed, and after 1.4 ms at 921,600 baud, where any turn of the program loses the rest of a frame.
 */
const BAUD_MAX = 115_200;

function parseWifi(fields: ConfigFields): NonNullable<NodeConfig["wifi"]> {
  const wifi = nested(fields, "wifi", ["ssid", "password"]);
  const ssid = wifi.text("ssid", 32);
  if (!wifi.has("password")) return { ssid };
  const password = wifi.text("password", 63);
  // IEEE 802.11-2020 J.4.1: a passphrase has 8 to 63 characters.
  if (password.length < 8) refuse("wifi.password", "must have 8 to 63 characters");
  return { ssid, password: new Secret(toUtf8(password)) };
}

function parseWired(fields: ConfigFields, wiring: Wiring): WiredConfig {
  if (fields.has("wifi")) refuse("wired", "a node has `wifi` or `wired`, not both");
  const known = ["receive", "transmit", "baud", "address", "direction"];
  const wired = nested(fields, "wired", known);
  const direction = wiring.optionalPin(wired, "direction");
  return {
    ...wiring.uart(wired),
    baud: wired.integer("baud", { min: 9600, max: BAUD_MAX, fallback: BAUD_MAX }),
    address: wired.integer("address", { min: ADDRESS_MIN, max: ADDRESS_MAX, fallback: 1 }),
    ...(direction === undefined ? {} : { direction }),
  };
}

function parseDisplay(fields: ConfigFields, wiring: Wiring): NonNullable<NodeConfig["display"]> {
  const display = nested(fields, "display", ["data", "clock", "hz", "address", "reset"]);
  const bus = wiring.i2c(display, { hz: 400_000 });
  const address = display.integer("address", { min: 0x3c, max: 0x3d, fallback: 0x3c });
  wiring.address(display, bus, address);
  const reset = wiring.optionalPin(display, "reset");
  return { ...bus, address, ...(reset === undefined ? {} : { reset }) };
}

function parseConsole(fields: ConfigFields, wiring: Wiring): NonNullable<NodeConfig["console"]> {
  const port = nested(fields, "console", ["receive", "transmit", "baud", "echo"]);
  return {
    ...wiring.uart(port),
    baud: port.integer("baud", { min: 1200, max: BAUD_MAX, fallback: BAUD_MAX }),
    echo: port.boolean("echo", true),
  };
}
