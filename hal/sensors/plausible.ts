import { LatchkeyError } from "../../protocol/errors.ts";

/** What is believed of one quantity. Units are the caller's. */
export interface PlausibleOptions {
  readonly min: number;
  readonly max: number;
  /** The largest change that is believed at once … */
  readonly stepMax?: number;
  /** … and so much more for each second since the last believed reading; 0 unless told. */
  readonly perSecond?: number;
  /** Further readings near one that jumped, after which it is believed; 2 unless told. */
  readonly confirmations?: number;
  /**
   * A sensor that measures never gives bit for bit the same for so long. Absent for quantities
   * that may stand still: a current of zero, a sensor of one decimal place.
   */
  readonly stuckMs?: number;
}

/**
 * Judges one channel of one sensor: range, jump, standstill.
 *
 * ```
 * 21.0  21.1  64.0!  21.1        a spark: one sensor-jump, and on from where it was
 * 21.0  21.1  64.0!  64.2! 64.1  a window was opened: believed once two more say so
 * ```
 * A reading is given back as it is or not at all; nothing is smoothed or held over.
 */
export class PlausibleChannel {
  readonly #name: string;
  readonly #options: PlausibleOptions;
  /** The last reading that was believed, and its time. */
  #believed: { readonly value: number; readonly atMs: number } | undefined;
  /** The last that jumped away from it, and how many near it there were before. */
  #jumped: { readonly value: number; readonly atMs: number; readonly count: number } | undefined;
  /** The value that the sensor gives, and since when. */
  #same: { readonly value: number; readonly sinceMs: number } | undefined;

  constructor(name: string, options: PlausibleOptions) {
    this.#name = name;
    this.#options = options;
  }

  /**
   * The value, if it is to be believed. Give it every reading, in order; `atMs` is monotonic.
   * @throws sensor-out-of-range, sensor-stuck, sensor-jump
   */
  accept(value: number, atMs: number): number {
    const { min, max } = this.#options;
    // Written so that NaN is refused as well.
    if (!(value >= min && value <= max)) {
      throw this.#error("sensor-out-of-range", value, `is outside of ${min} to ${max}`);
    }
    this.#assertAlive(value, atMs);
    this.#assertSteady(value, atMs);
    this.#believed = { value, atMs };
    this.#jumped = undefined;
    return value;
  }

  /** Forgets the past: another sensor, or one that was without power. */
  reset(): void {
    this.#believed = undefined;
    this.#jumped = undefined;
    this.#same = undefined;
  }

  #assertAlive(value: number, atMs: number): void {
    const { min, max, stuckMs } = this.#options;
    // At an end of its range a value is cut, and may rightly stay: 100 % in fog.
    if (this.#same?.value !== value || value === min || value === max) {
      this.#same = { value, sinceMs: atMs };
    }
    if (stuckMs !== undefined && atMs - this.#same.sinceMs > stuckMs) {
      throw this.#error("sensor-stuck", value, `has not changed for over ${stuckMs} ms`);
    }
  }

  #assertSteady(value: number, atMs: number): void {
    if (this.#believed === undefined || this.#near(this.#believed, value, atMs)) return;
    const near = this.#jumped !== undefined && this.#near(this.#jumped, value, atMs);
    const count = near ? this.#jumped!.count + 1 : 0;
    if (count >= (this.#options.confirmations ?? 2)) return;
    this.#jumped = { value, atMs, count };
    throw this.#error("sensor-jump", value, `jumped from ${this.#believed.value}`);
  }

  #near(from: { value: number; atMs: number }, value: number, atMs: number): boolean {
    const { stepMax = Number.POSITIVE_INFINITY, perSecond = 0 } = this.#options;
    return Math.abs(value - from.value) <= stepMax + (perSecond * (atMs - from.atMs)) / 1000;
  }

  #error(
    code: "sensor-out-of-range" | "sensor-stuck" | "sensor-jump",
    value: number,
    what: string,
  ): LatchkeyError {
    return new LatchkeyError(code, {
      message: `${this.#name} ${what}`,
      detail: { channel: this.#name, value },
    });
  }
}
