import { toLatchkeyError } from "../../protocol/errors.ts";
import { JsonReader } from "../../protocol/json/reader.ts";
import type { Clock } from "../../protocol/platform.ts";
import {
  parseSensorData,
  READINGS_MAX,
  type SensorReading,
  writeReading,
  writeSensorData,
} from "../../protocol/telemetry/sensor-data.ts";
import type { EventClass, EventLog, LoggedDrop, LoggedEvent } from "../journal/event-log.ts";
import {
  parseStoredReading,
  type ReadingTime,
  type StoredReading,
  writeStoredReading,
} from "./stored-reading.ts";

export interface ReadingLogOptions {
  /** Opens the log. Called when it is first needed, and again after it failed. */
  readonly open: () => EventLog;
  readonly clock: Clock;
  /** Unix seconds, or `undefined` before a server said the time. */
  readonly nowUnix: () => number | undefined;
}

/** Readings that are sent together, oldest first, access events before all others. */
export interface ReadingBatch {
  readonly readings: readonly SensorReading[];
  /** The last number of each class in it. */
  readonly through: ReadonlyMap<EventClass, number>;
}

/** Whose readings they are is not what is checked. */
const NOBODY = "00000000-0000-4000-8000-000000000000";
const SOMEBODY = Object.freeze({ nodeUid: NOBODY, tenantId: NOBODY, nodeType: "sensor" });
/** After so many further events. */
const COUNTED_ANEW = 50;
/** `,"seq":4294967295` and what stands between two readings. */
const READING_OVERHEAD_BYTES = 20;

/**
 * The node's readings in flash, from the moment in which they are taken to the server's word that
 * it has them. Knows when each was taken, as far as that can be known: one that was taken before
 * the time was known gets its time when it is sent in the same boot, and none after a power cut.
 */
export class ReadingLog {
  readonly #options: ReadingLogOptions;
  #opened: EventLog | undefined;
  /** What has a number from here on was written since this boot. */
  #firstOfBoot: number | undefined;
  /** Counting reads every event that waits, so it is done now and then only. */
  #counted: { readonly waiting: number; appended: number } | undefined;

  constructor(options: ReadingLogOptions) {
    this.#options = options;
  }

  /** @throws random-unhealthy for a log that is to be born, storage-failed */
  get logId(): Uint8Array {
    return this.#events.logId;
  }

  /** How many wait for the server; those that were dropped lately may still be counted. */
  get waiting(): number {
    if (this.#opened === undefined) return 0;
    if (this.#counted === undefined || this.#counted.appended > COUNTED_ANEW) {
      const { access, telemetry } = this.#opened.statistics;
      this.#counted = { waiting: access.pending + telemetry.pending, appended: 0 };
    }
    return this.#counted.waiting + this.#counted.appended;
  }

  /** How many had to go unread since the log began. */
  get dropped(): number {
    if (this.#opened === undefined) return 0;
    const { access, telemetry } = this.#opened.statistics;
    return access.dropped + telemetry.dropped;
  }

  /**
   * Durable when it returns.
   * @param atMs when it was measured, monotonic
   * @throws storage-full, storage-failed, random-unhealthy
   */
  append(eventClass: EventClass, reading: Omit<StoredReading, "time">, atMs: number): number {
    const time = this.#timeOf(atMs);
    const data = writeStoredReading({ ...reading, time });
    const sequence = this.#events.append(eventClass, data);
    this.#firstOfBoot ??= sequence;
    if (this.#counted !== undefined) this.#counted.appended++;
    return sequence;
  }

  /** What to send next; empty when nothing waits. The first is in it however long it is. */
  next(bytesMax: number): ReadingBatch {
    const readings: SensorReading[] = [];
    const through = new Map<EventClass, number>();
    let bytes = 0;
    for (const event of this.#events.pending({ eventsMax: READINGS_MAX, bytesMax })) {
      const reading = this.#sendable(event);
      bytes += JSON.stringify(writeReading(reading)).length + READING_OVERHEAD_BYTES;
      if (readings.length > 0 && bytes > bytesMax) break;
      readings.push(reading);
      through.set(event.eventClass, event.sequence);
    }
    return { readings, through };
  }

  /** The server has all of it. */
  done({ through }: ReadingBatch): void {
    for (const [eventClass, sequence] of through) this.#events.markUploaded(eventClass, sequence);
    this.#counted = undefined;
  }

  /** Whether the flash was read. */
  get isOpen(): boolean {
    return this.#opened !== undefined;
  }

  /** Reads what is in the flash: some 17 ms. @throws storage-failed */
  open(): void {
    void this.#events;
  }

  /** Erases ahead, while nobody waits. @throws storage-full, storage-failed */
  prepare(): void {
    this.#events.prepare();
  }

  get #events(): EventLog {
    this.#opened ??= this.#options.open();
    return this.#opened;
  }

  #timeOf(atMs: number): ReadingTime {
    const { clock, nowUnix } = this.#options;
    const unix = nowUnix();
    if (unix === undefined) return { uptime: Math.floor(atMs / 1000) };
    return { unix: unix - Math.round((clock.monotonicMs() - atMs) / 1000) };
  }

  #sendable(event: LoggedEvent | LoggedDrop): SensorReading {
    const { sequence: seq } = event;
    if ("dropped" in event)
      return { seq, fields: {}, lost: { ...event.dropped, eventClass: event.eventClass } };
    try {
      const { time, ...stored } = parseStoredReading(event.data);
      const updatedAt = this.#unixOf(time, seq);
      const reading = { seq, ...(updatedAt === undefined ? {} : { updatedAt }), ...stored };
      this.#assertTaken(reading);
      return reading;
    } catch (error) {
      // What cannot be read, or would be refused, must not keep back what stands behind it: that
      // something was there is told in its place.
      const fault = { sensor: "flash", code: toLatchkeyError(error).code, count: 1 };
      return { seq, fields: {}, faults: [fault] };
    }
  }

  /** By the server's own rule: one reading that it finds malformed would stop all. */
  #assertTaken(reading: SensorReading): void {
    const data = { ...SOMEBODY, logId: this.logId, readings: [reading] };
    parseSensorData(new JsonReader(writeSensorData(data)));
  }

  #unixOf(time: ReadingTime, seq: number): number | undefined {
    if ("unix" in time) return time.unix;
    const { clock, nowUnix } = this.#options;
    const now = nowUnix();
    const thisBoot = this.#firstOfBoot !== undefined && seq >= this.#firstOfBoot;
    if (now === undefined || !thisBoot) return undefined;
    return now - Math.max(0, Math.floor(clock.monotonicMs() / 1000) - time.uptime);
  }
}
