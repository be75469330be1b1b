import { isSensorName, NAMED_MAX } from "../../protocol/telemetry/reading-fields.ts";
import { ConfigFields, parseJson, refuse } from "../config-fields.ts";
import {
  LIMIT_FIELDS,
  NODE_FIELDS,
  type NodeConfig,
  type NodeLimits,
  parseNode,
  parseNodeLimits,
} from "../node-config.ts";
import { Wiring } from "../wiring.ts";
import type { SensorDriver } from "./sensor-driver.ts";
import type { QuantityFilter, SensorPlan } from "./sensor-plan.ts";
import { isWireQuantity } from "./stored-reading.ts";

/** When readings that are not urgent are sent. */
export interface UploadPolicy {
  readonly everyMs: number;
  /** Sooner when this many wait. */
  readonly readings: number;
}

/** What a sensor node is told when it is provisioned, checked and typed. */
export interface SensorNodeConfig extends NodeConfig {
  readonly nodeType: "sensor";
  readonly sensors: readonly SensorPlan[];
  readonly upload: UploadPolicy;
  readonly limits: NodeLimits;
}

const FIELDS: readonly string[] = Object.freeze([...NODE_FIELDS, "sensors", "upload"]);
/** A record names at most sixteen that failed. */
const SENSORS_MAX = 16;
const DAY_MS = 86_400_000;
const MEASURE_LIMIT_MS = 5_000;
export const FILTER_FIELDS = Object.freeze(["delta", "above", "below"] as const);
const COMMON_SETTINGS = Object.freeze(["platform", "name", "update_interval", "heartbeat"]);

/** Configuration text (JSON) to a checked {@link SensorNodeConfig}. @throws config-invalid */
export function parseSensorNodeConfig(
  text: string,
  drivers: readonly SensorDriver[],
): SensorNodeConfig {
  return sensorNodeConfig(parseJson(text), drivers);
}

/** The same for an object that is parsed already. */
export function sensorNodeConfig(
  value: unknown,
  drivers: readonly SensorDriver[],
): SensorNodeConfig {
  const fields = new ConfigFields(value, "", FIELDS);
  const wiring = new Wiring();
  return {
    ...parseNode(fields, wiring),
    nodeType: fields.choice("node_type", ["sensor"], "sensor"),
    sensors: parseSensors(fields, wiring, drivers),
    upload: parseUpload(fields),
    limits: parseNodeLimits(fields.object("limits", LIMIT_FIELDS)),
  };
}

export function parseUpload(fields: ConfigFields): UploadPolicy {
  const upload = fields.object("upload", ["every", "readings"]);
  return {
    everyMs: upload.durationMs("every", { min: 1_000, max: DAY_MS, fallback: 60_000 }),
    readings: upload.integer("readings", { min: 1, max: 1000, fallback: 30 }),
  };
}

/**
 * The list `sensors`. The first sensor that has a quantity gives the wire's field of that name;
 * each further one is `<name>.<quantity>`, so that a field never changes its meaning.
 */
export function parseSensors(
  fields: ConfigFields,
  wiring: Wiring,
  drivers: readonly SensorDriver[],
): SensorPlan[] {
  const list = fields.list("sensors", 1, SENSORS_MAX);
  const names = new Set<string>();
  const taken = new Set<string>();
  return list.map((entry, index) => {
    const path = `sensors[${index}]`;
    const driver = driverOf(entry, path, drivers);
    const known = [...COMMON_SETTINGS, ...driver.settings, ...driver.quantities];
    const settings = new ConfigFields(entry, path, known);
    const name = settings.text("name", 32);
    if (!isSensorName(name)) refuse(settings.pathOf("name"), "must be a word of a-z, 0-9, _ and -");
    if (names.has(name)) refuse(settings.pathOf("name"), "is already the name of another sensor");
    names.add(name);
    const plan = parseSensor(settings, wiring, driver, name, taken);
    if ([...taken].filter((wireName) => wireName.includes(".")).length > NAMED_MAX)
      refuse(path, `is one too many: a reading has at most ${NAMED_MAX} named quantities`);
    return plan;
  });
}

function driverOf(entry: unknown, path: string, drivers: readonly SensorDriver[]): SensorDriver {
  const loose = typeof entry === "object" && entry !== null ? Object.keys(entry) : [];
  const platforms = drivers.map(({ platform }) => platform);
  if (platforms.length === 0) refuse(path, "this firmware has no drivers for sensors");
  const platform = new ConfigFields(entry, path, loose).choice("platform", platforms);
  return drivers.find((driver) => driver.platform === platform)!;
}

function parseSensor(
  settings: ConfigFields,
  wiring: Wiring,
  driver: SensorDriver,
  name: string,
  taken: Set<string>,
): SensorPlan {
  const { platform, quantities, intervalMinMs: min = 100, measureLimitMs } = driver;
  const { plausible = {}, quantitySettings = [] } = driver;
  const wireNames = new Map<string, string>();
  const filters = new Map<string, QuantityFilter>();
  for (const quantity of quantities) {
    // What the wire takes behind a sensor's name.
    if (!/^[a-z][a-z0-9_]{0,15}$/.test(quantity))
      refuse(settings.pathOf("platform"), `\`${quantity}\` is no word`);
    const plain = isWireQuantity(quantity) && !taken.has(quantity);
    const wireName = plain ? quantity : `${name}.${quantity}`;
    taken.add(wireName);
    wireNames.set(quantity, wireName);
    if (settings.has(quantity))
      filters.set(quantity, parseFilter(settings, quantity, quantitySettings));
  }
  return {
    name,
    platform,
    intervalMs: settings.durationMs("update_interval", { min, max: DAY_MS, fallback: 60_000 }),
    heartbeatMs: settings.durationMs("heartbeat", { min: 1000, max: DAY_MS, fallback: 3_600_000 }),
    measureLimitMs: measureLimitMs ?? MEASURE_LIMIT_MS,
    filters,
    wireNames,
    plausible,
    eventOf: driver.eventOf,
    open: driver.configure(settings, wiring),
  };
}

function parseFilter(
  settings: ConfigFields,
  quantity: string,
  others: readonly string[],
): QuantityFilter {
  const filter = settings.object(quantity, [...FILTER_FIELDS, ...others]);
  const any = { min: -1e9, max: 1e9 };
  const above = filter.has("above") ? filter.number("above", any) : undefined;
  const below = filter.has("below") ? filter.number("below", any) : undefined;
  if (above !== undefined && below !== undefined && below > above)
    refuse(filter.pathOf("below"), `must not be greater than ${quantity}.above`);
  return {
    ...(filter.has("delta") ? { delta: filter.number("delta", { min: 0, max: 1e9 }) } : {}),
    ...(above === undefined ? {} : { above }),
    ...(below === undefined ? {} : { below }),
  };
}
