import type { PresenceEvent } from "../../hal/pn532/presence.ts";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import { type LatchkeyError, toLatchkeyError } from "../../protocol/errors.ts";
import type { IdentityEvent } from "../../protocol/node/identity-events.ts";
import type { Clock, Log, Random, Timer } from "../../protocol/platform.ts";
import { checkInReport } from "../check-in-report.ts";
import type { Network, System } from "../platform.ts";
import { DenialReports } from "./denial-reports.ts";
import type { Hardware } from "./hardware.ts";
import { stageName } from "./health.ts";
import {
  type Effect,
  initialState,
  type Operation,
  type Policy,
  type ReaderEvent,
  type ReaderState,
  type TapResult,
} from "./machine.ts";
import { momentAt } from "./moment.ts";
import type { ReaderIdentity, ServerWork } from "./server-work.ts";
import { type TapRecord, TapRecords } from "./tap-records.ts";
import { TapWork } from "./tap-work.ts";
import { NamedTimers } from "./timers.ts";
import { transition } from "./transition.ts";

export interface EngineParts {
  readonly clock: Clock;
  readonly timer: Timer;
  readonly random: Random;
  readonly log: Log;
  readonly network: Pick<Network, "join">;
  readonly system: System;
  readonly identity: ReaderIdentity;
  readonly server: ServerWork;
  readonly hardware: Hardware;
  readonly policy: Policy;
  /** Length of a badge's file if it is known before the first is read. */
  readonly badgeFileBytes: number | undefined;
  /** A tap has ended; the door or the screen knows already. */
  readonly onTap: (tap: TapRecord) => void;
}

/** Effects that take a while and a network, and the operation whose failure they report. */
const OPERATION_OF = Object.freeze({
  join: "network",
  register: "registering",
  authenticate: "authenticating",
  "check-in": "check-in",
  "fetch-challenge": "badge-challenge",
} as const satisfies Partial<Record<Effect["type"], Operation>>);
type ServerEffect = keyof typeof OPERATION_OF;

export type StateListener = (state: ReaderState, event: ReaderEvent) => void;

const NO_BRUSH = Object.freeze({ hold: () => undefined, release: () => undefined });

/**
 * Runs the state machine: takes events one at a time, asks `transition`, does what it says. Every
 * effect that takes time ends in exactly one event; nothing that fails in here is lost.
 */
export class ReaderEngine {
  readonly #parts: EngineParts;
  readonly #tap: TapWork;
  readonly taps = new TapRecords();
  readonly #denials: DenialReports;
  readonly #timers: NamedTimers;
  readonly #listeners: StateListener[] = [];
  readonly #queue: ReaderEvent[] = [];
  #state: ReaderState;
  #draining = false;
  #stopped = false;
  /** When the last event was handled: a sign of life for the watchdog. */
  lastEventMs: number;
  faults = 0;
  lastError: ErrorCode | undefined;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#tap = new TapWork({
      server: parts.server,
      clock: parts.clock,
      brush: parts.hardware.painter ?? NO_BRUSH,
      badgeFileBytes: parts.badgeFileBytes,
      dispatch: (event) => this.dispatch(event),
      currentTapId: () => this.#state.tap?.id,
    });
    this.#denials = new DenialReports(parts.random);
    this.#timers = new NamedTimers(parts.timer, (name) => this.dispatch({ type: "timer", name }));
    this.lastEventMs = parts.clock.monotonicMs();
    this.#state = initialState(this.lastEventMs);
  }

  get state(): ReaderState {
    return this.#state;
  }

  /** Taps that were refused here and of which the server does not know yet. */
  get unreportedDenials(): number {
    return this.#denials.waiting;
  }

  onState(listener: StateListener): () => void {
    this.#listeners.push(listener);
    return () => {
      const at = this.#listeners.indexOf(listener);
      if (at >= 0) this.#listeners.splice(at, 1);
    };
  }

  /** Takes an event. Events that arise while one is handled wait for their turn. */
  dispatch(event: ReaderEvent): void {
    this.#queue.push(event);
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift())
        if (!this.#stopped) this.#handle(next);
    } finally {
      this.#draining = false;
    }
  }

  /** What the identity layer reports while it works. */
  identityEvent(event: IdentityEvent): void {
    if (event.type === "challenge") this.dispatch({ type: "challenged" });
  }

  stop(): void {
    this.#stopped = true;
    this.#timers.clear();
    this.#tap.end();
  }

  #handle(event: ReaderEvent): void {
    const { clock, policy, random } = this.#parts;
    const nowMs = clock.monotonicMs();
    this.lastEventMs = nowMs;
    const before = this.#state;
    const step = transition(before, event, momentAt(nowMs, random), policy);
    this.#state = step.state;
    // By index: to the engine on a device each element of an iterator is an object.
    const { effects } = step;
    for (let i = 0; i < effects.length; i++) this.#try(effects[i]!);
    if (before.stage !== step.state.stage) this.#note(before, step.state);
    // A copy: a listener may take itself off the list.
    const listeners = this.#listeners.slice();
    for (let i = 0; i < listeners.length; i++) this.#tell(listeners[i]!, event);
  }

  /** A listener that throws must not come between a decision and its effects. */
  #tell(listener: StateListener, event: ReaderEvent): void {
    try {
      listener(this.#state, event);
    } catch {
      this.#parts.log.write("error", "reader-listener-failed", { event: event.type });
    }
  }

  #note(before: ReaderState, after: ReaderState): void {
    const { fault } = after;
    const ms = Math.round(after.sinceMs - before.sinceMs);
    const level = after.stage === "error" ? "warn" : "info";
    // The controller's faults are counted when they come, whatever the stage is then.
    if (fault !== undefined && fault.at !== "nfc") this.#noteError(fault.code);
    const code = fault === undefined ? {} : { code: fault.code, at: fault.at };
    this.#parts.log.write(level, `reader-${after.stage}`, { from: before.stage, ms, ...code });
  }

  #noteError(code: ErrorCode): void {
    this.faults++;
    this.lastError = code;
  }

  /** A lamp that fails must not come between an open door and its record. */
  #try(effect: Effect): void {
    try {
      this.#run(effect);
    } catch (error) {
      const { code } = toLatchkeyError(error);
      this.#noteError(code);
      this.#parts.log.write("error", "reader-effect-failed", { effect: effect.type, code });
    }
  }

  #run(effect: Effect): void {
    const { hardware } = this.#parts;
    switch (effect.type) {
      case "energise":
        hardware.relay.energise(effect.durationMs);
        break;
      case "feedback":
        hardware.lights.show(effect.feedback);
        break;
      case "timer":
        this.#timers.set(effect.name, effect.delayMs);
        break;
      case "record":
        this.#record(effect.result);
        break;
      case "open-hardware":
        this.#openHardware();
        break;
      case "watch-cards":
        hardware.watchCards((event) => this.#presence(event));
        break;
      case "read-card":
        void this.#tap.read(effect.tapId);
        break;
      case "verify":
        void this.#tap.verify(effect.tapId, effect.challengeId);
        break;
      default:
        void this.#operate(effect.type);
    }
  }

  async #operate(work: ServerEffect): Promise<void> {
    const operation = OPERATION_OF[work];
    const failed = (error: unknown): ReaderEvent => {
      const { code } = toLatchkeyError(error);
      this.#parts.log.write("warn", "reader-operation-failed", { operation, code });
      return { type: "failed", operation, code };
    };
    this.dispatch(await this.#work(work).catch(failed));
  }

  async #work(work: ServerEffect): Promise<ReaderEvent> {
    const { identity, network, server } = this.#parts;
    switch (work) {
      case "join":
        await network.join();
        return { type: "joined" };
      case "register":
        return { type: "registered", status: (await identity.ensureRegistered()).status };
      case "authenticate":
        await identity.authenticate();
        return { type: "authenticated" };
      case "check-in":
        return this.#checkIn();
      case "fetch-challenge":
        return { type: "badge-challenge", challenge: await server.fetchChallenge() };
    }
  }

  async #checkIn(): Promise<ReaderEvent> {
    const denials = this.#denials.report(this.#parts.clock.monotonicMs());
    const recorded = await this.#parts.server.checkIn({
      ...this.#report(),
      ...(denials === undefined ? {} : { denials }),
    });
    if (recorded !== undefined) this.#denials.recorded(recorded);
    // A server that confirms nothing is an older one; asking it again soon would not help.
    const heard = denials === undefined || recorded !== undefined;
    return { type: "checked-in", denialsWait: heard && this.#denials.waiting > 0 };
  }

  #openHardware(): void {
    const { hardware } = this.#parts;
    void hardware.painter?.open();
    hardware.openNfc().then(
      () => this.dispatch({ type: "nfc-up" }),
      (error: unknown) => this.#nfcDown(toLatchkeyError(error)),
    );
  }

  #nfcDown({ code }: LatchkeyError): void {
    this.#noteError(code);
    this.#parts.log.write("warn", "nfc-fault", { code });
    this.dispatch({ type: "nfc-down", code });
  }

  /** While the promise is pending, the card belongs to the tap and nobody looks for others. */
  async #presence(event: PresenceEvent): Promise<void> {
    if (event.type === "present" || event.type === "swapped") await this.#tap.cardCame(event.card);
    else if (event.type === "several") this.dispatch({ type: "several" });
    else if (event.type === "fault") this.#nfcDown(event.error);
    else if (event.type === "restored") this.dispatch({ type: "nfc-up" });
  }

  #record(result: TapResult): void {
    const record = this.taps.add(result);
    const { granted, number: tap, badge, reason, readMs, checkMs, totalMs } = record;
    const event = granted ? "tap-granted" : "tap-denied";
    const facts = { tap, badge, reason, readMs, checkMs, totalMs };
    this.#parts.log.write(granted ? "info" : "warn", event, facts);
    if (result.local) this.#denials.add(result);
    this.#parts.onTap(record);
    if (this.#state.tap === undefined) this.#tap.end(); // else it is a visitor's, meanwhile
  }

  #report() {
    const { system, identity, clock } = this.#parts;
    const { taps, faults, lastError } = this;
    const { nfc } = this.#state;
    const times = { clockAgeMs: identity.clockAgeMs(), uptimeMs: clock.monotonicMs() };
    const now = { state: stageName(this.#state), queued: this.#denials.waiting, ...times };
    return checkInReport({ ...now, nfc, taps, faults, lastError, system });
  }
}
