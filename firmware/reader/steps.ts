import type { ErrorCode } from "../../protocol/error-codes.ts";
import type {
  Effect,
  Fault,
  FaultAt,
  HeldChallenge,
  Moment,
  Policy,
  ReaderState,
  Stage,
  Step,
} from "./machine.ts";

/** A challenge this close to its end would expire on the way. */
const EXPIRY_MARGIN_MS = 1_000;

/** Nothing changes. */
export function stay(state: ReaderState, ...effects: Effect[]): Step {
  return { state, effects };
}

/** Enters a stage; what belongs to the one that is left goes with it. */
export function enter(
  state: ReaderState,
  stage: Exclude<Stage, "error" | "reading" | "checking" | "granted" | "denied">,
  at: Moment,
  ...effects: Effect[]
): Step {
  const left = { ...state, fault: undefined, tap: undefined, result: undefined };
  return { state: { ...left, stage, sinceMs: at.nowMs }, effects };
}

/** Exponential with jitter over its upper half: never zero, never above the bound. */
export function retryDelayMs(
  policy: Pick<Policy, "retryBaseMs" | "retryMaxMs">,
  failures: number,
  random: number,
): number {
  const bound = Math.min(policy.retryMaxMs, policy.retryBaseMs * 2 ** Math.max(0, failures - 1));
  return Math.round(bound * (0.5 + random / 2));
}

/** What to try again for a failure: a lost network or identity is repaired from there on. */
export function repairAt(at: FaultAt, code: ErrorCode): FaultAt {
  if (code === "network-down") return "network";
  if (code === "node-pending" || code === "node-unknown") return "registering";
  return at;
}

/** Enters, or stays in, stage `error`, and tries again after a back-off. */
export function fail(
  state: ReaderState,
  at: FaultAt,
  code: ErrorCode,
  moment: Moment,
  policy: Policy,
): Step {
  const failures = state.failures + 1;
  const delayMs = retryDelayMs(policy, failures, moment.random);
  const fault: Fault = { at: repairAt(at, code), code, retryAtMs: moment.nowMs + delayMs };
  const fresh = state.stage !== "error";
  const effects: Effect[] = [{ type: "timer", name: "retry", delayMs }];
  if (fresh) effects.push({ type: "feedback", feedback: "error" });
  const sinceMs = fresh ? moment.nowMs : state.sinceMs;
  const left = { ...state, tap: undefined, result: undefined };
  return { state: { ...left, stage: "error", sinceMs, fault, failures }, effects };
}

/** The reader hardware fails. The watch for cards recovers it and says so: nothing to time. */
export function failNfc(state: ReaderState, moment: Moment): Step {
  const fault: Fault = { at: "nfc", code: state.nfcError, retryAtMs: undefined };
  const left = { ...state, tap: undefined, result: undefined };
  const effects: Effect[] = [{ type: "watch-cards" }, { type: "feedback", feedback: "error" }];
  return { state: { ...left, stage: "error", sinceMs: moment.nowMs, fault }, effects };
}

export function usable(held: HeldChallenge | undefined, nowMs: number): boolean {
  return held !== undefined && held.expiresAtMs - nowMs > EXPIRY_MARGIN_MS;
}

/** Asks for a badge challenge unless one is on its way. */
export function fetchUnlessFetching(state: ReaderState): { fetching: true; effects: Effect[] } {
  return { fetching: true, effects: state.fetching ? [] : [{ type: "fetch-challenge" }] };
}

/**
 * Where the reader is when nothing is under way: ready, or what keeps it from being that.
 * Needs a stage at or behind `active`.
 */
export function settle(state: ReaderState, moment: Moment, policy: Policy): Step {
  if (state.nfc === "fault") return failNfc(state, moment);
  const challenge = usable(state.held, moment.nowMs);
  if (!challenge && state.linkError !== undefined && !state.fetching)
    return fail(state, "active", state.linkError, moment, policy);
  const { fetching, effects } = challenge
    ? { fetching: state.fetching, effects: [] }
    : fetchUnlessFetching(state);
  const next = { ...state, fetching };
  // A reader that was ready stays so while it fetches; a tap then waits for the challenge.
  const wasReady = state.lastTapId > 0 || state.stage === "ready";
  if (state.nfc === "starting" || (!challenge && !wasReady))
    return state.stage === "active"
      ? stay(next, ...effects)
      : enter(next, "active", moment, ...effects);
  const upkeep = challenge ? [refreshTimer(state.held, moment.nowMs)] : effects;
  return enter(next, "ready", moment, ...upkeep, { type: "watch-cards" }, READY_FEEDBACK);
}

/** A challenge is replaced after half of what is left of its life: so one failure is borne. */
export function refreshTimer(held: HeldChallenge | undefined, nowMs: number): Effect {
  const leftMs = Math.max(0, (held?.expiresAtMs ?? nowMs) - nowMs);
  return { type: "timer", name: "refresh", delayMs: Math.round(leftMs / 2) };
}

const READY_FEEDBACK: Effect = Object.freeze({ type: "feedback", feedback: "ready" } as const);
