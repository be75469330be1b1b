import type { DoorCondition, DoorEvent, DoorFact } from "../door/door-fact.ts";
import type { DecisionRecord } from "./records.ts";

/** What a reading says of a door, and how each event of it is to be recorded. */
export interface DoorChange extends DoorFact {
  /** Unix seconds. */
  readonly at: number;
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

export interface DoorRecords {
  /** By node and name. */
  doors(tenantId: string): Promise<readonly DoorState[]>;
}
