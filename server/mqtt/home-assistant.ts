import type { JsonObject } from "../../protocol/json/reader.ts";
import type { Quantity } from "../../protocol/telemetry/ranges.ts";
import type { Node } from "../store/records.ts";
import type { MqttMessage } from "./broker-link.ts";
import { STATUS_TOPIC, stateTopic } from "./topics.ts";

/** After so long without a value Home Assistant shows it as unavailable. */
export const EXPIRE_AFTER_SECONDS = 3600;

interface Meaning {
  readonly name: string;
  readonly unit?: string;
  /** Of Home Assistant's sensor entity. */
  readonly deviceClass?: string;
}

const MEANINGS: Readonly<Record<Quantity, Meaning>> = Object.freeze({
  temperature: { name: "Temperature", unit: "°C", deviceClass: "temperature" },
  humidity: { name: "Humidity", unit: "%", deviceClass: "humidity" },
  pressure: { name: "Pressure", unit: "hPa", deviceClass: "atmospheric_pressure" },
  lat: { name: "Latitude", unit: "°" },
  lon: { name: "Longitude", unit: "°" },
  altitude: { name: "Altitude", unit: "m", deviceClass: "distance" },
  voltage: { name: "Voltage", unit: "V", deviceClass: "voltage" },
  current: { name: "Current", unit: "A", deviceClass: "current" },
  power: { name: "Power", unit: "W", deviceClass: "power" },
});

/** Of `temperature`, or of `fridge.temperature`. */
function meaningOf(field: string): Meaning {
  const dot = field.lastIndexOf(".");
  const quantity = field.slice(dot + 1);
  const known = Object.hasOwn(MEANINGS, quantity) ? MEANINGS[quantity as Quantity] : undefined;
  if (dot < 0) return known ?? { name: field };
  return { ...known, name: `${field.slice(0, dot)} ${known?.name.toLowerCase() ?? quantity}` };
}

function device({ nodeUid, nodeType, label }: Node): JsonObject {
  return {
    identifiers: [`latchkey_${nodeUid}`],
    name: label ?? `Latchkey ${nodeType} ${nodeUid.slice(0, 8)}`,
    manufacturer: "Latchkey",
    model: nodeType,
  };
}

/**
 * The retained message by which Home Assistant finds a quantity of a node: MQTT discovery, one
 * component in a message (www.home-assistant.io/integrations/mqtt, "Discovery messages").
 */
export function discoveryMessage(node: Node, field: string): MqttMessage {
  const { tenantId, nodeUid } = node;
  const { name, unit, deviceClass } = meaningOf(field);
  // Object ids are of letters, digits, _ and -; a quantity has no hyphen, so this stays unique.
  const objectId = field.replace(".", "-");
  const motion = field === "motion";
  const config = {
    name: motion ? "Motion" : name,
    unique_id: `latchkey_${nodeUid}_${objectId}`,
    state_topic: stateTopic(tenantId, nodeUid, field),
    availability_topic: STATUS_TOPIC,
    expire_after: EXPIRE_AFTER_SECONDS,
    ...(motion ? { device_class: "motion" } : { state_class: "measurement" }),
    ...(unit !== undefined && { unit_of_measurement: unit }),
    ...(deviceClass !== undefined && { device_class: deviceClass }),
    device: device(node),
    origin: { name: "Latchkey" },
  };
  const component = motion ? "binary_sensor" : "sensor";
  const topic = `homeassistant/${component}/${nodeUid}/${objectId}/config`;
  return { topic, payload: JSON.stringify(config), retain: true };
}
