import type { ServiceContext } from "./context.ts";
import { unixSeconds } from "./wall-clock.ts";

/** How often what is over is swept out, at most. */
const SWEEP_EVERY_SECONDS = 30;

type Parts = Pick<ServiceContext, "records" | "ephemera" | "clock" | "limits" | "cardRuns">;

/** Sweeps out what is over. Driven by requests, not by a timer: an idle service does not grow. */
export class Sweeper {
  readonly #parts: Parts;
  #sweptAt: number;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#sweptAt = unixSeconds(parts.clock);
  }

  /** @throws unavailable */
  async sweepNowAndThen(): Promise<void> {
    const { records, ephemera, clock, limits, cardRuns } = this.#parts;
    const nowAt = unixSeconds(clock);
    if (Math.abs(nowAt - this.#sweptAt) < SWEEP_EVERY_SECONDS) return;
    this.#sweptAt = nowAt;
    cardRuns.sweep();
    await ephemera.sweep(nowAt);
    await records.sweep(nowAt, nowAt - limits.readingsKeptSeconds);
  }
}
