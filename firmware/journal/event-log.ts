import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";
import type { Random } from "../../protocol/platform.ts";
import type { Flash } from "../platform.ts";
import { EventRing } from "./event-ring.ts";
import { decodeLoss, EVENT_CLASSES, type EventClass, type Loss } from "./event-state.ts";

export type { EventClass } from "./event-state.ts";

export interface LoggedEvent {
  readonly eventClass: EventClass;
  readonly sequence: number;
  readonly data: Uint8Array;
}

/** What had to go unread to make room. Is itself an event with a sequence, uploaded like others. */
export interface LoggedDrop {
  readonly eventClass: EventClass;
  readonly sequence: number;
  readonly dropped: Loss;
}

export interface ClassStatistics {
  /** Events that the server is not known to have. */
  readonly pending: number;
  /** Events since the log was born, records of drops included. */
  readonly appended: number;
  /** Events dropped before they were uploaded, since the log was born. */
  readonly dropped: number;
}

export interface EventLogStatistics {
  readonly access: ClassStatistics;
  readonly telemetry: ClassStatistics;
  /** Access events that were refused since boot, because nothing else was left to drop. */
  readonly refused: number;
  readonly sectors: number;
  readonly freeSectors: number;
  /** Sectors that failed an erase or a program since boot. */
  readonly badSectors: number;
  /** Pages torn by a power cut or damaged since, as far as the mount looked. */
  readonly damagedPages: number;
  /** Mean erasures of a sector since the log was born, but for those that were made in vain. */
  readonly erasuresPerSector: number;
}

/**
 * Every page that is written takes the marks along. One is spent on them alone when a power cut
 * would have more than about so many events uploaded again.
 */
const MARKS_AT_RISK_MAX = 32;

/**
 * Events that wait in flash until the server has them: nothing acknowledged is lost by a power
 * cut at any moment, and what has to go for lack of room is counted (docs/firmware.md). Numbers
 * rise, with gaps, and are never given twice, so that (logId, sequence) names an event for ever
 * and the server can tell a repeat.
 * @example
 * const log = new EventLog(region, { random: platform.random });
 * log.append("telemetry", reading);
 * const batch = log.pending({ eventsMax: 32, bytesMax: 8000 });
 */
export class EventLog {
  readonly #ring: EventRing;
  #refused = 0;

  /** Recovers from whatever a power cut left. @throws storage-failed */
  constructor(flash: Flash, options: { readonly random: Random }) {
    this.#ring = new EventRing(flash, options.random);
  }

  /** 8 random bytes, born with the log, so that a new flash is not taken for the old one's repeats. */
  get logId(): Uint8Array {
    return this.#ring.state.logId;
  }

  /** Bytes of the longest event; up to a page less 68 bytes, it takes one page of flash. */
  get eventBytesMax(): number {
    return this.#ring.eventBytesMax;
  }

  /**
   * Durable when it returns, and then never given up for access events. Returns the event's
   * sequence number; one number space for both classes.
   * @throws storage-full for an event that is too long, and for an access event when nothing but
   * access events is left (why they are not dropped: event-turnover.ts); storage-failed: the event
   * then counts as not written
   */
  append(eventClass: EventClass, data: Uint8Array): number {
    if (data.length > this.eventBytesMax)
      throw new LatchkeyError("storage-full", { message: "The event is too long." });
    try {
      return this.#ring.append(eventClass, data);
    } catch (error) {
      if (eventClass === "access" && isLatchkeyError(error, "storage-full")) this.#refused++;
      throw error;
    }
  }

  /**
   * Not yet uploaded: access events first, each class oldest first. At least one event if there
   * is one, however long it is, so that an upload never stands still.
   */
  pending(limits: {
    readonly eventsMax: number;
    readonly bytesMax: number;
  }): (LoggedEvent | LoggedDrop)[] {
    const batch = this.#unread(limits);
    if (batch.length > 0 || !this.#reportLosses()) return batch;
    return this.#unread(limits);
  }

  /**
   * The server has everything of that class up to this number. Idempotent, never goes back. A
   * power cut may forget some of it: a repeat, which the server recognizes.
   */
  markUploaded(eventClass: EventClass, throughSequence: number): void {
    if (throughSequence > this.#ring.sequence)
      throw new RangeError(`no event has the number ${throughSequence} yet`);
    if (throughSequence <= this.#ring.state.marks[eventClass]) return;
    this.#ring.mark(eventClass, throughSequence);
    // The network works again: the run of drops is over.
    this.#reportLosses();
    if (this.#ring.markAtRisk(eventClass) >= MARKS_AT_RISK_MAX)
      whenPossible(() => this.#ring.saveMarks(eventClass));
  }

  /** Erases ahead, while nobody waits: the next sector is then opened by programming one page. */
  prepare(): void {
    this.#ring.prepare();
  }

  get statistics(): EventLogStatistics {
    const { opened, ...usage } = this.#ring.usage;
    const of = (eventClass: EventClass) => ({
      pending: this.#ring.unreadCount(eventClass),
      ...this.#ring.totals(eventClass),
    });
    return {
      access: of("access"),
      telemetry: of("telemetry"),
      refused: this.#refused,
      ...usage,
      damagedPages: this.#ring.damagedPages,
      erasuresPerSector: opened / usage.sectors,
    };
  }

  #unread(limits: { readonly eventsMax: number; readonly bytesMax: number }) {
    const batch: (LoggedEvent | LoggedDrop)[] = [];
    let bytes = 0;
    for (const eventClass of EVENT_CLASSES) {
      for (const { kind, sequence, value } of this.#ring.unread(eventClass)) {
        bytes += value.length;
        if (batch.length >= limits.eventsMax) return batch;
        if (batch.length > 0 && bytes > limits.bytesMax) return batch;
        const event = { eventClass, sequence };
        if (kind === "loss") batch.push({ ...event, dropped: decodeLoss(value) });
        else batch.push({ ...event, data: value });
      }
    }
    return batch;
  }

  /** Gives what was lost numbers of its own; while there is no room, it goes on being counted. */
  #reportLosses(): boolean {
    let reported = false;
    for (const eventClass of EVENT_CLASSES) {
      const loss = this.#ring.state.lost[eventClass];
      if (loss === undefined) continue;
      if (whenPossible(() => this.#ring.appendLoss(eventClass, loss))) reported = true;
    }
    return reported;
  }
}

/** For what can wait for a better day: whether the flash took it. */
function whenPossible(write: () => void): boolean {
  try {
    write();
    return true;
  } catch (error) {
    if (isLatchkeyError(error)) return false;
    throw error;
  }
}
