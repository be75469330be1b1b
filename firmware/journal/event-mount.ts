import type { Random } from "../../protocol/platform.ts";
import {
  EVENT_CLASSES,
  type EventClass,
  type EventState,
  isOneLog,
  LOG_ID_BYTES,
  type SectorNote,
  toEventRecord,
} from "./event-state.ts";
import { type EventTable, eventsIn } from "./event-table.ts";
import { decodeSectorHeader, HEADER_BYTES } from "./page.ts";
import type { Sectors } from "./sectors.ts";

/** Sequence numbers that a sector of which nothing can be read may have held, and to spare. */
const UNKNOWN_NUMBERS = 256;
/** Enough of a page to tell whether it was ever programmed; before programming it is all read. */
const PROBE_BYTES = 16;

/** A sector that events are appended to. */
export interface Head {
  readonly index: number;
  nextPage: number;
  /** Sequence number of the last event in it, or before it. */
  last: number;
}

export interface MountedEvents {
  readonly state: EventState;
  /** Highest number that may have been given to anything. */
  readonly sequence: number;
  /** Number of the next sector to be opened: higher than any that stands in the flash. */
  readonly nextNumber: number;
  readonly appended: Record<EventClass, number>;
  readonly dropped: Record<EventClass, number>;
  readonly heads: Partial<Record<EventClass, Head>>;
  /** Pages of the heads that hold something unreadable. */
  readonly damagedPages: number;
}

/** A log that nothing was written of yet. */
export function bornEvents(random: Random): MountedEvents {
  const zero = Object.freeze({ access: 0, telemetry: 0 });
  return {
    state: { logId: random.bytes(LOG_ID_BYTES), floors: zero, marks: zero, lost: {} },
    sequence: 0,
    nextNumber: 1,
    appended: { ...zero },
    dropped: { ...zero },
    heads: {},
    damagedPages: 0,
  };
}

/**
 * Finds the log in the flash and fills the table. Reads a few bytes of every sector, and more
 * only of the two that are being appended to. `undefined` when there is none.
 */
export function mountEvents(sectors: Sectors, table: EventTable): MountedEvents | undefined {
  return new Mount(sectors, table).run();
}

class Mount {
  readonly #sectors: Sectors;
  readonly #table: EventTable;
  #state: EventState | undefined;
  /** The newest one that is whole. */
  #note: SectorNote | undefined;
  #sequence = 0;
  #nextNumber = 1;
  /** Numbers that may have been given to events that cannot be read now. */
  #unknown = 0;
  #damagedPages = 0;

  constructor(sectors: Sectors, table: EventTable) {
    this.#sectors = sectors;
    this.#table = table;
  }

  run(): MountedEvents | undefined {
    for (let index = 0; index < this.#sectors.count; index++) this.#findSector(index);
    this.#findState();
    if (this.#state === undefined) return undefined;
    // In ordinary life nearly all sectors: they are not looked at any further.
    this.#table.removeBelow(this.#state.floors);
    const appended = { access: 0, telemetry: 0, ...this.#note?.appended };
    const dropped = { access: 0, telemetry: 0, ...this.#note?.dropped };
    const heads: Partial<Record<EventClass, Head>> = {};
    for (const eventClass of EVENT_CLASSES) {
      this.#removeForeign(eventClass, this.#state);
      const index = this.#table.of(eventClass).at(-1);
      if (index === undefined) continue;
      const { head, newer } = this.#readHead(index);
      heads[eventClass] = head;
      appended[eventClass] += newer;
    }
    // Does something only if the state was found in a record: the newest header is damaged.
    this.#table.removeBelow(this.#state.floors);
    for (const eventClass of EVENT_CLASSES) {
      const head = heads[eventClass];
      if (head !== undefined && !this.#table.isUsed(head.index)) delete heads[eventClass];
    }
    return {
      state: this.#state,
      // Nothing that could have been read once, and uploaded, may share its number with another
      // event: what cannot be read now, and one page of each head that does not even look used.
      sequence: this.#sequence + this.#damagedPages + this.#unknown + EVENT_CLASSES.length,
      nextNumber: this.#nextNumber,
      appended,
      dropped,
      heads,
      damagedPages: this.#damagedPages,
    };
  }

  #findSector(index: number): void {
    // On a young node nearly all of them: nothing stands there, and nothing is to be learnt.
    if (this.#sectors.looksBlank(index)) return;
    const header = decodeSectorHeader(this.#sectors.read(index, 0, HEADER_BYTES));
    const number = header?.number ?? this.#numberInRecords(index) ?? 0;
    this.#nextNumber = Math.max(this.#nextNumber, number + 1);
    if (header?.purpose === "access" || header?.purpose === "telemetry")
      this.#table.add(index, header.purpose, number);
  }

  /** Of a sector whose header is damaged; puts it into the table. */
  #numberInRecords(index: number): number | undefined {
    const end = this.#usedEnd(index);
    const records = end > 1 ? this.#sectors.scan(index, end).records : [];
    for (const [found] of records) {
      const record = toEventRecord(found);
      if (record === undefined) continue;
      this.#table.add(index, record.eventClass, record.sector);
      return record.sector;
    }
    this.#giveUp(index, end);
    return undefined;
  }

  /** A sector whose opening was cut off, or of which nothing can be read. */
  #giveUp(index: number, end = this.#usedEnd(index)): void {
    this.#table.remove(index);
    if (end > 1) this.#unknown += UNKNOWN_NUMBERS;
  }

  #usedEnd(index: number): number {
    return this.#sectors.firstUnused(index, this.#sectors.pages, PROBE_BYTES);
  }

  /** From the newest note that is whole, and from the records of sectors newer than that. */
  #findState(): void {
    const newestFirst = EVENT_CLASSES.flatMap((eventClass) => this.#table.of(eventClass));
    newestFirst.sort((a, b) => this.#table.number(b) - this.#table.number(a));
    for (const index of newestFirst) {
      this.#note = this.#table.note(index);
      const sources = this.#note === undefined ? this.#table.records(index) : [this.#note];
      if (sources.length === 0) this.#giveUp(index);
      for (const source of sources) this.#learn(source);
      if (this.#note !== undefined) return;
    }
  }

  #learn({ sequence, state }: { readonly sequence: number; readonly state: EventState }): void {
    if (this.#state !== undefined && !isOneLog(state, this.#state)) return;
    if (this.#state === undefined || sequence >= this.#sequence) this.#state = state;
    this.#sequence = Math.max(this.#sequence, sequence);
  }

  /** Sectors of a log that stood here before, and what was never one. */
  #removeForeign(eventClass: EventClass, state: EventState): void {
    for (const index of this.#table.of(eventClass)) {
      if (this.#table.seemsOf(index, state.logId)) continue;
      const found = this.#table.note(index) ?? this.#table.records(index)[0];
      if (found === undefined || !isOneLog(found.state, state)) this.#table.remove(index);
    }
  }

  #readHead(index: number): { readonly head: Head; readonly newer: number } {
    const end = this.#usedEnd(index);
    const scan = this.#sectors.scan(index, end);
    this.#damagedPages += scan.damagedPages;
    let last = this.#table.note(index)?.previous ?? 0;
    let newer = 0;
    for (const record of eventsIn(scan, this.#table.number(index))) {
      this.#learn(record);
      if (record.kind === "state") continue;
      last = record.sequence;
      if (record.sequence > (this.#note?.sequence ?? 0)) newer++;
    }
    // The page behind may be one whose programming had just begun: it is left alone.
    return { head: { index, nextPage: end + 1, last }, newer };
  }
}
