import { type LatchkeyError, toLatchkeyError } from "../../protocol/errors.ts";
import { Waits } from "../../protocol/node/waits.ts";
import type { Clock, Log, Timer } from "../../protocol/platform.ts";
import type {
  NamedReadings,
  ReadingFields,
  SensorFault,
} from "../../protocol/telemetry/reading.ts";
import type { EventClass } from "../journal/event-log.ts";
import type { Platform } from "../platform.ts";
import { EventAllowance } from "./event-allowance.ts";
import type { ReadingLog } from "./reading-log.ts";
import { asRecorded } from "./recorded-values.ts";
import { type SampledMoment, Sampler } from "./sampler.ts";
import type { SensorPlan } from "./sensor-plan.ts";
import { SharedBuses } from "./shared-buses.ts";
import { WatchedSensor } from "./watched-sensor.ts";

export interface SensorWorkOptions {
  readonly plans: readonly SensorPlan[];
  readonly readings: Pick<ReadingLog, "append">;
  readonly io: Platform["io"];
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Log;
  /** A record is in flash; an urgent one wants to be sent at once. */
  readonly onRecord: (urgent: boolean) => void;
  readonly doorFree?: () => boolean;
}

/**
 * The sensors of one node: measures, decides what is worth telling, and writes it to flash, one
 * record for each moment. What a sensor could not measure is in no record; that it could not, is.
 */
export class SensorWork {
  readonly sensors: readonly WatchedSensor[];
  readonly #options: SensorWorkOptions;
  readonly #sampler: Sampler;
  readonly #waits: Waits;
  readonly #events = new EventAllowance();
  /** Records since boot, and why the last one could not be written. */
  recorded = 0;
  storageError: LatchkeyError | undefined;

  constructor(options: SensorWorkOptions) {
    const { io, clock, timer, log, doorFree } = options;
    this.#options = options;
    this.#waits = new Waits(timer);
    const surroundings = {
      ...{ io, clock, timer, log, buses: new SharedBuses() },
      ...(doorFree === undefined ? {} : { doorFree }),
    };
    const onChanged = (sensor: WatchedSensor) => this.#sampler.changed(sensor);
    const parts = { surroundings, clock, log, waits: this.#waits, onChanged };
    this.sensors = options.plans.map((plan) => new WatchedSensor(plan, parts));
    this.#sampler = new Sampler(this.sensors, { clock, timer }, (moment) => this.#record(moment));
  }

  start(): void {
    this.#sampler.start();
  }

  stop(): void {
    this.#sampler.stop();
    this.#waits.close();
  }

  /** How many sensors do not deliver at the moment. */
  get failing(): number {
    return this.sensors.filter(({ faults }) => faults.current !== undefined).length;
  }

  #record(moment: SampledMoment): void {
    const { atMs, results } = moment;
    let fields: ReadingFields = {};
    let named: NamedReadings = {};
    let urgent = false;
    let eventClass: EventClass = "telemetry";
    const faults: SensorFault[] = [];
    const told: (() => void)[] = [];
    for (const { sensor, values } of results) {
      const fault = sensor.faults.due(atMs);
      const verdict = values === undefined ? "quiet" : sensor.rule.judge(values, atMs);
      if (fault !== undefined) {
        faults.push(fault);
        told.push(() => sensor.faults.told(atMs));
      }
      if (values === undefined || verdict === "quiet") continue;
      const recorded = asRecorded(sensor.plan, values);
      fields = { ...fields, ...recorded.fields };
      named = { ...named, ...recorded.named };
      urgent ||= verdict === "urgent";
      const event = sensor.rule.eventIn(values);
      if (event !== undefined && this.#events.mayKeep(`${sensor.plan.name}.${event}`, atMs))
        eventClass = "access";
      told.push(() => sensor.rule.told(values, atMs));
    }
    if (told.length === 0) return;
    const content = {
      fields,
      ...(Object.keys(named).length > 0 && { named }),
      ...(faults.length > 0 && { faults }),
    };
    const failed = this.#append(eventClass, content, atMs);
    // Too much for one record in flash: each sensor has one of its own then.
    if (failed?.code === "storage-full" && results.length > 1)
      for (const result of results) this.#record({ atMs, results: [result] });
    if (failed !== undefined) return;
    for (const note of told) note();
    this.#options.onRecord(urgent);
  }

  /** What is not in flash is not told, so that the next reading tells it again. */
  #append(
    eventClass: EventClass,
    content: Parameters<ReadingLog["append"]>[1],
    atMs: number,
  ): LatchkeyError | undefined {
    const { readings, log } = this.#options;
    try {
      readings.append(eventClass, content, atMs);
      this.recorded++;
      this.storageError = undefined;
      return undefined;
    } catch (error) {
      const failed = toLatchkeyError(error);
      // Nothing but taps and events is left: better where it may be dropped than nowhere.
      if (eventClass === "access" && failed.code === "storage-full")
        return this.#append("telemetry", content, atMs);
      if (this.storageError?.code !== failed.code)
        log.write("error", "reading-not-stored", { code: failed.code });
      this.storageError = failed;
      return failed;
    }
  }
}
