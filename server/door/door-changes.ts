import type { NamedReadings } from "../../protocol/telemetry/reading.ts";
import type { ServiceContext } from "../context.ts";
import { subjectOf } from "../rate-limiter.ts";
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
 * @param at when, in Unix seconds, and the number of the reading
 */
export async function doorChanges(
  { rates, limits, clock, log }: ServiceContext,
  node: Node,
  named: NamedReadings | undefined,
  { seenAt, seq }: { readonly seenAt: number; readonly seq: number },
): Promise<readonly DoorChange[]> {
  const { tenantId, nodeUid } = node;
  const at = unixSeconds(clock);
  const subject = subjectOf(tenantId, nodeUid);
  const rate = limits.doorEventsByNode;
  const change = async (fact: DoorFact): Promise<DoorChange> => {
    const quiet = !fact.exit && !fact.held && !fact.forced;
    if (!quiet && !(await rates.allows({ limit: "door-events-by-node", rate, subject }))) {
      log.write("warn", "door-events-dropped", { tenant_id: tenantId, node_uid: nodeUid });
      return { ...fact, at: seenAt, seq };
    }
    return {
      ...fact,
      at: seenAt,
      seq,
      record: (event) => doorRecord(node, fact, event, seenAt, at),
    };
  };
  const changes: DoorChange[] = [];
  for (const fact of doorFacts(named)) changes.push(await change(fact));
  return changes;
}
