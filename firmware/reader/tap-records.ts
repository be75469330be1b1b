import type { TapResult } from "./machine.ts";

/** What a technician wants to know of one tap. */
export interface TapRecord {
  readonly number: number;
  /** Milliseconds since boot. */
  readonly atMs: number;
  /** The chip's UID, hexadecimal; empty when there was none to tell. */
  readonly badge: string;
  readonly granted: boolean;
  /** `granted`, or why not. */
  readonly reason: string;
  /** From the badge's arrival to the end of its file; `undefined` if it was not read. */
  readonly readMs: number | undefined;
  /** From the question to the answer; `undefined` if the server was not asked. */
  readonly checkMs: number | undefined;
  /** From the badge's arrival to the decision. */
  readonly totalMs: number;
}

const RECORDS_MAX = 20;

/** The last taps, and how many there were since boot. */
export class TapRecords {
  readonly #records: TapRecord[] = [];
  granted = 0;
  denied = 0;

  add(result: TapResult): TapRecord {
    const { tap, granted, reason, endedMs } = result;
    if (granted) this.granted++;
    else this.denied++;
    const record: TapRecord = {
      number: tap.id,
      atMs: Math.round(tap.startedMs),
      badge: tap.badge,
      granted,
      reason,
      readMs: tap.readMs === undefined ? undefined : Math.round(tap.readMs - tap.startedMs),
      checkMs: tap.askedMs === undefined ? undefined : Math.round(endedMs - tap.askedMs),
      totalMs: Math.round(endedMs - tap.startedMs),
    };
    this.#records.push(record);
    if (this.#records.length > RECORDS_MAX) this.#records.shift();
    return record;
  }

  /** Oldest first. */
  get list(): readonly TapRecord[] {
    return this.#records;
  }
}
