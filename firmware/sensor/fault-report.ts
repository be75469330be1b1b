import type { ErrorCode } from "../../protocol/error-codes.ts";
import type { SensorFault } from "../../protocol/telemetry/reading.ts";

/**
 * What is wrong with one sensor, and whether it was told: a failure is told when it comes or
 * changes, then once in a heartbeat, however often it repeats.
 */
export class FaultReport {
  readonly #sensor: string;
  readonly #heartbeatMs: number;
  #code: ErrorCode | undefined;
  #count = 0;
  #told: { readonly code: ErrorCode; readonly atMs: number } | undefined;
  /** Of a failure that ended before it was told. */
  #ended: SensorFault | undefined;

  constructor(sensor: string, heartbeatMs: number) {
    this.#sensor = sensor;
    this.#heartbeatMs = heartbeatMs;
  }

  /** The failure that lasts, with how often it happened since the last good reading. */
  get current(): { readonly code: ErrorCode; readonly count: number } | undefined {
    return this.#code === undefined ? undefined : { code: this.#code, count: this.#count };
  }

  /** Says whether this is news: not the failure of the last time once more. */
  failed(code: ErrorCode): boolean {
    const news = code !== this.#code;
    this.#code = code;
    this.#count++;
    return news;
  }

  good(): void {
    if (this.#code !== undefined && this.#told?.code !== this.#code)
      this.#ended = { sensor: this.#sensor, code: this.#code, count: this.#count };
    this.#code = undefined;
    this.#count = 0;
    this.#told = undefined;
  }

  /** What has to be told now. */
  due(nowMs: number): SensorFault | undefined {
    if (this.#code === undefined) return this.#ended;
    const { code } = this.#told ?? {};
    const fresh = code === this.#code && nowMs - this.#told!.atMs < this.#heartbeatMs;
    return fresh ? undefined : { sensor: this.#sensor, code: this.#code, count: this.#count };
  }

  /** It is in a record that will not be lost. */
  told(nowMs: number): void {
    this.#ended = undefined;
    this.#told = this.#code === undefined ? undefined : { code: this.#code, atMs: nowMs };
  }
}
