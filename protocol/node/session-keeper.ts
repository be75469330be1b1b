import type { ErrorCode } from "../error-codes.ts";
import { LatchkeyError, toLatchkeyError } from "../errors.ts";
import type { Clock, Random, Timer, TimerHandle } from "../platform.ts";
import type { IdentityListener } from "./identity-events.ts";
import { heldToken, type NodeSession } from "./node-session.ts";
import { backoffMs, type RetryPolicy, withRetry } from "./retry.ts";
import type { Waits } from "./waits.ts";

/** A session is not kept alive longer than this by renewing its token: fresh keys are due. */
const MAX_SESSION_MS = 12 * 3_600_000;

export interface SessionKeeperOptions {
  /** Opens a session; called by one caller at a time. */
  readonly open: () => Promise<{ session: NodeSession; expiresInSeconds: number }>;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly random: Random;
  readonly waits: Waits;
  readonly policy: RetryPolicy;
  readonly emit: IdentityListener;
  /** Whether a session is followed by the next one without anybody asking. */
  readonly keep: boolean;
}

/**
 * Keeps one session ready: opens it when it is first needed, once for all who wait for it, and
 * the next one before its token ends. Exchanges under way over an old session may finish.
 */
export class SessionKeeper {
  readonly #options: SessionKeeperOptions;
  #current: NodeSession | undefined;
  #opening: Promise<NodeSession> | undefined;
  #hadSession = false;
  #closed = false;
  #renewTimer: TimerHandle | undefined;

  constructor(options: SessionKeeperOptions) {
    this.#options = options;
  }

  /** The current session if it can be used. */
  get current(): NodeSession | undefined {
    return this.#current?.isUsable(this.#options.clock.monotonicMs()) ? this.#current : undefined;
  }

  /** A usable session; opens one, with retries, if there is none. */
  async usable(): Promise<NodeSession> {
    return this.current ?? this.#open();
  }

  /** The server does not take this session any more. Harmless if it is not the current one. */
  drop(session: NodeSession, code: ErrorCode): void {
    if (session !== this.#current) return;
    this.#current = undefined;
    this.#unschedule();
    session.retire();
    this.#options.emit({ type: "session-lost", code });
  }

  /** Takes over a token that came over `session`, unless the session is too old to go on. */
  renewToken(session: NodeSession, token: string, expiresIn: number, sentAtMs: number): void {
    const ageMs = this.#options.clock.monotonicMs() - session.openedAtMs;
    if (session !== this.#current || ageMs > MAX_SESSION_MS) return;
    const held = heldToken(token, expiresIn, sentAtMs);
    // Two check-ins may overtake each other: the token that lasts longer stays.
    if (held.expiresAtMs <= session.token.expiresAtMs) return;
    session.token = held;
    this.#scheduleRenewal(session);
    this.#options.emit({ type: "renewed", sid: session.sid, expiresInSeconds: expiresIn });
  }

  /** Wipes the keys, also under exchanges that have not ended. */
  close(): void {
    this.#closed = true;
    this.#unschedule();
    this.#current?.wipe();
    this.#current = undefined;
  }

  #open(): Promise<NodeSession> {
    this.#opening ??= this.#openWithRetry().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #openWithRetry(): Promise<NodeSession> {
    const { open, policy, random, waits, emit } = this.#options;
    const { session, expiresInSeconds } = await withRetry(open, {
      policy,
      random,
      waits,
      onRetry: (code, attempt, delayMs) => emit({ type: "retry", code, attempt, delayMs }),
    });
    if (this.#closed) {
      session.wipe();
      throw new LatchkeyError("cancelled");
    }
    this.#current?.retire();
    this.#current = session;
    const type = this.#hadSession ? "renewed" : "verified";
    this.#hadSession = true;
    this.#scheduleRenewal(session);
    emit({ type, sid: session.sid, expiresInSeconds });
    return session;
  }

  #scheduleRenewal(session: NodeSession): void {
    if (!this.#options.keep) return;
    const nowMs = this.#options.clock.monotonicMs();
    this.#schedule(session, session.token.renewAtMs - nowMs, 0);
  }

  #schedule(session: NodeSession, delayMs: number, failures: number): void {
    this.#unschedule();
    const run = () => {
      // Fails only with the random source, and then the next request says so.
      this.#renew(session, failures).catch(() => {});
    };
    this.#renewTimer = this.#options.timer.set(run, Math.max(0, delayMs));
  }

  #unschedule(): void {
    if (this.#renewTimer !== undefined) this.#options.timer.clear(this.#renewTimer);
    this.#renewTimer = undefined;
  }

  /** Goes on trying, at most `maxMs` apart, so that a session is there when a badge comes. */
  async #renew(session: NodeSession, failures: number): Promise<void> {
    const { random, policy, emit } = this.#options;
    const error = await this.#open().then(() => undefined, toLatchkeyError);
    if (error === undefined || this.#closed || session !== this.#current) return;
    const delayMs = backoffMs(random, policy, failures + 1);
    emit({ type: "renewal-failed", code: error.code, delayMs });
    this.#schedule(session, delayMs, failures + 1);
  }
}
