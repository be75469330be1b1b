import type { NamedReadings } from "../../protocol/telemetry/reading.ts";
import type { ServiceContext } from "../context.ts";
import type { DoorChange } from "../store/doors.ts";
import type { DecisionRecord, Node } from "../store/records.ts";
import { unixSeconds } from "../wall-clock.ts";
import { type DoorEvent, type DoorFact, doorFacts, isAlarming } from "./door-fact.ts";

/** The audit row of an event, and its alarm. Its own time is when the server heard it. */
function doorRecord(
  { tenantId, nodeUid, zone }: Node,
  { name }: DoorFact,
  event: DoorEvent,
  seenAt: number,
  at: number,
): DecisionRecord {
  const where = { node_uid: nodeUid, door: name, ...(zone !== undefined && { zone }) };
  const entry = { tenantId, at, kind: event, data: { ...where, seen_at: seenAt } };
  if (!isAlarming(event)) return { entry };
  return { entry, alarm: { tenantId, at, kind: event, badgeUid: undefined, nodeUid, cause: name } };
}

/**
 * The doors in a reading. The node's word is taken for what it saw. One that was taken over can
 * tell of break-ins that were none: not of more than its rate allows.
 * @param seenAt Unix seconds
 */
export function doorChanges(
  { rates, limits, clock, log }: ServiceContext,
  node: Node,
  named: NamedReadings | undefined,
  seenAt: number,
): readonly DoorChange[] {
  const { tenantId, nodeUid } = node;
  const at = unixSeconds(clock);
  return doorFacts(named).map((fact) => {
    const quiet = !fact.exit && !fact.held && !fact.forced;
    if (!quiet && !rates.allows("door-events-by-node", limits.doorEventsByNode, nodeUid)) {
      log.write("warn", "door-events-dropped", { tenant_id: tenantId, node_uid: nodeUid });
      return { ...fact, at: seenAt };
    }
    return { ...fact, at: seenAt, record: (event) => doorRecord(node, fact, event, seenAt, at) };
  });
}
