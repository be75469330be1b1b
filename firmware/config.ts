import { HOST_MAX } from "../protocol/badge/link.ts";
import type { BadgeProfile } from "../protocol/badge/sealed-link.ts";
import { Secret } from "../protocol/crypto/secret.ts";
import { ConfigFields, parseJson, refuse } from "./config-fields.ts";
import {
  LIMIT_FIELDS,
  NODE_FIELDS,
  type NodeConfig,
  type NodeLimits,
  nested,
  parseNode,
  parseNodeLimits,
} from "./node-config.ts";
import { parseSensors, parseUpload, type UploadPolicy } from "./sensor/sensor-config.ts";
import type { SensorDriver } from "./sensor/sensor-driver.ts";
import type { SensorPlan } from "./sensor/sensor-plan.ts";
import { type I2cPins, Wiring } from "./wiring.ts";

export interface ReaderLimits extends NodeLimits {
  /** A decision that comes later than this after the question is not used. */
  readonly decisionTimeoutMs: number;
  /** How long GRANTED and DENIED stay on the screen. */
  readonly resultMs: number;
}

/** What a badge reader is told when it is provisioned, checked and typed. */
export interface ReaderConfig extends NodeConfig {
  readonly nodeType: "reader";
  /** Absent where all badges are sealed: then no secret of theirs is on the reader. */
  readonly df1?: Secret;
  /** What most badges here are: tells how long their file is; and whether df1 is needed. */
  readonly badgeProfile: BadgeProfile;
  /** Host of the link on the badges: tells how long their file is before the first is read. */
  readonly badgeHost?: string;
  readonly nfc: I2cPins & { readonly reset?: number; readonly irq?: number };
  /** Whether visitors without a badge are let in here, by a code on the display. */
  readonly visitors: boolean;
  readonly relay: { readonly pin: number; readonly activeHigh: boolean; readonly maxMs: number };
  readonly led?: { readonly green: number; readonly red: number };
  /** A passive buzzer (piezo) is given the tone, an active one only power. */
  readonly buzzer?: { readonly pin: number; readonly active: boolean };
  /** What it measures beside; often nothing. */
  readonly sensors: readonly SensorPlan[];
  readonly upload: UploadPolicy;
  readonly limits: ReaderLimits;
}

const FIELDS: readonly string[] = Object.freeze([
  ...NODE_FIELDS,
  "df1",
  "badge_host",
  "badge_profile",
  "nfc",
  "visitors",
  "relay",
  "led",
  "buzzer",
  "sensors",
  "upload",
]);

/**
 * Configuration text (JSON) to a checked {@link ReaderConfig}.
 * @param drivers of the sensors that this firmware knows, for a reader that measures as well
 * @throws config-invalid; `detail.field` and the message name the field.
 * @example const config = parseReaderConfig('{"base_url": "http://10.0.0.2:8080", …}');
 */
export function parseReaderConfig(
  text: string,
  drivers: readonly SensorDriver[] = [],
): ReaderConfig {
  return readerConfig(parseJson(text), drivers);
}

/** The same for an object that is parsed already (a manifest's `config`). */
export function readerConfig(value: unknown, drivers: readonly SensorDriver[] = []): ReaderConfig {
  const fields = new ConfigFields(value, "", FIELDS);
  const wiring = new Wiring();
  const nfc = parseNfc(fields, wiring);
  const badgeProfile = fields.choice("badge_profile", ["open", "sealed"], "open");
  return {
    ...parseNode(fields, wiring),
    nodeType: fields.choice("node_type", ["reader"], "reader"),
    ...(badgeProfile === "open" || fields.has("df1")
      ? { df1: new Secret(fields.bytes("df1", 32)) }
      : {}),
    badgeProfile,
    ...(fields.has("badge_host") ? { badgeHost: parseBadgeHost(fields) } : {}),
    nfc,
    visitors: fields.boolean("visitors", false),
    relay: parseRelay(fields, wiring),
    ...(fields.has("led") ? { led: parseLed(fields, wiring) } : {}),
    ...(fields.has("buzzer") ? { buzzer: parseBuzzer(fields, wiring) } : {}),
    sensors: fields.has("sensors") ? parseSensors(fields, wiring, drivers) : [],
    upload: parseUpload(fields),
    limits: parseLimits(fields),
  };
}

function parseBadgeHost(fields: ConfigFields): string {
  const host = fields.text("badge_host", HOST_MAX);
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$/.test(host))
    refuse("badge_host", "must be a host name in lower case");
  return host;
}

function parseNfc(fields: ConfigFields, wiring: Wiring): ReaderConfig["nfc"] {
  const nfc = nested(fields, "nfc", ["data", "clock", "hz", "reset", "irq"]);
  // It holds SCL and tolerates 100 kHz.
  const bus = wiring.i2c(nfc, { hz: 100_000, alone: "the PN532" });
  const reset = wiring.optionalPin(nfc, "reset");
  const irq = wiring.optionalPin(nfc, "irq");
  return {
    ...bus,
    ...(reset === undefined ? {} : { reset }),
    ...(irq === undefined ? {} : { irq }),
  };
}

function parseRelay(fields: ConfigFields, wiring: Wiring): ReaderConfig["relay"] {
  const relay = nested(fields, "relay", ["pin", "active", "max_ms"]);
  return {
    pin: wiring.pin(relay, "pin"),
    activeHigh: relay.choice("active", ["high", "low"], "high") === "high",
    maxMs: relay.integer("max_ms", { min: 100, max: 60_000, fallback: 10_000 }),
  };
}

function parseLed(fields: ConfigFields, wiring: Wiring): NonNullable<ReaderConfig["led"]> {
  const led = nested(fields, "led", ["green", "red"]);
  return { green: wiring.pin(led, "green"), red: wiring.pin(led, "red") };
}

function parseBuzzer(fields: ConfigFields, wiring: Wiring): NonNullable<ReaderConfig["buzzer"]> {
  const buzzer = nested(fields, "buzzer", ["pin", "active"]);
  return { pin: wiring.pin(buzzer, "pin"), active: buzzer.boolean("active", false) };
}

function parseLimits(fields: ConfigFields): ReaderLimits {
  const limits = fields.object("limits", [...LIMIT_FIELDS, "decision_ms", "result_ms"]);
  return {
    ...parseNodeLimits(limits),
    decisionTimeoutMs: limits.integer("decision_ms", { min: 200, max: 10_000, fallback: 3000 }),
    resultMs: limits.integer("result_ms", { min: 300, max: 10_000, fallback: 2000 }),
  };
}
