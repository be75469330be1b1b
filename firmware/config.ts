import { HOST_MAX } from "../protocol/badge/link.ts";
import type { BadgeProfile } from "../protocol/badge/sealed-link.ts";
import { Secret } from "../protocol/crypto/secret.ts";
import { toUtf8 } from "../protocol/encoding/utf8.ts";
import { ConfigFields, refuse } from "./config-fields.ts";
import { i2cBlock, PinClaims, uartBlock } from "./pins.ts";

export interface I2cPins {
  readonly data: number;
  readonly clock: number;
  readonly hz: number;
  /** RP2350 I2C block, told by the pins. */
  readonly port: 0 | 1;
}

export interface ReaderLimits {
  /** A decision that comes later than this after the question is not used. */
  readonly decisionTimeoutMs: number;
  /** Limit of every other request. */
  readonly requestTimeoutMs: number;
  /** Time between check-ins. */
  readonly checkinIntervalMs: number;
  /** How long GRANTED and DENIED stay on the screen. */
  readonly resultMs: number;
  /** First and longest wait between attempts after a failure. */
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
}

/** What a badge reader is told when it is provisioned, checked and typed. */
export interface ReaderConfig {
  /** Without a slash at the end. */
  readonly baseUrl: string;
  readonly nodeType: "reader";
  readonly tenantId: string;
  readonly commKey: Secret;
  readonly commIv: Uint8Array;
  readonly serverKeys: readonly Uint8Array[];
  /** Absent where all badges are sealed: then no secret of theirs is on the reader. */
  readonly df1?: Secret;
  /** What most badges here are: tells how long their file is; and whether df1 is needed. */
  readonly badgeProfile: BadgeProfile;
  readonly enrolToken?: Secret;
  /** For the platform that joins the network; the reader itself does not look at it. */
  readonly wifi?: { readonly ssid: string; readonly password?: Secret };
  /** Host of the link on the badges: tells how long their file is before the first is read. */
  readonly badgeHost?: string;
  /** Shown on the screens: which door this is. */
  readonly label: string;
  readonly utcOffsetMinutes: number;
  readonly nfc: I2cPins & { readonly reset?: number; readonly irq?: number };
  readonly display?: I2cPins & { readonly address: number; readonly reset?: number };
  readonly relay: { readonly pin: number; readonly activeHigh: boolean; readonly maxMs: number };
  readonly led?: { readonly green: number; readonly red: number };
  /** A passive buzzer (piezo) is given the tone, an active one only power. */
  readonly buzzer?: { readonly pin: number; readonly active: boolean };
  readonly console?: {
    readonly receive: number;
    readonly transmit: number;
    readonly port: 0 | 1;
    readonly baud: number;
    readonly echo: boolean;
  };
  readonly limits: ReaderLimits;
}

const FIELDS = Object.freeze([
  "base_url",
  "node_type",
  "tenant_id",
  "comm_key",
  "comm_iv",
  "server_keys",
  "df1",
  "enrol_token",
  "wifi",
  "badge_host",
  "badge_profile",
  "label",
  "timezone",
  "nfc",
  "display",
  "relay",
  "led",
  "buzzer",
  "console",
  "limits",
]);

/**
 * Configuration text (JSON) to a checked {@link ReaderConfig}.
 * @throws config-invalid; `detail.field` and the message name the field.
 * @example const config = parseReaderConfig('{"base_url": "http://10.0.0.2:8080", …}');
 */
export function parseReaderConfig(text: string): ReaderConfig {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The engine's message may quote the text, and the text holds keys.
    return refuse("configuration", "is not JSON");
  }
  return readerConfig(value);
}

/** The same for an object that is parsed already (a manifest's `config`). */
export function readerConfig(value: unknown): ReaderConfig {
  const fields = new ConfigFields(value, "", FIELDS);
  const pins = new PinClaims();
  const nfc = parseNfc(fields, pins);
  const display = fields.has("display") ? parseDisplay(fields, pins, nfc.port) : undefined;
  const wifi = fields.has("wifi") ? parseWifi(fields) : undefined;
  const badgeProfile = fields.choice("badge_profile", ["open", "sealed"], "open");
  return {
    baseUrl: parseBaseUrl(fields),
    nodeType: fields.choice("node_type", ["reader"], "reader"),
    tenantId: parseUuid(fields, "tenant_id"),
    commKey: new Secret(fields.bytes("comm_key", 32)),
    commIv: fields.bytes("comm_iv", 12),
    serverKeys: fields.bytesList("server_keys", 32, 4),
    ...(badgeProfile === "open" || fields.has("df1")
      ? { df1: new Secret(fields.bytes("df1", 32)) }
      : {}),
    badgeProfile,
    ...(fields.has("enrol_token")
      ? { enrolToken: new Secret(toUtf8(fields.text("enrol_token", 128))) }
      : {}),
    ...(wifi === undefined ? {} : { wifi }),
    ...(fields.has("badge_host") ? { badgeHost: parseBadgeHost(fields) } : {}),
    label: fields.has("label") ? fields.text("label", 21) : "Latchkey",
    utcOffsetMinutes: parseTimezone(fields),
    nfc,
    ...(display === undefined ? {} : { display }),
    relay: parseRelay(fields, pins),
    ...(fields.has("led") ? { led: parseLed(fields, pins) } : {}),
    ...(fields.has("buzzer") ? { buzzer: parseBuzzer(fields, pins) } : {}),
    ...(fields.has("console") ? { console: parseConsole(fields, pins) } : {}),
    limits: parseLimits(fields),
  };
}

function nested(fields: ConfigFields, name: string, known: readonly string[]): ConfigFields {
  if (!fields.has(name)) refuse(fields.pathOf(name), "is missing");
  return new ConfigFields(fields.raw(name), fields.pathOf(name), known);
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

function parseBadgeHost(fields: ConfigFields): string {
  const host = fields.text("badge_host", HOST_MAX);
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$/.test(host))
    refuse("badge_host", "must be a host name in lower case");
  return host;
}

function parseUuid(fields: ConfigFields, name: string): string {
  const text = fields.text(name, 36);
  if (!/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(text))
    refuse(fields.pathOf(name), "must be a UUID in lower case");
  return text;
}

function parseTimezone(fields: ConfigFields): number {
  if (!fields.has("timezone")) return 0;
  const match = /^([+-])(\d\d):(\d\d)$/.exec(fields.text("timezone", 6));
  if (match === null) refuse("timezone", 'must look like "+02:00"');
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  if (minutes > 14 * 60 || Number(match[3]) > 59) refuse("timezone", "there is no such offset");
  return match[1] === "-" ? -minutes : minutes;
}

function parseWifi(fields: ConfigFields): NonNullable<ReaderConfig["wifi"]> {
  const wifi = nested(fields, "wifi", ["ssid", "password"]);
  const ssid = wifi.text("ssid", 32);
  if (!wifi.has("password")) return { ssid };
  const password = wifi.text("password", 63);
  // IEEE 802.11-2020 J.4.1: a passphrase has 8 to 63 characters.
  if (password.length < 8) refuse("wifi.password", "must have 8 to 63 characters");
  return { ssid, password: new Secret(toUtf8(password)) };
}

function parseI2c(fields: ConfigFields, path: string, pins: PinClaims, hz: number): I2cPins {
  const data = fields.integer("data", { min: 0, max: 47 });
  const clock = fields.integer("clock", { min: 0, max: 47 });
  pins.claim(`${path}.data`, data);
  pins.claim(`${path}.clock`, clock);
  const port = i2cBlock(path, data, clock);
  return {
    data,
    clock,
    port,
    hz: fields.integer("hz", { min: 10_000, max: 400_000, fallback: hz }),
  };
}

function optionalPin(fields: ConfigFields, name: string, pins: PinClaims): number | undefined {
  if (!fields.has(name)) return undefined;
  return pins.claim(fields.pathOf(name), fields.integer(name, { min: 0, max: 47 }));
}

function parseNfc(fields: ConfigFields, pins: PinClaims): ReaderConfig["nfc"] {
  const nfc = nested(fields, "nfc", ["data", "clock", "hz", "reset", "irq"]);
  const bus = parseI2c(nfc, "nfc", pins, 100_000);
  const reset = optionalPin(nfc, "reset", pins);
  const irq = optionalPin(nfc, "irq", pins);
  return {
    ...bus,
    ...(reset === undefined ? {} : { reset }),
    ...(irq === undefined ? {} : { irq }),
  };
}

function parseDisplay(
  fields: ConfigFields,
  pins: PinClaims,
  nfcPort: 0 | 1,
): NonNullable<ReaderConfig["display"]> {
  const display = nested(fields, "display", ["data", "clock", "hz", "address", "reset"]);
  const bus = parseI2c(display, "display", pins, 400_000);
  // The PN532 holds SCL and tolerates 100 kHz; one block has one speed (docs/porting.md).
  if (bus.port === nfcPort)
    refuse("display.data", `the PN532 needs I2C${nfcPort} for itself: use pins of the other block`);
  const address = display.integer("address", { min: 0x3c, max: 0x3d, fallback: 0x3c });
  const reset = optionalPin(display, "reset", pins);
  return { ...bus, address, ...(reset === undefined ? {} : { reset }) };
}

function requiredPin(fields: ConfigFields, name: string, pins: PinClaims): number {
  return pins.claim(fields.pathOf(name), fields.integer(name, { min: 0, max: 47 }));
}

function parseRelay(fields: ConfigFields, pins: PinClaims): ReaderConfig["relay"] {
  const relay = nested(fields, "relay", ["pin", "active", "max_ms"]);
  return {
    pin: requiredPin(relay, "pin", pins),
    activeHigh: relay.choice("active", ["high", "low"], "high") === "high",
    maxMs: relay.integer("max_ms", { min: 100, max: 60_000, fallback: 10_000 }),
  };
}

function parseLed(fields: ConfigFields, pins: PinClaims): NonNullable<ReaderConfig["led"]> {
  const led = nested(fields, "led", ["green", "red"]);
  return { green: requiredPin(led, "green", pins), red: requiredPin(led, "red", pins) };
}

function parseBuzzer(fields: ConfigFields, pins: PinClaims): NonNullable<ReaderConfig["buzzer"]> {
  const buzzer = nested(fields, "buzzer", ["pin", "active"]);
  return { pin: requiredPin(buzzer, "pin", pins), active: buzzer.boolean("active", false) };
}

function parseConsole(fields: ConfigFields, pins: PinClaims): NonNullable<ReaderConfig["console"]> {
  const port = nested(fields, "console", ["receive", "transmit", "baud", "echo"]);
  const transmit = requiredPin(port, "transmit", pins);
  const receive = requiredPin(port, "receive", pins);
  return {
    transmit,
    receive,
    port: uartBlock("console", transmit, receive),
    baud: port.integer("baud", { min: 1200, max: 921_600, fallback: 115_200 }),
    echo: port.boolean("echo", true),
  };
}

function parseLimits(fields: ConfigFields): ReaderLimits {
  const known = ["decision_ms", "request_ms", "checkin_s", "result_ms", "retry_ms", "retry_max_ms"];
  const limits = new ConfigFields(fields.raw("limits") ?? {}, "limits", known);
  const retryBaseMs = limits.integer("retry_ms", { min: 100, max: 10_000, fallback: 500 });
  const retryMaxMs = limits.integer("retry_max_ms", { min: 1000, max: 300_000, fallback: 15_000 });
  if (retryMaxMs < retryBaseMs) refuse("limits.retry_max_ms", "must not be below limits.retry_ms");
  return {
    decisionTimeoutMs: limits.integer("decision_ms", { min: 200, max: 10_000, fallback: 3000 }),
    requestTimeoutMs: limits.integer("request_ms", { min: 500, max: 60_000, fallback: 5000 }),
    checkinIntervalMs: 1000 * limits.integer("checkin_s", { min: 10, max: 3600, fallback: 300 }),
    resultMs: limits.integer("result_ms", { min: 300, max: 10_000, fallback: 2000 }),
    retryBaseMs,
    retryMaxMs,
  };
}
