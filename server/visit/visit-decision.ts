import type { BadgeDecision } from "../../protocol/badge/verify.ts";
import { fromUtf8 } from "../../protocol/encoding/utf8.ts";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import { toLatchkeyError } from "../../protocol/errors.ts";
import { parseObject } from "../../protocol/json/reader.ts";
import { accessDecision } from "../access-decision.ts";
import type { ServiceContext } from "../context.ts";
import { relayMsFor } from "../decision.ts";
import { untilDecided } from "../decision-tries.ts";
import { POLICY_CHANGED } from "../store/decisions.ts";
import type { DecisionRecord, Node } from "../store/records.ts";
import { unixSeconds } from "../wall-clock.ts";
import { todayAt } from "./visit-request.ts";
import { checkInvitation, type Invitation, readInvitation } from "./visit-status.ts";

/** In the rules, visitors are everybody of this group: what it is entitled to, they may enter. */
export const VISITORS = "visitors";

/** A presentation that was verified, waiting for its reader. */
interface Shown {
  readonly invitation: Invitation;
  readonly zone: string;
  readonly day: string;
}

function readShown(bytes: Uint8Array): Shown {
  const body = parseObject(fromUtf8(bytes, "visit"), "visit");
  return {
    invitation: readInvitation(body),
    ...{ zone: body.string("zone"), day: body.string("day") },
  };
}

/** Why the visitor may not pass any more, although the presentation was good when it came. */
async function objection(
  context: ServiceContext,
  node: Node,
  { shown, expiresAt }: { shown: Shown; expiresAt: number },
): Promise<ErrorCode | undefined> {
  if (expiresAt <= unixSeconds(context.clock)) return "challenge-expired";
  // The reader was moved, or midnight came, in between.
  if (node.zone !== shown.zone) return "entitlement-denied";
  try {
    if ((await todayAt(context, node)) !== shown.day) return "credential-expired";
    await checkInvitation(context, node, shown.invitation);
    return undefined;
  } catch (error) {
    return toLatchkeyError(error).code;
  }
}

/**
 * What became of a request: nothing yet, or the decision on who answered it, once. It goes through
 * the same rules as a badge, now, and is in the audit log before the reader hears of it.
 */
export async function decideVisit(
  context: ServiceContext,
  node: Node,
  requestId: string,
): Promise<BadgeDecision | undefined> {
  const { ephemera } = context;
  const stored = await ephemera.takeChallenge(requestId, "visit", node.nodeUid);
  if (stored === undefined || stored.tenantId !== node.tenantId) return undefined;
  const shown = readShown(stored.nonce);
  const denied = await objection(context, node, { shown, expiresAt: stored.expiresAt });
  return untilDecided(() => conclude(context, node, { requestId, shown, denied }));
}

interface Question {
  readonly requestId: string;
  readonly shown: Shown;
  readonly denied: ErrorCode | undefined;
}

/** `undefined` when the rules were changed before it could be recorded. */
async function conclude(
  context: ServiceContext,
  node: Node,
  { requestId: challengeId, shown, denied }: Question,
): Promise<BadgeDecision | undefined> {
  const { records, log, clock } = context;
  const { tenantId, nodeUid } = node;
  const at = unixSeconds(clock);
  const visitor = shown.invitation.name;
  const named = { node_uid: nodeUid, visitor, challenge_id: challengeId };
  const record = (data: Record<string, string | number | boolean>): DecisionRecord => ({
    entry: { tenantId, at, kind: "visit-decision", data: { ...named, ...data } },
  });
  const refusal = (reason: string, cause?: string): DecisionRecord =>
    record({ granted: false, reason, ...(cause !== undefined && { cause }) });
  /** As for a badge; which visitor it was stands in the cause, there is no UID. */
  const passback = (decided: DecisionRecord, how: string): DecisionRecord => {
    const by = { badgeUid: undefined, nodeUid, cause: `${how}, ${visitor}` };
    return { ...decided, alarm: { tenantId, at, kind: "passback", ...by } };
  };
  const deny = (reason: ErrorCode): BadgeDecision => {
    log.write("warn", "visit-denied", { tenant_id: tenantId, ...named, code: reason });
    return { granted: false, challengeId, reason };
  };
  if (denied !== undefined) {
    await records.audit(refusal(denied).entry);
    return deny(denied);
  }
  const subject = { name: visitor, groups: [VISITORS] };
  const { decision, step } = await accessDecision(context, node, subject);
  const relayMs = await relayMsFor(context, node);
  const granted = { granted: true, relay_ms: relayMs };
  const by = decision.entitlement === undefined ? {} : { entitlement: decision.entitlement };
  const fresh = decision.allowed
    ? record({ ...granted, ...by })
    : refusal(decision.code, decision.cause);
  const outcome = await records.recordPassage(fresh, {
    ...{ tenantId, nodeUid },
    policy: {
      ...step,
      soft: (violation) =>
        passback(record({ ...granted, ...by, passback: violation }), `${violation}, let in`),
    },
    refused: (obstacle, cause) => {
      const decided = refusal(obstacle, cause);
      return obstacle === "passback" ? passback(decided, cause ?? obstacle) : decided;
    },
  });
  if (outcome === POLICY_CHANGED) return undefined;
  if (outcome !== undefined) return deny(outcome);
  if (!decision.allowed) return deny(decision.code);
  log.write("info", "visit-granted", { tenant_id: tenantId, ...named });
  return { granted: true, challengeId, relayMs, holder: "Visitor" };
}
