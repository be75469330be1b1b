import { toLatchkeyError } from "../../protocol/errors.ts";
import type { Clock } from "../../protocol/platform.ts";
import {
  READINGS_MAX,
  type SensorReading,
  writeReading,
} from "../../protocol/telemetry/sensor-data.ts";
import type { EventClass, EventLog, LoggedDrop, LoggedEvent } from "../journal/event-log.ts";
import {
  parseStoredReading,
  type ReadingTime,
  type StoredReading,
  writeStoredReading,
} from "./stored-reading.ts";

export interface ReadingLogOptions {
  readonly events: EventLog;
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
  /** What has a number from here on was written since this boot. */
  #firstOfBoot: number | undefined;
  /** Counting reads every event that waits, so it is done now and then only. */
  #counted: { readonly waiting: number; appended: number } | undefined;

  constructor(options: ReadingLogOptions) {
    this.#options = options;
  }

  get logId(): Uint8Array {
    return this.#options.events.logId;
  }

  /** How many wait for the server; those that were dropped lately may still be counted. */
  get waiting(): number {
    if (this.#counted === undefined || this.#counted.appended > COUNTED_ANEW) {
      const { access, telemetry } = this.#options.events.statistics;
      this.#counted = { waiting: access.pending + telemetry.pending, appended: 0 };
    }
    return this.#counted.waiting + this.#counted.appended;
  }

  /** How many had to go unread since the log began. */
  get dropped(): number {
    const { access, telemetry } = this.#options.events.statistics;
    return access.dropped + telemetry.dropped;
  }

  /**
   * Durable when it returns.
   * @param atMs when it was measured, monotonic
   * @throws storage-full, storage-failed
   */
  append(eventClass: EventClass, reading: Omit<StoredReading, "time">, atMs: number): number {
    const time = this.#timeOf(atMs);
    const data = writeStoredReading({ ...reading, time });
    const sequence = this.#options.events.append(eventClass, data);
    this.#firstOfBoot ??= sequence;
    if (this.#counted !== undefined) this.#counted.appended++;
    return sequence;
  }

  /** What to send next; empty when nothing waits. The first is in it however long it is. */
  next(bytesMax: number): ReadingBatch {
    const readings: SensorReading[] = [];
    const through = new Map<EventClass, number>();
    let bytes = 0;
    for (const event of this.#options.events.pending({ eventsMax: READINGS_MAX, bytesMax })) {
      const reading = this.#readingOf(event);
      bytes += JSON.stringify(writeReading(reading)).length + READING_OVERHEAD_BYTES;
      if (readings.length > 0 && bytes > bytesMax) break;
      readings.push(reading);
      through.set(event.eventClass, event.sequence);
    }
    return { readings, through };
  }

  /** The server has all of it. */
  done({ through }: ReadingBatch): void {
    for (const [eventClass, sequence] of through)
      this.#options.events.markUploaded(eventClass, sequence);
    this.#counted = undefined;
  }

  /** Erases ahead, while nobody waits. @throws storage-full, storage-failed */
  prepare(): void {
    this.#options.events.prepare();
  }

  #timeOf(atMs: number): ReadingTime {
    const { clock, nowUnix } = this.#options;
    const unix = nowUnix();
    if (unix === undefined) return { uptime: Math.floor(atMs / 1000) };
    return { unix: unix - Math.round((clock.monotonicMs() - atMs) / 1000) };
  }

  #readingOf(event: LoggedEvent | LoggedDrop): SensorReading {
    const { sequence: seq } = event;
    if ("dropped" in event)
      return { seq, fields: {}, lost: { ...event.dropped, eventClass: event.eventClass } };
    try {
      const { time, ...reading } = parseStoredReading(event.data);
      const updatedAt = this.#unixOf(time, seq);
      return { seq, ...(updatedAt === undefined ? {} : { updatedAt }), ...reading };
    } catch (error) {
      // Something stood here and cannot be read any more: that is told in its place.
      const fault = { sensor: "flash", code: toLatchkeyError(error).code, count: 1 };
      return { seq, fields: {}, faults: [fault] };
    }
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
