import { uuidFromRandom } from "../../protocol/encoding/uuid.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { Transceive } from "../../protocol/nfc/apdu.ts";
import { CardRelay, type RelayStep } from "../../protocol/ntag424/relay.ts";
import type { Random } from "../../protocol/platform.ts";
import type { CardResult } from "./card-order.ts";

type Work = (transceive: Transceive) => Promise<CardResult>;

interface Run {
  readonly relay: CardRelay<CardResult>;
  /** Whose run it is: nobody else's answers are taken. */
  readonly owner: string;
  /** Tenant and UID. */
  readonly card: string;
  /** Unix milliseconds. */
  lastMs: number;
  answering: boolean;
}

export interface RunStep {
  readonly runId: string;
  readonly step: RelayStep<CardResult>;
}

/** A technician who goes away leaves the session with the card to be wiped after this. */
const IDLE_MS_MAX = 60_000;
/** Work under way at a time, in the whole service. */
const RUNS_MAX = 64;
/** Hexadecimal digits at the beginning of a run's id that name the process which has it. */
const HOME_DIGITS = 8;
const ended = (): LatchkeyError => new LatchkeyError("card-run-ended");

/**
 * Work on cards that somebody else holds: each run waits for the answer to its last command. All
 * of it is in memory, session keys above all, and may be lost at any time: the journal has what
 * is needed to finish.
 */
export class CardRuns {
  readonly #random: Random;
  readonly #nowMs: () => number;
  readonly #replicated: boolean;
  readonly #runs = new Map<string, Run>();
  #home: string | undefined;

  /** @param replicated whether other processes serve the same clients and have runs of their own */
  constructor(random: Random, nowMs: () => number, replicated = false) {
    this.#random = random;
    this.#nowMs = nowMs;
    this.#replicated = replicated;
  }

  get size(): number {
    return this.#runs.size;
  }

  /** A new run ends the one that is under way with the same card. @throws unavailable */
  async start(owner: string, card: string, work: Work): Promise<RunStep> {
    this.sweep();
    for (const [runId, run] of this.#runs) if (run.card === card) this.#end(runId, run);
    if (this.#runs.size >= RUNS_MAX)
      throw new LatchkeyError("unavailable", { detail: { retry_after: 5 } });
    const runId = this.#newId();
    const relay = new CardRelay(work);
    const run = { relay, owner, card, lastMs: this.#nowMs(), answering: true };
    this.#runs.set(runId, run);
    return await this.#follow(runId, run, relay.start());
  }

  /**
   * The card's answer; `undefined` when there is none.
   * @throws card-run-ended, card-run-elsewhere; what ends it
   */
  async answer(owner: string, runId: string, response: Uint8Array | undefined): Promise<RunStep> {
    this.sweep();
    const run = this.#runs.get(runId);
    if (run === undefined && this.#isElsewhere(runId))
      throw new LatchkeyError("card-run-elsewhere");
    if (run === undefined || run.owner !== owner || run.answering) throw ended();
    run.lastMs = this.#nowMs();
    run.answering = true;
    const lost = new LatchkeyError("badge-moved");
    const { relay } = run;
    const step = response === undefined ? relay.abort(lost) : relay.answer(response);
    return await this.#follow(runId, run, step);
  }

  /** Ends what nobody has gone on with. */
  sweep(): void {
    const before = this.#nowMs() - IDLE_MS_MAX;
    for (const [runId, run] of this.#runs) if (run.lastMs < before) this.#end(runId, run);
  }

  close(): void {
    for (const [runId, run] of this.#runs) this.#end(runId, run);
  }

  /** All runs of a process begin alike, so that another one can tell its own that are over. */
  #newId(): string {
    const id = uuidFromRandom(this.#random.bytes(16));
    if (!this.#replicated) return id;
    this.#home ??= id.slice(0, HOME_DIGITS);
    return this.#home + id.slice(HOME_DIGITS);
  }

  #isElsewhere(runId: string): boolean {
    return this.#replicated && runId.slice(0, HOME_DIGITS) !== this.#home;
  }

  async #follow(runId: string, run: Run, next: Promise<RelayStep<CardResult>>): Promise<RunStep> {
    try {
      const step = await next;
      if (step.kind === "done") this.#runs.delete(runId);
      // Another run on the card, or the end of the service, came in between.
      else if (this.#runs.get(runId) !== run) {
        run.relay.abort(ended()).catch(() => undefined);
        throw ended();
      }
      return { runId, step };
    } catch (error) {
      this.#runs.delete(runId);
      throw error;
    } finally {
      run.answering = false;
    }
  }

  #end(runId: string, run: Run): void {
    this.#runs.delete(runId);
    // One that computes at the moment finds itself gone in #follow.
    if (!run.answering) run.relay.abort(ended()).catch(() => undefined);
  }
}
