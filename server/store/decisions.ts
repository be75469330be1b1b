import type { PassageObstacle } from "../policy/passage.ts";
import type { PolicyStep } from "./policies.ts";
import type { DecisionRecord } from "./records.ts";

/** What can come between the examination of a tap and its grant. */
export type GrantObstacle =
  | "node-revoked"
  | "badge-revoked"
  | "badge-suspended"
  | "badge-cloned"
  | PassageObstacle;

/** Nothing was recorded: the rules are no longer those that the decision went by. */
export const POLICY_CHANGED = "policy-changed";

/** What has to hold for whoever passes, with or without a badge. */
export interface PassageStep {
  readonly tenantId: string;
  /** The reader that would open; its and the badge's status are looked at again. */
  readonly nodeUid?: string;
  readonly policy?: PolicyStep;
  readonly refused: (obstacle: GrantObstacle, cause?: string) => DecisionRecord;
}

export interface CounterStep extends PassageStep {
  readonly badgeUid: string;
  readonly readCounter: number;
}

/** What came between, or nothing. */
export type DecisionOutcome = GrantObstacle | typeof POLICY_CHANGED | undefined;

/** The part of the records in which a decision becomes a fact. */
export interface DecisionRecords {
  /**
   * One transaction: if reader and badge are still in force and `step` is above the badge's
   * counter, raises that, notes the passage and records `fresh`, else records what `step` says of
   * the obstacle, and gives it. Without `step`, records `fresh`.
   */
  recordDecision(fresh: DecisionRecord, step?: CounterStep): Promise<DecisionOutcome>;
  /** The same for somebody who has no badge. */
  recordPassage(fresh: DecisionRecord, step: PassageStep): Promise<DecisionOutcome>;
}
