import type { Clock, Timer, TimerHandle } from "../../protocol/platform.ts";
import type { Measured } from "./sensor-driver.ts";
import type { WatchedSensor } from "./watched-sensor.ts";

/** What the sensors that were due together gave. */
export interface SampledMoment {
  /** When they were asked, monotonic ms. */
  readonly atMs: number;
  /** Those that failed have no values. */
  readonly results: readonly {
    readonly sensor: WatchedSensor;
    readonly values: Measured | undefined;
  }[];
}

/** Sensors that are due this close together are one moment, and one record. */
const TOGETHER_MS = 20;

/**
 * Asks every sensor when it is due. Those that are due together are measured at once and told
 * together; one that takes its time, or hangs, keeps nobody else waiting for longer than its
 * limit, and not again, because from then on it is due at times of its own.
 */
export class Sampler {
  readonly #sensors: readonly WatchedSensor[];
  readonly #clock: Clock;
  readonly #timer: Timer;
  readonly #onMoment: (moment: SampledMoment) => void;
  #wake: { readonly atMs: number; readonly handle: TimerHandle } | undefined;
  #stopped = false;

  constructor(
    sensors: readonly WatchedSensor[],
    { clock, timer }: { readonly clock: Clock; readonly timer: Timer },
    onMoment: (moment: SampledMoment) => void,
  ) {
    this.#sensors = sensors;
    this.#clock = clock;
    this.#timer = timer;
    this.#onMoment = onMoment;
  }

  start(): void {
    this.#schedule();
  }

  /** A sensor has something new: it is measured now, whenever it was due. */
  changed(sensor: WatchedSensor): void {
    sensor.want();
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#wake !== undefined) this.#timer.clear(this.#wake.handle);
    for (const sensor of this.#sensors) sensor.close();
  }

  #schedule(): void {
    if (this.#stopped) return;
    let atMs = Number.POSITIVE_INFINITY;
    for (const sensor of this.#sensors) if (!sensor.busy) atMs = Math.min(atMs, sensor.dueAtMs);
    if (atMs === Number.POSITIVE_INFINITY || (this.#wake && this.#wake.atMs <= atMs)) return;
    if (this.#wake !== undefined) this.#timer.clear(this.#wake.handle);
    const run = () => {
      this.#wake = undefined;
      void this.#moment();
    };
    const delayMs = Math.max(0, atMs - this.#clock.monotonicMs());
    this.#wake = { atMs, handle: this.#timer.set(run, delayMs) };
  }

  async #moment(): Promise<void> {
    const atMs = this.#clock.monotonicMs();
    const due = this.#sensors.filter(
      (sensor) => !sensor.busy && sensor.dueAtMs <= atMs + TOGETHER_MS,
    );
    const asked = due.map(async (sensor) => {
      const values = await sensor.measure();
      this.#schedule();
      return { sensor, values };
    });
    this.#schedule();
    const results = await Promise.all(asked);
    if (!this.#stopped && results.length > 0) this.#onMoment({ atMs, results });
  }
}
