import type { DoorCondition, DoorEvent, DoorFact } from "../door/door-fact.ts";
import type { DecisionRecord } from "./records.ts";

/** What a reading says of a door, and how each event of it is to be recorded. */
export interface DoorChange extends DoorFact {
  /** Unix seconds. */
  readonly at: number;
  /** Of the reading in its node's log. */
  readonly seq: number;
  /** Absent when the node has told too much: then the state is noted and no event. */
  readonly record?: (event: DoorEvent) => DecisionRecord;
}

/** How a door is, as far as its node has told. */
export interface DoorState extends DoorCondition {
  readonly nodeUid: string;
  readonly name: string;
  /** Unix seconds. */
  readonly changedAt: number;
}

/** The node's log and the number in it that a door's state is from; absent where it has none. */
export interface DoorSource {
  readonly logId: string | undefined;
  readonly seq: number | undefined;
}

/**
 * Whether a reading is older than what is known. Events that must not be lost overtake others on
 * their way out of a node's flash, so its numbers count and not the order of arrival.
 */
export function isOvertaken(known: DoorSource | undefined, { logId, seq }: DoorSource): boolean {
  if (known === undefined || logId === undefined || known.logId !== logId) return false;
  return known.seq !== undefined && seq !== undefined && seq < known.seq;
}

export interface DoorRecords {
  /** By node and name. */
  doors(tenantId: string): Promise<readonly DoorState[]>;
}
