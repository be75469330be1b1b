import { PlausibleChannel } from "../../hal/sensors/plausible.ts";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";
import type { Waits } from "../../protocol/node/waits.ts";
import type { Clock, Log } from "../../protocol/platform.ts";
import { outOfRange } from "../../protocol/telemetry/ranges.ts";
import { FaultReport } from "./fault-report.ts";
import { asRecorded } from "./recorded-values.ts";
import { ReportRule } from "./report-rule.ts";
import type { Measured, OpenSensor, SensorSurroundings } from "./sensor-driver.ts";
import type { SensorPlan } from "./sensor-plan.ts";

export interface WatchedSensorParts {
  readonly surroundings: Omit<SensorSurroundings, "changed">;
  readonly clock: Clock;
  readonly log: Log;
  readonly waits: Waits;
  /** The sensor wants to be measured now. */
  readonly onChanged: (sensor: WatchedSensor) => void;
}

/** After a failure a sensor is tried again after this, then after twice as long, and so on. */
const RETRY_BASE_MS = 2_000;
/** An absent sensor is looked for at least this often, or as often as it is due. */
const RETRY_MAX_MS = 300_000;

/** A part that reports changes without a pause is not asked more often than this. */
const CHANGE_GAP_MS = 100;

/** The part works; it only has nothing to tell yet: the next regular time will do. */
const PATIENT: readonly ErrorCode[] = Object.freeze([
  "sensor-no-fix",
  "sensor-warming-up",
  "sensor-too-soon",
  "sensor-stuck",
]);
/** What says nothing against the connection: the sensor stays open. */
const SOFT: readonly ErrorCode[] = Object.freeze([
  ...PATIENT,
  "sensor-checksum",
  "sensor-jump",
  "sensor-out-of-range",
]);

/**
 * One sensor on its own clock: measures within a limit, is opened again after it failed, waits
 * longer the longer it is away, and never throws. What it gives is a whole reading in range, or
 * nothing.
 */
export class WatchedSensor {
  readonly plan: SensorPlan;
  readonly faults: FaultReport;
  readonly rule: ReportRule;
  readonly #parts: WatchedSensorParts;
  readonly #originMs: number;
  readonly #judges: ReadonlyMap<string, PlausibleChannel>;
  #open: OpenSensor | undefined;
  #busy = false;
  #again = false;
  #startedMs = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #last: { readonly values: Measured; readonly atMs: number } | undefined;
  /** When it is to be measured next, monotonic ms. */
  dueAtMs: number;

  constructor(plan: SensorPlan, parts: WatchedSensorParts) {
    this.plan = plan;
    this.faults = new FaultReport(plan.name, plan.heartbeatMs);
    this.rule = new ReportRule(plan);
    this.#parts = parts;
    this.#judges = new Map(
      Object.entries(plan.plausible).map(([quantity, options]) => [
        quantity,
        new PlausibleChannel(quantity, options),
      ]),
    );
    this.#originMs = parts.clock.monotonicMs();
    this.dueAtMs = this.#originMs;
  }

  get busy(): boolean {
    return this.#busy;
  }

  /** The last good reading since boot. */
  get last(): { readonly values: Measured; readonly atMs: number } | undefined {
    return this.#last;
  }

  /** It has something new: it is due now, or right after the measurement under way. */
  want(): void {
    if (this.#busy) this.#again = true;
    const soonestMs = this.#startedMs + CHANGE_GAP_MS;
    const nowMs = this.#parts.clock.monotonicMs();
    this.dueAtMs = Math.min(this.dueAtMs, Math.max(nowMs, soonestMs));
  }

  /** Measures; `undefined` when there is no reading, and `faults` then says why. */
  async measure(): Promise<Measured | undefined> {
    const { clock, waits } = this.#parts;
    const startedMs = clock.monotonicMs();
    this.#busy = true;
    this.#startedMs = startedMs;
    try {
      // A driver that throws at once and one that hangs are the same to whoever waits.
      const work = Promise.resolve().then(() => this.#opened().measure());
      const values = await waits.limit(work, this.plan.measureLimitMs, "sensor-timeout");
      this.#check(values, startedMs);
      this.#failures = 0;
      this.#last = { values, atMs: startedMs };
      this.faults.good();
      this.dueAtMs = this.#slotAfter(clock.monotonicMs());
      return values;
    } catch (error) {
      this.#failed(error, clock.monotonicMs());
      return undefined;
    } finally {
      this.#busy = false;
      if (this.#again) this.want();
      this.#again = false;
    }
  }

  close(): void {
    try {
      this.#open?.close();
    } catch {
      // It is given up either way.
    }
    this.#open = undefined;
  }

  #opened(): OpenSensor {
    this.#open ??= this.plan.open({
      ...this.#parts.surroundings,
      changed: () => this.#parts.onChanged(this),
    });
    return this.#open;
  }

  /** @throws sensor-out-of-range for what cannot have been measured; sensor-jump, sensor-stuck */
  #check(values: Measured, atMs: number): void {
    const refuse = (quantity: string): never => {
      throw new LatchkeyError("sensor-out-of-range", { detail: { quantity } });
    };
    for (const [quantity, value] of Object.entries(values)) {
      const number = typeof value === "number" && Number.isFinite(value);
      if (!number && typeof value !== "boolean") refuse(quantity);
      if (!this.plan.wireNames.has(quantity)) refuse(quantity);
    }
    const { fields, named } = asRecorded(this.plan, values);
    const wrong = outOfRange(fields, named);
    if (wrong !== undefined) refuse(wrong);
    // Half a position is none.
    if ((fields.lat === undefined) !== (fields.lon === undefined)) refuse("lat");
    for (const [quantity, value] of Object.entries(values))
      if (typeof value === "number") this.#judges.get(quantity)?.accept(value, atMs);
  }

  #failed(error: unknown, nowMs: number): void {
    // What is not coded comes from an I/O class: the transfer did not work.
    const code = isLatchkeyError(error) ? error.code : "sensor-bus";
    this.#failures++;
    if (this.faults.failed(code)) {
      const said = error instanceof Error ? error.message : String(error);
      this.#parts.log.write("warn", "sensor-failed", { sensor: this.plan.name, code, said });
    }
    if (!SOFT.includes(code)) {
      this.close();
      // It may come back in another place, or as another one.
      for (const judge of this.#judges.values()) judge.reset();
    }
    this.dueAtMs = this.#retryAt(code, nowMs);
  }

  /** Between two regular times if it is soon, else at the first regular one after the wait. */
  #retryAt(code: ErrorCode, nowMs: number): number {
    const slotMs = this.#slotAfter(nowMs);
    if (PATIENT.includes(code)) return slotMs;
    const boundMs = Math.max(this.plan.intervalMs, RETRY_MAX_MS);
    const soonMs = nowMs + Math.min(boundMs, RETRY_BASE_MS * 2 ** Math.min(20, this.#failures - 1));
    return soonMs < slotMs ? soonMs : this.#slotAfter(soonMs - 1);
  }

  /** Regular times are multiples of the interval since boot, however long a measurement took. */
  #slotAfter(nowMs: number): number {
    const { intervalMs } = this.plan;
    const passed = Math.floor((nowMs - this.#originMs) / intervalMs);
    return this.#originMs + (passed + 1) * intervalMs;
  }
}
