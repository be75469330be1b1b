import { type CheckInRequest, writeCheckInRequest } from "../../protocol/badge/check-in.ts";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import { toLatchkeyError } from "../../protocol/errors.ts";
import type { IdentityNode } from "../../protocol/node/identity-node.ts";
import type { Clock, Log, Random, Timer, TimerHandle } from "../../protocol/platform.ts";
import type { NodeLimits } from "../node-config.ts";
import type { Network } from "../platform.ts";
import { momentAt } from "../reader/moment.ts";
import { retryDelayMs } from "../reader/steps.ts";

/** Where a node without a reader is on its way to the server. */
export type ConnectionStage =
  | "network"
  | "registering"
  /** Waits for a manager's approval, and asks again. */
  | "pending"
  | "authenticating"
  | "active";

export interface NodeConnectionOptions {
  readonly identity: Pick<IdentityNode, "ensureRegistered" | "authenticate" | "checkIn">;
  readonly network: Pick<Network, "join">;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly random: Random;
  readonly log: Log;
  readonly limits: NodeLimits;
  readonly report: () => CheckInRequest;
  /** The server has answered a report. */
  readonly onCheckedIn?: () => void;
  /** Called after every step. */
  readonly onStage: (stage: ConnectionStage) => void;
}

export interface ConnectionFault {
  readonly code: ErrorCode;
  /** When it is tried again, monotonic ms. */
  readonly retryAtMs: number;
}

/**
 * Brings a node from power-on to a session and keeps it there. Every step is repeated until it
 * succeeds, with a growing pause; a network that goes away later is joined again. Sessions that
 * end are opened anew by the identity itself.
 */
export class NodeConnection {
  readonly #options: NodeConnectionOptions;
  #stage: ConnectionStage = "network";
  #fault: ConnectionFault | undefined;
  #failures = 0;
  #working = false;
  #stopped = false;
  #timer: TimerHandle | undefined;
  /** When something was heard last, good or bad: a sign of life for the watchdog. */
  lastEventMs: number;

  constructor(options: NodeConnectionOptions) {
    this.#options = options;
    this.lastEventMs = options.clock.monotonicMs();
  }

  get stage(): ConnectionStage {
    return this.#stage;
  }

  get fault(): ConnectionFault | undefined {
    return this.#fault;
  }

  start(): void {
    this.#schedule(0);
  }

  stop(): void {
    this.#stopped = true;
    this.#unschedule();
  }

  /** Somebody else's request failed: without a network it is joined again at once. */
  trouble(code: ErrorCode): void {
    if (code !== "network-down" || this.#stage !== "active" || this.#working) return;
    this.#enter("network");
    this.#schedule(0);
  }

  async #work(): Promise<void> {
    if (this.#working || this.#stopped) return;
    this.#working = true;
    try {
      const [next, pauseMs] = await this.#step();
      this.#fault = undefined;
      if (next !== "pending") this.#failures = 0;
      this.#enter(next);
      this.#schedule(pauseMs);
    } catch (error) {
      this.#failed(toLatchkeyError(error).code);
    } finally {
      this.#working = false;
    }
  }

  /** The step of this stage; gives the next stage, and the pause before its step. */
  async #step(): Promise<readonly [ConnectionStage, number]> {
    const { identity, network, limits, report } = this.#options;
    switch (this.#stage) {
      case "network":
        await network.join();
        return ["registering", 0];
      case "registering":
      case "pending": {
        const { status } = await identity.ensureRegistered();
        return status === "pending" ? ["pending", this.#pauseMs()] : ["authenticating", 0];
      }
      case "authenticating":
        await identity.authenticate();
        return ["active", 0];
      case "active":
        await identity.checkIn(writeCheckInRequest(report()), {
          timeoutMs: limits.requestTimeoutMs,
        });
        this.#options.onCheckedIn?.();
        return ["active", limits.checkinIntervalMs];
    }
  }

  #failed(code: ErrorCode): void {
    const { clock, log } = this.#options;
    const pauseMs = this.#pauseMs();
    if (code !== this.#fault?.code)
      log.write("warn", "connection-failed", { code, at: this.#stage });
    this.#fault = { code, retryAtMs: clock.monotonicMs() + pauseMs };
    if (code === "network-down") this.#enter("network");
    else if (code === "node-pending" || code === "node-unknown") this.#enter("registering");
    else this.#enter(this.#stage);
    this.#schedule(pauseMs);
  }

  #enter(stage: ConnectionStage): void {
    const { clock, log, onStage } = this.#options;
    this.lastEventMs = clock.monotonicMs();
    if (stage !== this.#stage) log.write("info", `node-${stage}`, { from: this.#stage });
    this.#stage = stage;
    onStage(stage);
  }

  #pauseMs(): number {
    const { clock, random, limits } = this.#options;
    this.#failures++;
    const moment = momentAt(clock.monotonicMs(), random);
    return retryDelayMs(limits, this.#failures, moment.random);
  }

  #schedule(delayMs: number): void {
    this.#unschedule();
    if (this.#stopped) return;
    this.#timer = this.#options.timer.set(() => {
      this.#timer = undefined;
      void this.#work();
    }, delayMs);
  }

  #unschedule(): void {
    if (this.#timer !== undefined) this.#options.timer.clear(this.#timer);
    this.#timer = undefined;
  }
}
