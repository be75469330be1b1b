import { bootStep, hardwareStep, operationFailed, retryDue } from "./boot-transitions.ts";
import type { Moment, Policy, ReaderEvent, ReaderState, Step } from "./machine.ts";
import { scheduleReport } from "./report-transitions.ts";
import { stay } from "./steps.ts";
import {
  cardCame,
  cardRead,
  challengeCame,
  challengeFailed,
  decide,
  refreshDue,
  severalCards,
  tapFailed,
  tapTimer,
} from "./tap-transitions.ts";
import { visitDecided } from "./visit-transitions.ts";

/**
 * The reader's state machine: what an event does in a state. Pure; every event is allowed in
 * every state, and one that does not fit changes nothing. `energise` comes out of a `decision`
 * event in stage `checking`, or of one about a visitor in stage `ready`, and of nothing else.
 */
export function transition(
  state: ReaderState,
  event: ReaderEvent,
  at: Moment,
  policy: Policy,
): Step {
  return scheduleReport(stepFor(state, event, at, policy), event, at);
}

function stepFor(state: ReaderState, event: ReaderEvent, at: Moment, policy: Policy): Step {
  switch (event.type) {
    case "failed":
      return event.operation === "badge-challenge"
        ? challengeFailed(state, event.code, at, policy)
        : operationFailed(state, event, at, policy);
    case "nfc-up":
    case "nfc-down":
      return hardwareStep(state, event, at, policy);
    case "badge-challenge":
      return challengeCame(state, event.challenge, at, policy);
    case "card":
      return cardCame(state, event.badge, at, policy);
    case "several":
      return severalCards(state, at, policy);
    case "card-read":
      return cardRead(state, event, at, policy);
    case "tap-failed":
      return tapFailed(state, event, at, policy);
    case "decision":
      return decide(state, event, at, policy);
    case "visit":
      return visitDecided(state, event, at, policy);
    case "timer":
      return timerStep(state, event.name, at, policy);
    default:
      return bootStep(state, event, at, policy);
  }
}

function timerStep(
  state: ReaderState,
  name: Extract<ReaderEvent, { type: "timer" }>["name"],
  at: Moment,
  policy: Policy,
): Step {
  if (name === "retry") return retryDue(state);
  if (name === "refresh") return refreshDue(state);
  if (name === "check-in") return checkInDue(state);
  return tapTimer(state, name, at, policy);
}

/** A tap in progress has the network to itself; a reader that is not on its feet has no news. */
const CHECK_IN_PAUSE_MS = 2_000;
function checkInDue(state: ReaderState): Step {
  if (state.checkingIn) return stay(state);
  // After a tap it is a good time, too: who taps without a pause must not silence the reader.
  if (state.stage === "ready" || state.stage === "granted" || state.stage === "denied")
    return stay({ ...state, checkingIn: true }, { type: "check-in" });
  return stay(state, { type: "timer", name: "check-in", delayMs: CHECK_IN_PAUSE_MS });
}
