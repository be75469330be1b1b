import { LatchkeyError } from "../../protocol/errors.ts";

const PREFIX = "latchkey";

/** `online` or `offline`, retained: whether this server publishes. */
export const STATUS_TOPIC = `${PREFIX}/status`;

/**
 * One level of a topic: a name that came from a node must not become two, or a wildcard. The
 * parser of readings lets nothing else in; this is the second lock, beside the door itself.
 */
function level(name: string): string {
  if (!/^[a-z0-9][a-z0-9_.-]*$/.test(name))
    throw new LatchkeyError("malformed", {
      message: "topic: not a level",
      detail: { field: "topic" },
    });
  return name;
}

/** A quantity's newest value, as a number or ON and OFF. */
export function stateTopic(tenantId: string, nodeUid: string, field: string): string {
  return [PREFIX, tenantId, nodeUid, field].map(level).join("/");
}

/** Every reading of a node, as JSON with its time and number. */
export function readingTopic(tenantId: string, nodeUid: string): string {
  return stateTopic(tenantId, nodeUid, "reading");
}
