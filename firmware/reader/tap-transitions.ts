import type { ErrorCode } from "../../protocol/error-codes.ts";
import { workStage } from "./boot-transitions.ts";
import type {
  Effect,
  HeldChallenge,
  Moment,
  Policy,
  ReaderEvent,
  ReaderState,
  Step,
  Tap,
  TapResult,
} from "./machine.ts";
import {
  fail,
  fetchUnlessFetching,
  refreshTimer,
  retryDelayMs,
  settle,
  stay,
  usable,
} from "./steps.ts";

export type Decision = Extract<ReaderEvent, { type: "decision" }>;

/** Why a decision may not open the door, or `undefined` if it may. */
export function objection(
  decision: Decision,
  tap: Tap,
  at: Moment,
  policy: Policy,
): string | undefined {
  if (tap.challenge === undefined || decision.challengeId !== tap.challenge.id)
    return "decision-mismatch";
  // A clock that wrapped around gives less than nothing: then nobody knows how late it is.
  const tookMs = tap.askedMs === undefined ? Number.NaN : at.nowMs - tap.askedMs;
  if (!(tookMs >= 0 && tookMs <= policy.decisionTimeoutMs)) return "decision-late";
  if (decision.granted !== true) return decision.reason;
  if (!Number.isInteger(decision.relayMs) || decision.relayMs <= 0) return "malformed";
  return undefined;
}

/** A badge came. */
export function cardCame(state: ReaderState, badge: string, at: Moment, policy: Policy): Step {
  const { stage, result } = state;
  if (stage === "granted" || stage === "denied") {
    // One badge, one decision: whoever leaves it on the reader is not asked about again.
    if (result?.decided === true && result.tap.badge === badge) return stay(state);
    return begin(state, badge, at, policy);
  }
  if (stage === "ready") return begin(state, badge, at, policy);
  if (stage === "reading" || stage === "checking") return stay(state);
  return refuse(state, badge, at);
}

export function newTap(state: ReaderState, badge: string, nowMs: number): Tap {
  return {
    id: state.lastTapId + 1,
    badge,
    startedMs: nowMs,
    readMs: undefined,
    askedMs: undefined,
    challenge: undefined,
    sealed: false,
  };
}

function begin(state: ReaderState, badge: string, at: Moment, policy: Policy): Step {
  const tap = newTap(state, badge, at.nowMs);
  const next: ReaderState = {
    ...state,
    stage: "reading",
    sinceMs: at.nowMs,
    fault: undefined,
    result: undefined,
    tap,
    lastTapId: tap.id,
  };
  const effects: Effect[] = [
    { type: "read-card", tapId: tap.id },
    { type: "timer", name: "tap", delayMs: policy.readTimeoutMs },
    { type: "feedback", feedback: "busy" },
  ];
  if (usable(state.held, at.nowMs)) return { state: next, effects };
  const { fetching, effects: fetches } = fetchUnlessFetching(state);
  return { state: { ...next, held: undefined, fetching }, effects: [...effects, ...fetches] };
}

/** A badge came while the reader cannot decide. The screen says why already; the log must, too. */
function refuse(state: ReaderState, badge: string, at: Moment): Step {
  const tap = newTap(state, badge, at.nowMs);
  const result: TapResult = {
    granted: false,
    reason: state.fault?.code ?? "busy",
    holder: undefined,
    decided: false,
    local: true,
    endedMs: at.nowMs,
    tap,
  };
  const effects: Effect[] = [
    { type: "record", result },
    { type: "feedback", feedback: "denied" },
  ];
  // Someone waits at the door: a good moment to try the server again.
  if (state.fault?.retryAtMs !== undefined && state.fault.at !== "nfc")
    effects.push({ type: "timer", name: "retry", delayMs: 0 });
  return stay({ ...state, lastTapId: tap.id }, ...effects);
}

/**
 * Ends the tap with a denial. What is left of the challenge is kept for the next one.
 * @param by whether the server answered, and whether the refusal is the reader's own
 */
export function deny(
  state: ReaderState,
  reason: string,
  by: Pick<TapResult, "decided" | "local">,
  at: Moment,
  policy: Policy,
): Step {
  const { tap } = state;
  if (tap === undefined) return stay(state);
  return finish(state, { granted: false, reason, holder: undefined, ...by, tap }, [], at, policy);
}

const BY_READER = Object.freeze({ decided: false, local: true });

function finish(
  state: ReaderState,
  ending: Omit<TapResult, "endedMs">,
  first: readonly Effect[],
  at: Moment,
  policy: Policy,
): Step {
  const result: TapResult = { ...ending, endedMs: at.nowMs };
  const held = usable(state.held, at.nowMs) ? state.held : undefined;
  const { fetching, effects } =
    held === undefined
      ? fetchUnlessFetching(state)
      : { fetching: state.fetching, effects: [] as Effect[] };
  const stage = result.granted ? "granted" : "denied";
  return {
    state: { ...state, stage, sinceMs: at.nowMs, tap: undefined, result, held, fetching },
    effects: [
      ...first,
      { type: "feedback", feedback: stage },
      { type: "record", result },
      ...effects,
      { type: "timer", name: "result", delayMs: policy.resultMs },
    ],
  };
}

/** Asks the server as soon as both are there: the badge's content and a challenge. */
function askWhenReady(state: ReaderState, at: Moment, policy: Policy): Step {
  const { tap } = state;
  if (tap === undefined || tap.readMs === undefined) return stay(state);
  return ask(state, tap, at, policy);
}

/** `tap` takes the place of the state's. */
function ask(state: ReaderState, tap: Tap, at: Moment, policy: Policy): Step {
  const { held } = state;
  if (held === undefined) {
    const waiting = { ...state, tap };
    if (state.fetching) return stay(waiting);
    return deny(waiting, state.linkError ?? "network-timeout", BY_READER, at, policy);
  }
  if (!usable(held, at.nowMs)) {
    const { fetching, effects } = fetchUnlessFetching(state);
    return stay({ ...state, tap, held: undefined, fetching }, ...effects);
  }
  const asked: Tap = { ...tap, askedMs: at.nowMs, challenge: held };
  return {
    state: { ...state, stage: "checking", sinceMs: at.nowMs, tap: asked, held: undefined },
    effects: [
      { type: "verify", tapId: tap.id, challengeId: held.id },
      { type: "timer", name: "tap", delayMs: policy.decisionTimeoutMs },
    ],
  };
}

export function cardRead(
  state: ReaderState,
  { tapId, sealed }: Extract<ReaderEvent, { type: "card-read" }>,
  at: Moment,
  policy: Policy,
): Step {
  const { stage, tap } = state;
  if (stage !== "reading" || tap === undefined || tap.id !== tapId || tap.readMs !== undefined)
    return stay(state);
  return ask(state, { ...tap, readMs: at.nowMs, sealed }, at, policy);
}

export function tapFailed(
  state: ReaderState,
  event: Extract<ReaderEvent, { type: "tap-failed" }>,
  at: Moment,
  policy: Policy,
): Step {
  if (state.tap?.id !== event.tapId) return stay(state);
  // A challenge that never left the reader is as good as before.
  const kept = event.spent ? undefined : state.tap.challenge;
  return deny({ ...state, held: state.held ?? kept }, event.code, BY_READER, at, policy);
}

export function decide(state: ReaderState, event: Decision, at: Moment, policy: Policy): Step {
  const { stage, tap } = state;
  // An answer to a tap that is over: too late for anything.
  if (stage !== "checking" || tap === undefined || tap.id !== event.tapId) return stay(state);
  const reason = objection(event, tap, at, policy);
  // Of a grant that may not be used the server believes that it opened the door.
  const local = event.granted || reason !== event.reason;
  if (reason !== undefined) return deny(state, reason, { decided: true, local }, at, policy);
  const durationMs = Math.min(event.relayMs, policy.relayMaxMs);
  const { holder } = event;
  const ending = { granted: true, reason: "granted", holder, decided: true, local: false, tap };
  return finish(state, ending, [{ type: "energise", durationMs }], at, policy);
}

/** The tap took too long; or its result was shown long enough. */
export function tapTimer(state: ReaderState, name: "tap" | "result", at: Moment, policy: Policy) {
  if (name === "tap") {
    if (state.stage === "checking") return deny(state, "network-timeout", BY_READER, at, policy);
    if (state.stage !== "reading") return stay(state);
    const waitsForChallenge = state.tap?.readMs !== undefined;
    const code: ErrorCode = waitsForChallenge ? "network-timeout" : "card-timeout";
    return deny(state, code, BY_READER, at, policy);
  }
  if (state.stage !== "granted" && state.stage !== "denied") return stay(state);
  return settle({ ...state, result: undefined }, at, policy);
}

export function severalCards(state: ReaderState, at: Moment, policy: Policy): Step {
  if (state.stage !== "ready" && state.stage !== "granted" && state.stage !== "denied")
    return stay(state);
  const tap = newTap(state, "", at.nowMs);
  return deny({ ...state, tap, lastTapId: tap.id }, "several-badges", BY_READER, at, policy);
}

export function challengeCame(
  state: ReaderState,
  challenge: HeldChallenge,
  at: Moment,
  policy: Policy,
): Step {
  // One that is over before it begins is no challenge; asking again at once would be a loop.
  if (!usable(challenge, at.nowMs)) return challengeFailed(state, "challenge-expired", at, policy);
  const next: ReaderState = {
    ...state,
    held: challenge,
    fetching: false,
    failures: 0,
    linkError: undefined,
  };
  const refresh = refreshTimer(challenge, at.nowMs);
  const stage = workStage(state);
  let step = stay(next);
  if (state.stage === "reading") step = askWhenReady(next, at, policy);
  else if (stage === "active") step = settle(next, at, policy);
  return { state: step.state, effects: [...step.effects, refresh] };
}

export function challengeFailed(
  state: ReaderState,
  code: ErrorCode,
  at: Moment,
  policy: Policy,
): Step {
  const next: ReaderState = { ...state, fetching: false, linkError: code };
  const stage = workStage(state);
  // The one in hand is still good: the door works, and there is time for another attempt.
  if (usable(state.held, at.nowMs) && state.stage !== "error") {
    const failures = state.failures + 1;
    const delayMs = retryDelayMs(policy, failures, at.random);
    return stay({ ...next, failures }, { type: "timer", name: "refresh", delayMs });
  }
  if (state.stage === "reading" && state.tap?.readMs !== undefined)
    return deny(next, code, BY_READER, at, policy);
  if (stage === "active" || stage === "ready") return fail(next, "active", code, at, policy);
  return stay(next);
}

/** Time for a fresh challenge, unless a tap is about to use this one up. */
export function refreshDue(state: ReaderState): Step {
  const { stage } = state;
  if (state.fetching || (stage !== "ready" && stage !== "granted" && stage !== "denied"))
    return stay(state);
  const { fetching, effects } = fetchUnlessFetching(state);
  return stay({ ...state, fetching }, ...effects);
}
