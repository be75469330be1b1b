import type { RegisterStatus } from "../../protocol/node/registration.ts";
import type {
  Effect,
  FaultAt,
  Moment,
  Operation,
  Policy,
  ReaderEvent,
  ReaderState,
  Stage,
  Step,
} from "./machine.ts";
import { reportDelayMs } from "./report-transitions.ts";
import { enter, fail, fetchUnlessFetching, retryDelayMs, settle, stay } from "./steps.ts";

/** The stage whose work is under way: that of the fault while a failure is being repaired. */
export function workStage(state: ReaderState): Stage | "nfc" {
  return state.stage === "error" && state.fault !== undefined ? state.fault.at : state.stage;
}

/** What to do for a stage; asked again after a failure. */
export function workEffect(at: FaultAt): Effect | undefined {
  if (at === "network") return { type: "join" };
  if (at === "registering") return { type: "register" };
  if (at === "registered") return { type: "authenticate" };
  return undefined;
}

const FAULT_OF: Readonly<Partial<Record<Operation, FaultAt>>> = Object.freeze({
  network: "network",
  registering: "registering",
  authenticating: "registered",
});

/** Events of the way from `boot` to `active`. One that does not fit the stage changes nothing. */
export function bootStep(state: ReaderState, event: ReaderEvent, at: Moment, policy: Policy): Step {
  const stage = workStage(state);
  switch (event.type) {
    case "start":
      if (stage !== "boot") return stay(state);
      return enter(state, "network", at, { type: "open-hardware" }, { type: "join" });
    case "joined":
      if (stage !== "network") return stay(state);
      return enter(state, "registering", at, { type: "register" });
    case "registered":
      return registered(state, event.status, at, policy);
    case "challenged":
      return stage === "registered" ? enter(state, "challenge", at) : stay(state);
    case "authenticated":
      if (stage !== "registered" && stage !== "challenge") return stay(state);
      return verified(state, at);
    case "checked-in":
      return checkedIn(state, event.denialsWait === true, at, policy);
    default:
      return stay(state);
  }
}

function registered(state: ReaderState, status: RegisterStatus, at: Moment, policy: Policy): Step {
  const stage = workStage(state);
  if (stage !== "registering" && stage !== "pending") return stay(state);
  const next = { ...state, registration: status };
  if (status !== "pending") return enter(next, "registered", at, { type: "authenticate" });
  const failures = state.failures + 1;
  const delayMs = retryDelayMs(policy, failures, at.random);
  const timer: Effect = { type: "timer", name: "retry", delayMs };
  const waiting = { ...next, failures };
  return stage === "pending" && state.stage !== "error"
    ? stay(waiting, timer)
    : enter(waiting, "pending", at, timer);
}

/** A check-in from before, if one is on its way, serves as well as a new one. */
function verified(state: ReaderState, at: Moment): Step {
  const effects: Effect[] = state.checkingIn ? [] : [{ type: "check-in" }];
  return enter({ ...state, failures: 0, checkingIn: true }, "verified", at, ...effects);
}

function checkedIn(state: ReaderState, denialsWait: boolean, at: Moment, policy: Policy): Step {
  const delayMs = denialsWait ? reportDelayMs(state, at) : policy.checkinIntervalMs;
  return checkInOver(state, delayMs, at);
}

function checkInOver(before: ReaderState, delayMs: number, at: Moment): Step {
  const state = { ...before, checkingIn: false };
  const timer: Effect = { type: "timer", name: "check-in", delayMs };
  if (state.stage !== "verified") return stay(state, timer);
  const { fetching, effects } = fetchUnlessFetching(state);
  return enter({ ...state, fetching }, "active", at, timer, ...effects);
}

/** A failed attempt of one of the boot's operations, or of a check-in. */
export function operationFailed(
  state: ReaderState,
  event: Extract<ReaderEvent, { type: "failed" }>,
  at: Moment,
  policy: Policy,
): Step {
  // A check-in that fails must not keep the door shut: the next request tells whether it must.
  if (event.operation === "check-in")
    return checkInOver(state, retryDelayMs(policy, 6, at.random), at);
  const stage = workStage(state);
  const fault = FAULT_OF[event.operation];
  const fits = fault === stage || (fault === "registered" && stage === "challenge");
  const pendingAsked = fault === "registering" && stage === "pending";
  if (fault === undefined || (!fits && !pendingAsked)) return stay(state);
  return fail(state, fault, event.code, at, policy);
}

/** The time for another attempt has come. */
export function retryDue(state: ReaderState): Step {
  if (state.stage === "pending") return stay(state, { type: "register" });
  const { fault } = state;
  if (fault === undefined || fault.retryAtMs === undefined || fault.at === "nfc")
    return stay(state);
  const next = { ...state, fault: { ...fault, retryAtMs: undefined } };
  const work = workEffect(fault.at);
  if (work !== undefined) return stay(next, work);
  const { fetching, effects } = fetchUnlessFetching(state);
  return stay({ ...next, fetching }, ...effects);
}

/** The reader hardware came or went. */
export function hardwareStep(
  state: ReaderState,
  event: Extract<ReaderEvent, { type: "nfc-up" | "nfc-down" }>,
  at: Moment,
  policy: Policy,
): Step {
  const stage = workStage(state);
  if (event.type === "nfc-up") {
    const next: ReaderState = { ...state, nfc: "up" };
    return stage === "active" || stage === "nfc"
      ? settleUnlessLinkDown(next, at, policy)
      : stay(next);
  }
  const next: ReaderState = { ...state, nfc: "fault", nfcError: event.code };
  // A server that is down is the worse news: it stays on the screen.
  const idle = state.stage === "active" || state.stage === "ready";
  return idle ? settle(next, at, policy) : stay(next);
}

/** An error of the link stays one, whatever the reader hardware does. */
function settleUnlessLinkDown(state: ReaderState, at: Moment, policy: Policy): Step {
  const linkDown = state.stage === "error" && state.fault?.at === "active";
  return linkDown ? stay(state) : settle(state, at, policy);
}
