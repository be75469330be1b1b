import type { ServiceContext } from "./context.ts";
import { expireMandates } from "./mandate/mandate-log.ts";
import { unixSeconds } from "./wall-clock.ts";

/** How often what is over is swept out, at most. */
const SWEEP_EVERY_SECONDS = 30;

/** Sweeps out what is over. Driven by requests, not by a timer: an idle service does not grow. */
export class Sweeper {
  readonly #context: ServiceContext;
  #sweptAt: number;

  constructor(context: ServiceContext) {
    this.#context = context;
    this.#sweptAt = unixSeconds(context.clock);
  }

  /** @throws unavailable */
  async sweepNowAndThen(): Promise<void> {
    const { records, ephemera, clock, limits, cardRuns, logins } = this.#context;
    const nowAt = unixSeconds(clock);
    if (Math.abs(nowAt - this.#sweptAt) < SWEEP_EVERY_SECONDS) return;
    this.#sweptAt = nowAt;
    cardRuns.sweep();
    await ephemera.sweep(nowAt);
    await records.sweep(nowAt, nowAt - limits.readingsKeptSeconds);
    await logins.sweep(nowAt);
    await expireMandates(this.#context);
  }
}
