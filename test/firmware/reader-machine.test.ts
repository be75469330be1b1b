import assert from "node:assert/strict";
import {
  type ReaderEvent,
  type ReaderState,
  STAGES,
  type Step,
} from "../../firmware/reader/machine.ts";
import { objection } from "../../firmware/reader/tap-transitions.ts";
import { transition } from "../../firmware/reader/transition.ts";
import {
  BADGE,
  type ClosedWorld,
  failures,
  goodStep,
  happen,
  newWorld,
  POLICY,
  success,
  worldKey,
} from "./closed-world.ts";

/** Worlds that are looked at: all that are reachable fit in; the bound guards against a mistake. */
const WORLDS_MAX = 20_000;

type Visit = Extract<ReaderEvent, { type: "visit" }>;

/** A visitor's answer that came at once, unless told otherwise. */
function visit(nowMs: number, told: Partial<Visit> = {}): Visit {
  const whole = { granted: true, relayMs: 3_000, reason: "r", ...told };
  return { type: "visit", requestId: "v1", challengeId: "v1", askedMs: nowMs - 5, ...whole };
}

/** Everything that can happen next, with its time and the effect that it ends. */
function moves(world: ClosedWorld) {
  const list: [ReaderEvent, number, ClosedWorld["pending"][number] | undefined][] = [];
  const soon = world.nowMs + 10;
  for (const effect of world.pending) {
    const good = success(world, effect);
    for (const event of good === undefined ? [] : [good, ...failures(effect)])
      list.push([event, soon, effect]);
    if (effect.type === "authenticate") list.push([{ type: "challenged" }, soon, undefined]);
  }
  for (const [name, dueMs] of world.timers)
    list.push([{ type: "timer", name }, Math.max(dueMs, world.nowMs), undefined]);
  if (!world.watching) return list;
  for (const granted of [true, false]) list.push([visit(soon, { granted }), soon, undefined]);
  // The controller does one thing at a time: while it reads, it sees no other card. One answer
  // that is late is as good as many.
  const reads = world.pending.some(({ type }) => type === "read-card");
  const late = world.pending.filter(({ type }) => type === "verify").length;
  if (!reads && late < 2) {
    for (const badge of [BADGE, "04112233445566"])
      list.push([{ type: "card", badge }, soon, undefined]);
    list.push([{ type: "several" }, soon, undefined]);
  }
  if (world.state.nfc === "up")
    list.push([{ type: "nfc-down", code: "pn532-timeout" }, soon, undefined]);
  if (world.state.nfc === "fault") list.push([{ type: "nfc-up" }, soon, undefined]);
  return list;
}

/** All worlds that can come about, one of each kind. */
function explore(): ClosedWorld[] {
  const start = happen(newWorld(), { type: "start" }).world;
  const seen = new Map<string, ClosedWorld>([[worldKey(start), start]]);
  const queue = [start];
  for (let world = queue.shift(); world !== undefined; world = queue.shift()) {
    for (const [event, nowMs, ends] of moves(world)) {
      const next = happen(world, event, nowMs, ends);
      checkStep(world.state, event, nowMs, next.step);
      const key = worldKey(next.world);
      if (seen.has(key)) continue;
      seen.set(key, next.world);
      queue.push(next.world);
      assert.ok(seen.size < WORLDS_MAX, "the machine has more states than it should");
    }
  }
  return [...seen.values()];
}

/** Every event there is, those included that nothing under way could cause. */
function everyEvent(state: ReaderState, nowMs: number): ReaderEvent[] {
  const tapIds = [0, state.lastTapId, state.lastTapId + 1];
  const ids = [state.tap?.challenge?.id ?? "none", "another"];
  const events: ReaderEvent[] = [
    ...(["start", "joined", "challenged", "authenticated", "checked-in"] as const).map((type) => ({
      type,
    })),
    ...(["registered", "exists", "pending"] as const).map(
      (status) => ({ type: "registered", status }) as const,
    ),
    ...(["network", "registering", "authenticating", "check-in", "badge-challenge"] as const).map(
      (operation) => ({ type: "failed", operation, code: "network-timeout" }) as const,
    ),
    ...(["retry", "refresh", "tap", "result", "check-in"] as const).map(
      (name) => ({ type: "timer", name }) as const,
    ),
    { type: "nfc-up" },
    { type: "nfc-down", code: "bus-stuck" },
    { type: "badge-challenge", challenge: { id: "new", expiresAtMs: nowMs + 60_000 } },
    { type: "card", badge: BADGE },
    { type: "several" },
  ];
  for (const challengeId of ["v1", "v2"])
    for (const granted of [true, false])
      for (const relayMs of [3_000, 60_000, 0, -1, 0.5, Number.NaN])
        for (const ageMs of [0, POLICY.decisionTimeoutMs + 1, -1])
          events.push(visit(nowMs, { challengeId, granted, relayMs, askedMs: nowMs - ageMs }));
  for (const tapId of tapIds) {
    events.push({ type: "card-read", tapId, sealed: tapId % 2 === 0 });
    for (const spent of [true, false])
      events.push({ type: "tap-failed", tapId, code: "network-failed", spent });
    for (const challengeId of ids)
      for (const granted of [true, false])
        for (const relayMs of [3_000, 60_000, 0, -1, 0.5, Number.NaN])
          events.push({ type: "decision", tapId, challengeId, granted, relayMs, reason: "r" });
  }
  return events;
}

/** What must hold for every step of the machine, whatever led to it. */
function checkStep(before: ReaderState, event: ReaderEvent, nowMs: number, step: Step): void {
  const { state, effects } = step;
  const check = (good: boolean, rule: string) => {
    if (good) return;
    assert.fail(`${rule}: ${before.stage} × ${JSON.stringify(event)} → ${state.stage}`);
  };
  const opens = effects.filter((effect) => effect.type === "energise");
  if (opens.length > 0) {
    check(opens.length === 1 && effects[0]!.type === "energise", "the door comes first, once");
    const { tap } = before;
    const { durationMs } = opens[0]!;
    if (event.type !== "decision" && event.type !== "visit")
      throw new Error(`opened by ${event.type}`);
    check(event.granted === true, "only a grant opens");
    const asked =
      event.type === "visit"
        ? { in: before.stage === "ready", id: event.requestId, atMs: event.askedMs }
        : {
            in: before.stage === "checking" && event.tapId === tap?.id,
            ...{ id: tap?.challenge?.id, atMs: tap!.askedMs! },
          };
    check(asked.in, "only this tap's answer opens, or a visitor's when there is none");
    check(event.challengeId === asked.id, "only this challenge's answer opens");
    const tookMs = nowMs - asked.atMs;
    check(tookMs >= 0 && tookMs <= POLICY.decisionTimeoutMs, "only an answer in time opens");
    check(durationMs > 0 && durationMs <= POLICY.relayMaxMs, "the window is bounded");
    check(durationMs <= event.relayMs, "the window is no longer than granted");
  }
  const newlyGranted = state.stage === "granted" && state.result !== before.result;
  check(newlyGranted === (opens.length === 1), "GRANTED means that the door opened");
  const outOfPlace = event.type === "decision" && before.stage !== "checking";
  check(!outOfPlace || state === before, "an answer that nobody waits for changes nothing");
  const disturbed = event.type === "visit" && before.stage !== "ready";
  check(!disturbed || state.stage === before.stage, "a visitor disturbs nobody");
  const told = effects.some((effect) => effect.type === "record" && effect.result.local);
  const unused = event.type === "visit" && event.granted && opens.length === 0;
  check(!unused || told, "the server hears of a visitor's grant that opened nothing");
  check((state.fault !== undefined) === (state.stage === "error"), "an error has a fault");
  const tapping = state.stage === "reading" || state.stage === "checking";
  check((state.tap !== undefined) === tapping, "a tap is read or checked");
  const asked = state.tap?.challenge !== undefined;
  check(asked === (state.stage === "checking"), "what is checked has a challenge");
  const ended = state.stage === "granted" || state.stage === "denied";
  check((state.result !== undefined) === ended, "a tap that ended has a result");
  check(!ended || state.result?.granted === (state.stage === "granted"), "the screen agrees");
  check(state.stage !== "ready" || state.nfc === "up", "READY can read");
  for (const effect of effects) {
    if (effect.type !== "timer") continue;
    const limitMs = effect.name === "retry" ? POLICY.retryMaxMs : POLICY.checkinIntervalMs;
    check(effect.delayMs >= 0 && effect.delayMs <= limitMs, "every wait is bounded");
  }
}

/** One world of each kind of state: what is under way around it does not matter to a step. */
function oneOfEachState(worlds: readonly ClosedWorld[]): ClosedWorld[] {
  const kinds = new Map<string, ClosedWorld>();
  for (const world of worlds)
    kinds.set(worldKey({ ...world, pending: [], timers: new Map() }), world);
  return [...kinds.values()];
}

describe("the reader's state machine", () => {
  let worlds: ClosedWorld[] = [];

  before(function () {
    this.timeout(30_000);
    worlds = explore();
  });

  it("reaches every stage that it names", () => {
    const reached = new Set(worlds.map((world) => world.state.stage));
    // `boot` is what it is before it starts.
    assert.deepEqual(
      STAGES.filter((stage) => !reached.has(stage)),
      ["boot"],
    );
    assert.ok(worlds.length > 200, `only ${worlds.length} worlds`);
  });

  it("keeps its promises for every event in every reachable state", function () {
    this.timeout(30_000);
    const kinds = oneOfEachState(worlds);
    assert.ok(kinds.length > 100, `only ${kinds.length} kinds of states`);
    for (const { state, nowMs } of kinds)
      for (const laterMs of [0, POLICY.decisionTimeoutMs + 1, 120_000])
        for (const event of everyEvent(state, nowMs + laterMs)) {
          const at = { nowMs: nowMs + laterMs, random: 0.25 };
          checkStep(state, event, at.nowMs, transition(state, event, at, POLICY));
        }
  });

  it("always has something under way that brings it on", () => {
    for (const { state, pending, timers, watching } of worlds) {
      const driver = state.nfc === "fault" && watching;
      const alive = pending.length > 0 || timers.size > 0 || driver;
      assert.ok(alive, `stuck: ${JSON.stringify(state)}`);
    }
  });

  it("opens the door to a good badge within bounded time once nothing goes wrong any more", () => {
    for (const start of worlds) {
      let world = start;
      const isReady = () =>
        world.state.stage === "ready" && (world.state.held?.expiresAtMs ?? 0) > world.nowMs + 2_000;
      for (let steps = 0; steps < 40 && !isReady(); steps++) {
        const next = goodStep(world);
        assert.ok(next !== undefined, `nothing left to happen: ${worldKey(start)}`);
        world = next;
      }
      assert.ok(isReady(), `not ready again: ${worldKey(start)} → ${worldKey(world)}`);
      assert.ok(world.nowMs - start.nowMs < 120_000, worldKey(start));
      world = happen(world, { type: "card", badge: "04010203040506" }).world;
      for (let steps = 0; steps < 9 && world.state.stage !== "granted"; steps++)
        world = goodStep(world) ?? world;
      assert.equal(world.state.stage, "granted", worldKey(start));
    }
  });

  it("never does the same thing twice at once", () => {
    for (const { pending, state } of worlds) {
      const count = (type: string) => pending.filter((effect) => effect.type === type).length;
      const where = JSON.stringify(state);
      for (const type of ["join", "register", "authenticate", "read-card"])
        assert.ok(count(type) <= 1, where);
      assert.equal(count("fetch-challenge"), state.fetching ? 1 : 0, where);
      assert.equal(count("check-in"), state.checkingIn ? 1 : 0, where);
    }
  });

  it("does not decide twice about a badge that is left on the reader", () => {
    let world = happen(newWorld(), { type: "start" }).world;
    for (let i = 0; i < 20 && world.state.stage !== "ready"; i++) world = goodStep(world) ?? world;
    world = happen(world, { type: "card", badge: BADGE }).world;
    for (let i = 0; i < 5 && world.state.stage !== "granted"; i++) world = goodStep(world) ?? world;
    assert.equal(world.state.stage, "granted");
    const again = happen(world, { type: "card", badge: BADGE });
    assert.equal(again.world.state, world.state);
    assert.deepEqual(again.step.effects, []);
  });

  it("lets the same badge try again at once when it was only moved", () => {
    let world = happen(newWorld(), { type: "start" }).world;
    for (let i = 0; i < 20 && world.state.stage !== "ready"; i++) world = goodStep(world) ?? world;
    world = happen(world, { type: "card", badge: BADGE }).world;
    const { tap } = world.state;
    const moved = {
      type: "tap-failed",
      tapId: tap!.id,
      code: "badge-moved",
      spent: false,
    } as const;
    world = happen(world, moved).world;
    assert.equal(world.state.stage, "denied");
    assert.ok(world.state.held !== undefined, "the challenge was not used");
    assert.equal(happen(world, { type: "card", badge: BADGE }).world.state.stage, "reading");
  });

  it("backs off exponentially with jitter, and not for ever", () => {
    let world = happen(newWorld(), { type: "start" }).world;
    const delays: number[] = [];
    for (let i = 0; i < 12; i++) {
      const failed = { type: "failed", operation: "network", code: "network-down" } as const;
      const effect = world.pending.find(({ type }) => type === "join");
      const { world: next, step } = happen(world, failed, world.nowMs + 10, effect);
      const wait = step.effects.find((found) => found.type === "timer");
      delays.push(wait!.delayMs);
      world = happen(next, { type: "timer", name: "retry" }, next.nowMs + wait!.delayMs).world;
    }
    assert.deepEqual(delays.slice(0, 4), [375, 750, 1500, 3000]);
    assert.equal(Math.max(...delays), 22_500);
  });

  it("takes no decision of which it cannot tell when it asked", () => {
    const challenge = { id: "c", expiresAtMs: 60_000 };
    const tap = {
      id: 1,
      badge: BADGE,
      startedMs: 900,
      readMs: 950,
      askedMs: 1_000,
      challenge,
      sealed: false,
    };
    const told = { granted: true, relayMs: 3_000, reason: "granted", holder: undefined } as const;
    const decision = { type: "decision", tapId: 1, challengeId: "c", ...told } as const;
    const at = (nowMs: number) => objection(decision, tap, { nowMs, random: 0 }, POLICY);
    assert.equal(at(1_000), undefined);
    assert.equal(at(1_000 + POLICY.decisionTimeoutMs), undefined);
    for (const nowMs of [1_001 + POLICY.decisionTimeoutMs, 999, -(2 ** 31), Number.NaN])
      assert.equal(at(nowMs), "decision-late", `${nowMs}`);
  });
});
