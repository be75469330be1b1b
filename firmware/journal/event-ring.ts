import { LatchkeyError } from "../../protocol/errors.ts";
import type { Random } from "../../protocol/platform.ts";
import type { Flash } from "../platform.ts";
import { bornEvents, type Head, mountEvents } from "./event-mount.ts";
import {
  EVENT_CLASSES,
  type EventClass,
  type EventRecord,
  type EventState,
  encodeLoss,
  encodeNote,
  encodeState,
  LOSS_BYTES,
  type Loss,
  type PerClass,
  type RecordKind,
  recordType,
  STATE_BYTES_MAX,
} from "./event-state.ts";
import { EventTable } from "./event-table.ts";
import { planOpening } from "./event-turnover.ts";
import { encodeRecord, encodeSectorHeader, recordPages, recordRoom } from "./page.ts";
import { RECORD_PAGES_MAX } from "./sector-log.ts";
import { Sectors } from "./sectors.ts";

/** Two heads, a sector to drop, a spare, and one that may wear out. */
const SECTORS_MIN = 5;
/** With room for it, a second spare keeps the ring going round a worn-out sector. */
const SECTORS_FOR_TWO_SPARES = 8;
const PLACE_ATTEMPTS = 4;
const NUMBER_MAX = 0xffffffff;

/**
 * Sectors of events that take each other's place. Every sector holds events of one class, in
 * order; each class appends to its newest (its head). Sectors are numbered in the order in which
 * they are opened and reused oldest first, which spreads the wear.
 *
 * There is always a spare. Opening it is one page: its header says which older sectors are dead
 * from now on, and what of them had not been uploaded. Before that page is whole nothing has
 * happened; afterwards the dead sectors do not exist, even half erased. So whatever is erased was
 * dead for good before.
 */
export class EventRing {
  readonly #sectors: Sectors;
  readonly #table: EventTable;
  readonly #spares: number;
  readonly #heads: Partial<Record<EventClass, Head>>;
  readonly #appended: Record<EventClass, number>;
  #dropped: PerClass<number>;
  #state: EventState;
  /** As the flash has them. */
  #durableMarks: PerClass<number>;
  #sequence: number;
  #nextNumber: number;
  /** A free sector that was erased ahead. */
  #blank: number | undefined;
  /** Pages of the two heads that held something unreadable at mount. */
  readonly damagedPages: number;

  /** Finds the log, or starts one. @throws storage-failed when the region is too small */
  constructor(flash: Flash, random: Random) {
    this.#sectors = new Sectors(flash);
    this.#spares = this.#sectors.count >= SECTORS_FOR_TWO_SPARES ? 2 : 1;
    if (this.#sectors.count < SECTORS_MIN || this.#sectors.pages < 2 * RECORD_PAGES_MAX)
      throw new LatchkeyError("storage-failed", { message: "The flash region is too small." });
    this.#table = new EventTable(this.#sectors);
    const found = mountEvents(this.#sectors, this.#table) ?? bornEvents(random);
    this.#heads = found.heads;
    this.#appended = found.appended;
    this.#dropped = found.dropped;
    this.#state = found.state;
    this.#durableMarks = found.state.marks;
    this.#sequence = found.sequence;
    this.#nextNumber = found.nextNumber;
    this.damagedPages = found.damagedPages;
  }

  get state(): EventState {
    return this.#state;
  }

  /** The last sequence number that was given to anything. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Events appended and events dropped unread since the log was born. */
  totals(eventClass: EventClass): { readonly appended: number; readonly dropped: number } {
    return { appended: this.#appended[eventClass], dropped: this.#dropped[eventClass] };
  }

  /** `opened`: sectors opened since the log was born, for an erasure each. */
  get usage(): { sectors: number; freeSectors: number; badSectors: number; opened: number } {
    return {
      sectors: this.#sectors.count,
      freeSectors: this.#free().length,
      badSectors: this.#sectors.bad.size,
      opened: this.#nextNumber - 1,
    };
  }

  /** Bytes of the longest event. */
  get eventBytesMax(): number {
    return recordRoom(RECORD_PAGES_MAX, this.#sectors.pageBytes) - STATE_BYTES_MAX;
  }

  /** Appends an event and returns its number. @throws storage-full, storage-failed */
  append(eventClass: EventClass, data: Uint8Array): number {
    return this.#write("event", eventClass, data.length, () => [data, this.#state.lost]);
  }

  /** Makes what was lost of a class an event, in one step. @throws storage-full, storage-failed */
  appendLoss(eventClass: EventClass, loss: Loss): void {
    this.#write("loss", eventClass, LOSS_BYTES, () => {
      const { [eventClass]: lost = loss, ...others } = this.#state.lost;
      return [encodeLoss(lost), others];
    });
  }

  /** In RAM; the next page that is written takes it along. */
  mark(eventClass: EventClass, through: number): void {
    this.#state = { ...this.#state, marks: { ...this.#state.marks, [eventClass]: through } };
  }

  /** How far a power cut would set the mark back. */
  markAtRisk(eventClass: EventClass): number {
    return this.#state.marks[eventClass] - this.#durableMarks[eventClass];
  }

  /** Spends a page on the marks. @throws storage-full, storage-failed */
  saveMarks(eventClass: EventClass): void {
    this.#write("state", eventClass, 0, () => [new Uint8Array(0), this.#state.lost]);
  }

  /** Events and losses of a class that are not marked, oldest first. */
  *unread(eventClass: EventClass): Generator<EventRecord> {
    for (const index of this.#unreadSectors(eventClass)) yield* this.#unreadIn(eventClass, index);
  }

  /** How many {@link unread} would give, from reading one sector and one header. */
  unreadCount(eventClass: EventClass): number {
    let count = 0;
    for (const [place, index] of this.#unreadSectors(eventClass).entries()) {
      const before = place === 0 ? undefined : this.#table.note(index)?.appended[eventClass];
      if (before !== undefined) return count + this.#appended[eventClass] - before;
      count += this.#unreadIn(eventClass, index).length;
    }
    return count;
  }

  /** Erases the sector that will be opened next, if that can be soon. */
  prepare(): void {
    if (this.#blank !== undefined) return;
    const nearlyFull = EVENT_CLASSES.some((eventClass) => {
      const nextPage = this.#heads[eventClass]?.nextPage ?? this.#sectors.pages;
      return nextPage + RECORD_PAGES_MAX > this.#sectors.pages;
    });
    if (nearlyFull) this.#blank = this.#free().find((index) => this.#sectors.erase(index));
  }

  /** Sectors of a class from the first one on that holds anything unread. */
  #unreadSectors(eventClass: EventClass): number[] {
    const mark = this.#state.marks[eventClass];
    const sectors = this.#table.of(eventClass);
    const first = sectors.findIndex((index, place) => {
      const next = sectors[place + 1];
      return next === undefined || this.#table.last(index, next) > mark;
    });
    return sectors.slice(Math.max(first, 0));
  }

  #unreadIn(eventClass: EventClass, index: number): EventRecord[] {
    const mark = this.#state.marks[eventClass];
    return this.#table
      .records(index)
      .filter(({ kind, sequence }) => kind !== "state" && sequence > mark);
  }

  #nextSequence(): number {
    if (this.#sequence >= NUMBER_MAX) throw new LatchkeyError("storage-full");
    this.#sequence++;
    return this.#sequence;
  }

  #write(
    kind: RecordKind,
    eventClass: EventClass,
    bytes: number,
    content: () => readonly [value: Uint8Array, lost: EventState["lost"]],
  ): number {
    const pages = recordPages(STATE_BYTES_MAX + bytes, this.#sectors.pageBytes);
    let sequence: number | undefined;
    for (let attempt = 0; attempt < PLACE_ATTEMPTS; attempt++) {
      // Only for an event: what the log has to say of itself is not worth one.
      const head = this.#roomFor(eventClass, pages, kind === "event");
      // One number for all attempts: what seems to fail now can be found whole one day.
      sequence ??= this.#nextSequence();
      const [value, lost] = content();
      const state = { ...this.#state, lost };
      const key = encodeState(state, this.#table.number(head.index));
      const record = { type: recordType(kind, eventClass), sequence, key, value };
      if (!this.#place(head, encodeRecord(record, this.#sectors.pageBytes))) continue;
      this.#state = state;
      this.#durableMarks = state.marks;
      if (kind === "state") return sequence;
      this.#appended[eventClass]++;
      head.last = sequence;
      return sequence;
    }
    throw new LatchkeyError("storage-failed");
  }

  #roomFor(eventClass: EventClass, pages: number, mayDrop: boolean): Head {
    const head = this.#heads[eventClass];
    if (head !== undefined && head.nextPage + pages <= this.#sectors.pages) return head;
    return this.#open(eventClass, mayDrop);
  }

  #place(head: Head, data: Uint8Array): boolean {
    const pages = data.length / this.#sectors.pageBytes;
    for (; head.nextPage + pages <= this.#sectors.pages; head.nextPage++) {
      // What a power cut left of a page that does not look used at first sight is passed over.
      if (!this.#sectors.isErased(head.index, head.nextPage, pages)) continue;
      const page = head.nextPage;
      // Before the attempt: whatever comes of it, these pages are used.
      head.nextPage += pages;
      return this.#sectors.program(head.index, page, data);
    }
    return false;
  }

  #free(): number[] {
    const free = this.#table.free().filter((index) => !this.#sectors.bad.has(index));
    const blank = this.#blank;
    if (blank === undefined) return free;
    return [blank, ...free.filter((index) => index !== blank)];
  }

  #lastOf(eventClass: EventClass): number {
    return this.#heads[eventClass]?.last ?? this.#state.marks[eventClass];
  }

  /** A new head. @throws storage-full before anything is written; storage-failed */
  #open(eventClass: EventClass, mayDrop: boolean): Head {
    const free = this.#free();
    const turnover = planOpening(eventClass, {
      table: this.#table,
      last: { access: this.#lastOf("access"), telemetry: this.#lastOf("telemetry") },
      state: this.#state,
      dropped: this.#dropped,
      room: free.length - 1 - this.#spares,
      mayDrop,
    });
    const previous = this.#lastOf(eventClass);
    for (const index of free) {
      const blank = index === this.#blank;
      this.#blank = undefined;
      if (!blank && !this.#sectors.erase(index)) continue;
      const number = this.#nextNumber++;
      const { state, dropped } = turnover;
      const appended = this.#appended;
      const sequence = this.#nextSequence();
      const note = encodeNote({ sequence, previous, appended, dropped, state }, number);
      const header = { purpose: eventClass, number };
      const page = encodeSectorHeader(header, this.#sectors.pageBytes, note);
      if (this.#sectors.program(index, 0, page)) {
        this.#state = state;
        this.#dropped = dropped;
        this.#durableMarks = state.marks;
        this.#table.add(index, eventClass, number);
        this.#table.removeBelow(state.floors);
        const head = { index, nextPage: 1, last: previous };
        this.#heads[eventClass] = head;
        return head;
      }
      this.#sectors.bad.add(index);
    }
    throw new LatchkeyError("storage-failed", { message: "No spare sector can be opened." });
  }
}
