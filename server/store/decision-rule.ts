import { judgePassage, type PassageQuestion, type Presence } from "../policy/passage.ts";
import {
  type CounterStep,
  type DecisionOutcome,
  type GrantObstacle,
  type PassageStep,
  POLICY_CHANGED,
} from "./decisions.ts";
import type { BadgeStatus, DecisionRecord, NodeStatus } from "./records.ts";

/** What a badge's row says that counts. */
export interface BadgeStanding {
  readonly status: BadgeStatus;
  /** The highest that was seen. */
  readonly readCounter: number;
}

/** What is stored of those whom a decision is about; whoever gives it holds it until the commit. */
export interface HeldRows {
  nodeStatus(nodeUid: string): NodeStatus | undefined;
  badge(badgeUid: string): BadgeStanding | undefined;
  /** Of the tenant's rules; 0 before the first. */
  revision(): number;
  presence(question: PassageQuestion): Presence | undefined;
  /** The day for which the zone was opened last. */
  openedOn(zone: string): string | undefined;
}

/** What comes of a decision; what is absent is not to be stored. */
export interface Judgement {
  readonly outcome: DecisionOutcome;
  readonly record?: DecisionRecord;
  /** The badge's counter from now on. */
  readonly readCounter?: number;
  readonly presence?: Presence | undefined;
  /** The day for which the zone is open to all now. */
  readonly opened?: string | undefined;
}

/**
 * Looks once more whether reader and badge are in force: a revocation that came while the tap was
 * examined counts, and no grant stands behind it in the log.
 */
function outOfForce(
  rows: HeldRows,
  nodeUid: string,
  badgeUid: string | undefined,
): GrantObstacle | undefined {
  if (rows.nodeStatus(nodeUid) !== "active") return "node-revoked";
  if (badgeUid === undefined) return undefined;
  const status = rows.badge(badgeUid)?.status;
  if (status === "active") return undefined;
  return status === "suspended" ? "badge-suspended" : "badge-revoked";
}

/**
 * The last word over a decision, for every database: reader and badge, rules, counter, passage, in
 * this order. A counter that is not above the last one is a copy's; it stays raised where the
 * passage is refused, so that the same read does not serve again.
 */
export function judgeDecision(
  rows: HeldRows,
  fresh: DecisionRecord,
  step: PassageStep | CounterStep | undefined,
): Judgement {
  if (step === undefined) return { outcome: undefined, record: fresh };
  const { nodeUid, policy } = step;
  const counted = "badgeUid" in step ? step : undefined;
  const refuse = (outcome: GrantObstacle, cause?: string): Judgement => ({
    ...{ outcome, record: step.refused(outcome, cause) },
  });
  const obstacle = nodeUid === undefined ? undefined : outOfForce(rows, nodeUid, counted?.badgeUid);
  if (obstacle !== undefined) return refuse(obstacle);
  if (policy !== undefined && rows.revision() !== policy.revision)
    return { outcome: POLICY_CHANGED };
  const seen = counted && rows.badge(counted.badgeUid)?.readCounter;
  if (counted !== undefined && !(seen !== undefined && counted.readCounter > seen))
    return refuse("badge-cloned");
  const raised = counted && { readCounter: counted.readCounter };
  const question = policy?.passage;
  if (question === undefined) return { outcome: undefined, record: fresh, ...raised };
  const presence = question.passback && rows.presence(question);
  const openedOn = question.firstPerson && rows.openedOn(question.zone);
  const passage = judgePassage(question, presence, openedOn);
  const { obstacle: held, violation } = passage;
  if (held !== undefined) return { ...refuse(held, violation), ...raised };
  const soft = violation === undefined ? undefined : policy?.soft?.(violation);
  const stored = { presence: passage.presence, opened: passage.opened };
  return { outcome: undefined, record: soft ?? fresh, ...raised, ...stored };
}
