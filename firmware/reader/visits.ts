import { toLatchkeyError } from "../../protocol/errors.ts";
import type { Clock, Log, Timer, TimerHandle } from "../../protocol/platform.ts";
import type { VisitAnswer, VisitQuestion } from "../../protocol/visit/visit.ts";
import { type QrCode, qrCode } from "../qr-code.ts";
import type { ReaderEvent } from "./machine.ts";

export interface VisitsOptions {
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Log;
  readonly ask: (question: VisitQuestion) => Promise<VisitAnswer>;
  /** Whether nobody is at the reader: a tap has the network to itself. */
  readonly isReady: () => boolean;
  readonly dispatch: (event: ReaderEvent) => void;
}

interface OpenRequest {
  readonly requestId: string;
  readonly code: QrCode;
  readonly expiresAtMs: number;
}

const ASK_MS = 2_000;
/** After a failure: an older server knows nothing of visitors, and one that is away has enough. */
const PAUSE_MS = 30_000;
/** Whoever scans a code has this long at least. */
const RENEW_MS = 10_000;

/** Keeps a request to visitors on the display, and asks what became of it. */
export class Visits {
  readonly #options: VisitsOptions;
  /** The newest first, and the one before it, which somebody may just be answering. */
  #open: readonly OpenRequest[] = [];
  #turns = 0;
  #running: TimerHandle | undefined;
  #stopped = false;

  constructor(options: VisitsOptions) {
    this.#options = options;
  }

  /** What to show, if there is anything that can still be answered. */
  get code(): QrCode | undefined {
    const [newest] = this.#open;
    const live = newest !== undefined && this.#options.clock.monotonicMs() < newest.expiresAtMs;
    return live ? newest.code : undefined;
  }

  start(): void {
    this.#schedule(0);
  }

  stop(): void {
    this.#stopped = true;
    if (this.#running !== undefined) this.#options.timer.clear(this.#running);
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return;
    this.#running = this.#options.timer.set(() => {
      if (this.#options.isReady()) void this.#turn();
      else this.#schedule(ASK_MS);
    }, delayMs);
  }

  async #turn(): Promise<void> {
    const { clock, log } = this.#options;
    try {
      const askedMs = clock.monotonicMs();
      this.#open = this.#open.filter(({ expiresAtMs }) => askedMs < expiresAtMs + ASK_MS);
      const [newest, before] = this.#open;
      const renew = newest === undefined || newest.expiresAtMs - askedMs < RENEW_MS;
      const about = this.#turns++ % 2 === 1 && before !== undefined ? before : newest;
      await this.#ask(about, renew && before === undefined, askedMs);
      this.#schedule(ASK_MS);
    } catch (error) {
      log.write("warn", "visits-failed", { code: toLatchkeyError(error).code });
      this.#schedule(PAUSE_MS);
    }
  }

  async #ask(about: OpenRequest | undefined, renew: boolean, askedMs: number): Promise<void> {
    const { ask, dispatch } = this.#options;
    const answer = await ask({ ...(about && { requestId: about.requestId }), renew });
    if (this.#stopped || answer.state === "waiting") return;
    if (answer.state === "open") {
      const { requestId, text, expiresIn } = answer;
      const expiresAtMs = askedMs + expiresIn * 1000;
      this.#open = [{ requestId, code: qrCode(text), expiresAtMs }, ...this.#open.slice(0, 1)];
      return;
    }
    const { decision } = answer;
    if (about === undefined) return;
    this.#open = this.#open.filter((one) => one !== about);
    const { granted, challengeId } = decision;
    const told = decision.granted
      ? { relayMs: decision.relayMs, reason: "granted", holder: decision.holder }
      : { relayMs: 0, reason: decision.reason };
    const { requestId } = about;
    dispatch({ type: "visit", requestId, askedMs, challengeId, granted, ...told });
  }
}
