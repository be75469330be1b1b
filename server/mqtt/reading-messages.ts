import { QUANTITIES } from "../../protocol/telemetry/ranges.ts";
import { writeStoredReading } from "../../protocol/telemetry/stored-reading.ts";
import type { ReadingRow } from "../store/readings.ts";
import type { MqttMessage } from "./broker-link.ts";
import { EXPIRE_AFTER_SECONDS } from "./home-assistant.ts";
import { readingTopic, stateTopic } from "./topics.ts";

/** What was measured, as `[field, payload]`: `temperature`, `fridge.temperature`, `motion`. */
export function states({ reading: { fields, named = {} } }: ReadingRow): [string, string][] {
  const { motion } = fields;
  return [
    ...QUANTITIES.flatMap((name): [string, string][] => {
      const value = fields[name];
      return value === undefined ? [] : [[name, String(value)]];
    }),
    ...(motion === undefined ? [] : [["motion", motion ? "ON" : "OFF"] as [string, string]]),
    ...Object.entries(named).map(([name, value]): [string, string] => [name, String(value)]),
  ];
}

/**
 * Whether a reading goes to the broker. What a node says of badges does not: who came and went is
 * for the audit log, not for everything in the house. Nor does what was refused: it is no value.
 */
export function isPublished({ kind, refused }: ReadingRow): boolean {
  return kind !== "access" && refused === undefined;
}

/** A state means now: what arrives late is in `reading` only, which has its time. */
export function isCurrent({ at }: ReadingRow, nowAt: number): boolean {
  return nowAt - at < EXPIRE_AFTER_SECONDS;
}

export function stateMessage({ tenantId, nodeUid }: ReadingRow, field: string, payload: string) {
  // Not retained: Home Assistant would take a value from last week for fresh after its restart.
  return { topic: stateTopic(tenantId, nodeUid, field), payload, retain: false };
}

export function readingMessage(row: ReadingRow): MqttMessage {
  const { tenantId, nodeUid } = row;
  const payload = JSON.stringify(writeStoredReading(row));
  return { topic: readingTopic(tenantId, nodeUid), payload, retain: false };
}
