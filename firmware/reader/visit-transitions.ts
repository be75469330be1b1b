import type { Moment, Policy, ReaderEvent, ReaderState, Step, Tap } from "./machine.ts";
import { stay } from "./steps.ts";
import { type Decision, decide, newTap } from "./tap-transitions.ts";

/**
 * A visitor answered the request on the display: a tap of nobody's badge that is decided already,
 * under all the objections that there are to a decision. Whoever is at the reader goes first: a
 * grant that comes in between opens nothing, and the server hears of that.
 */
export function visitDecided(
  state: ReaderState,
  event: Extract<ReaderEvent, { type: "visit" }>,
  at: Moment,
  policy: Policy,
): Step {
  const { requestId, askedMs, type: _, ...told } = event;
  const challenge = { id: requestId, expiresAtMs: at.nowMs };
  const asked = { readMs: askedMs, askedMs, challenge };
  const tap: Tap = { ...newTap(state, "", askedMs), ...asked };
  const next = { ...state, lastTapId: tap.id };
  if (state.stage === "ready") {
    const decision: Decision = { type: "decision", tapId: tap.id, ...told };
    return decide({ ...next, stage: "checking", tap }, decision, at, policy);
  }
  if (!event.granted) return stay(state);
  const ending = { granted: false, reason: "busy", holder: undefined, decided: true, local: true };
  return stay(next, { type: "record", result: { ...ending, endedMs: at.nowMs, tap } });
}
