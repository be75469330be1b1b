import type { ImageReport } from "../../protocol/badge/check-in.ts";
import { LatchkeyError, toLatchkeyError } from "../../protocol/errors.ts";
import { UPDATE_WORK } from "../../protocol/node/firmware-part.ts";
import type { IdentityNode } from "../../protocol/node/identity-node.ts";
import type { Clock, Log, Timer, TimerHandle } from "../../protocol/platform.ts";
import type { System, UpdateBoard } from "../platform.ts";
import { Confirmation, type Proof } from "./confirmation.ts";
import { sealedSource } from "./firmware-source.ts";
import { UpdateStore } from "./update-store.ts";
import { Updater } from "./updater.ts";

export interface NodeUpdateOptions {
  readonly board: UpdateBoard;
  /** The identity whose images are taken. */
  readonly identityId: string;
  readonly identity: Pick<IdentityNode, "call" | "nowUnix" | "state">;
  readonly system: Pick<System, "restart">;
  readonly timer: Timer;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether nobody waits at the node. */
  readonly isIdle: () => boolean;
  readonly proofs: readonly Proof[];
  readonly requestTimeoutMs: number;
}

/** An image on trial starts anew when it has not shown all that it must by then. */
const TRIAL_MS = 10 * 60_000;
/** What was refused is most likely refused again, and verifying it takes the chip a while. */
const REFUSED_MS = 60 * 60_000;
const BUSY_MS = 100;

/**
 * A node's updates: begins when a check-in says so, works while nobody waits, restarts into the
 * trial, confirms or gives up the new image, and tells the server of a way back.
 */
export class NodeUpdate {
  readonly #options: NodeUpdateOptions;
  readonly #store: UpdateStore;
  readonly #confirmation: Confirmation;
  readonly #updater: Updater;
  readonly #trial: TimerHandle | undefined;
  #running = false;
  #stopped = false;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #reported = false;

  constructor(options: NodeUpdateOptions) {
    this.#options = options;
    const { board, identity, identityId, timer, system, log, requestTimeoutMs } = options;
    const { product, bootloader, sha3, sha256 } = board;
    this.#store = new UpdateStore(board);
    this.#confirmation = new Confirmation(this.#store, options.proofs);
    this.#updater = new Updater({
      ...{ store: this.#store, sha3, sha256, identityId, product, bootloader },
      source: sealedSource(identity, { product, timeoutMs: requestTimeoutMs }),
      nowMs: () => {
        const unix = identity.nowUnix();
        return unix === undefined ? undefined : Math.floor(unix * 1000);
      },
      pause: () => this.#untilIdle(),
    });
    if (!this.isOnTrial) return;
    this.#trial = timer.set(() => {
      if (this.#stopped || !this.isOnTrial) return;
      log.write("error", "firmware-unconfirmed");
      system.restart();
    }, TRIAL_MS);
  }

  get isOnTrial(): boolean {
    return this.#confirmation.isOpen;
  }

  /** For the next check-in. */
  report(): ImageReport {
    const { reversal } = this.#store.state;
    this.#reported = reversal !== undefined;
    return {
      product: this.#options.board.product,
      securityVersion: this.#store.floor,
      ...(reversal === undefined ? {} : { reverted: reversal }),
    };
  }

  saw(proof: Proof): void {
    this.#guarded("firmware-confirm-failed", () => {
      if (this.#confirmation.saw(proof)) this.#options.log.write("info", "firmware-confirmed");
    });
  }

  /** The server has answered what {@link report} gave it. */
  checkedIn(): void {
    const { identity, clock } = this.#options;
    if (this.#reported) this.#guarded("firmware-report-failed", () => this.#store.reversalHeard());
    this.#reported = false;
    const wanted = identity.state.next.includes(UPDATE_WORK);
    if (wanted && !this.#running && clock.monotonicMs() >= this.#notBeforeMs) void this.#update();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#trial !== undefined) this.#options.timer.clear(this.#trial);
  }

  async #update(): Promise<void> {
    const { log, clock, system } = this.#options;
    this.#running = true;
    log.write("info", "firmware-begin");
    try {
      const decision = await this.#updater.run();
      if (decision.decision === "refuse") {
        this.#notBeforeMs = clock.monotonicMs() + REFUSED_MS;
        log.write("warn", "firmware-refused", { code: decision.code });
        return;
      }
      log.write("info", "firmware-armed", { version: decision.facts.version });
      await this.#untilIdle();
      system.restart();
    } catch (error) {
      // It goes on where it was at the next check-in.
      log.write("warn", "firmware-interrupted", { code: toLatchkeyError(error).code });
    } finally {
      this.#running = false;
    }
  }

  /** At least one turn of the event loop. */
  async #untilIdle(): Promise<void> {
    const { timer, isIdle } = this.#options;
    const turn = (delayMs: number) =>
      new Promise<void>((done) => void timer.set(() => done(), delayMs));
    await turn(0);
    while (!isIdle() && !this.#stopped) await turn(BUSY_MS);
    if (this.#stopped) throw new LatchkeyError("cancelled");
  }

  #guarded(event: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#options.log.write("error", event, { code: toLatchkeyError(error).code });
    }
  }
}
