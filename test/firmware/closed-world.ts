import {
  type Effect,
  initialState,
  type Policy,
  type ReaderEvent,
  type ReaderState,
  type Step,
  type TimerName,
} from "../../firmware/reader/machine.ts";
import { transition } from "../../firmware/reader/transition.ts";

export const POLICY: Policy = {
  decisionTimeoutMs: 3_000,
  readTimeoutMs: 6_000,
  relayMaxMs: 10_000,
  resultMs: 2_000,
  checkinIntervalMs: 300_000,
  retryBaseMs: 500,
  retryMaxMs: 30_000,
};

export const BADGE = "04aabbccddeeff";
const CHALLENGE_LIFE_MS = 60_000;

/** The machine with all that it has set going: what may still happen to it, and what not. */
export interface ClosedWorld {
  readonly nowMs: number;
  readonly state: ReaderState;
  /** Effects under way that end in an event. */
  readonly pending: readonly Effect[];
  readonly timers: ReadonlyMap<TimerName, number>;
  readonly watching: boolean;
  readonly challenges: number;
}

export function newWorld(): ClosedWorld {
  const nowMs = 100;
  return {
    nowMs,
    state: initialState(nowMs),
    pending: [],
    timers: new Map(),
    watching: false,
    challenges: 0,
  };
}

const INSTANT: readonly Effect["type"][] = ["energise", "record", "feedback"];

/** Lets an event happen; `ends` is the effect under way that it ends, if any. */
export function happen(
  world: ClosedWorld,
  event: ReaderEvent,
  nowMs = world.nowMs + 10,
  ends?: Effect,
): { world: ClosedWorld; step: Step } {
  const step = transition(world.state, event, { nowMs, random: 0.5 }, POLICY);
  const pending = world.pending.filter((effect) => effect !== ends);
  const timers = new Map(world.timers);
  if (event.type === "timer") timers.delete(event.name);
  let { watching, challenges } = world;
  for (const effect of step.effects) {
    if (effect.type === "timer") timers.set(effect.name, nowMs + effect.delayMs);
    else if (effect.type === "watch-cards") watching = true;
    else if (!INSTANT.includes(effect.type)) pending.push(effect);
  }
  if (event.type === "badge-challenge") challenges++;
  return { world: { nowMs, state: step.state, pending, timers, watching, challenges }, step };
}

/** The event with which an effect under way ends well. */
export function success(world: ClosedWorld, effect: Effect): ReaderEvent | undefined {
  const { nowMs } = world;
  switch (effect.type) {
    case "open-hardware":
      return { type: "nfc-up" };
    case "join":
      return { type: "joined" };
    case "register":
      return { type: "registered", status: "registered" };
    case "authenticate":
      return { type: "authenticated" };
    case "check-in":
      return { type: "checked-in" };
    case "fetch-challenge": {
      const id = `challenge-${world.challenges}`;
      const expiresAtMs = nowMs + CHALLENGE_LIFE_MS;
      return { type: "badge-challenge", challenge: { id, expiresAtMs } };
    }
    case "read-card":
      return { type: "card-read", sealed: false, tapId: effect.tapId };
    case "verify": {
      const { tapId, challengeId } = effect;
      const told = { granted: true, relayMs: 3_000, reason: "granted", holder: "Ada" };
      return { type: "decision", tapId, challengeId, ...told };
    }
    default:
      return undefined;
  }
}

/** The events with which it can end otherwise. */
export function failures(effect: Effect): ReaderEvent[] {
  switch (effect.type) {
    case "open-hardware":
      return [{ type: "nfc-down", code: "pn532-dead" }];
    case "join":
      return [{ type: "failed", operation: "network", code: "network-down" }];
    case "register":
      return [
        { type: "registered", status: "pending" },
        { type: "registered", status: "exists" },
        { type: "failed", operation: "registering", code: "registration-refused" },
      ];
    case "authenticate":
      return [
        { type: "failed", operation: "authenticating", code: "network-down" },
        { type: "failed", operation: "authenticating", code: "node-pending" },
        { type: "failed", operation: "authenticating", code: "server-untrusted" },
      ];
    case "check-in":
      return [{ type: "failed", operation: "check-in", code: "network-timeout" }];
    case "fetch-challenge":
      return [
        { type: "failed", operation: "badge-challenge", code: "network-timeout" },
        { type: "failed", operation: "badge-challenge", code: "network-down" },
        { type: "badge-challenge", challenge: { id: "dead", expiresAtMs: 0 } },
      ];
    case "read-card":
      return [{ type: "tap-failed", tapId: effect.tapId, code: "badge-moved", spent: false }];
    case "verify": {
      const { tapId, challengeId } = effect;
      const no = { granted: false, relayMs: 0, reason: "badge-revoked" };
      return [
        { type: "decision", tapId, challengeId, ...no },
        { type: "tap-failed", tapId, code: "network-timeout", spent: true },
        { type: "tap-failed", tapId, code: "mode-mismatch", spent: false },
      ];
    }
    default:
      return [];
  }
}

/** The timer that is due next. */
export function nextTimer(world: ClosedWorld): [TimerName, number] | undefined {
  let best: [TimerName, number] | undefined;
  for (const [name, dueMs] of world.timers)
    if (best === undefined || dueMs < best[1]) best = [name, dueMs];
  return best;
}

/** One thing that happens when nothing goes wrong any more. */
export function goodStep(world: ClosedWorld): ClosedWorld | undefined {
  const effect = world.pending[0];
  if (effect !== undefined) {
    const event = success(world, effect);
    return event && happen(world, event, world.nowMs + 10, effect).world;
  }
  if (world.state.nfc === "fault" && world.watching) return happen(world, { type: "nfc-up" }).world;
  const timer = nextTimer(world);
  if (timer === undefined) return undefined;
  const [name, dueMs] = timer;
  return happen(world, { type: "timer", name }, Math.max(dueMs, world.nowMs)).world;
}

/** Everything that tells two worlds apart, without exact times. */
export function worldKey(world: ClosedWorld): string {
  const { state, pending, timers, watching, nowMs } = world;
  const { stage, registration, nfc, fault, linkError, held, fetching, tap, result } = state;
  const heldKind = held === undefined ? "none" : held.expiresAtMs > nowMs + 1_000 ? "good" : "old";
  return JSON.stringify([
    [stage, registration === "pending", nfc, fault && [fault.at, fault.retryAtMs === undefined]],
    [linkError !== undefined, heldKind, fetching, state.checkingIn, state.lastTapId > 0],
    tap && [tap.readMs !== undefined, tap.challenge !== undefined],
    result && [result.granted, result.decided],
    pending.map((effect) => effect.type).sort(),
    [...timers.keys()].sort(),
    watching,
  ]);
}
