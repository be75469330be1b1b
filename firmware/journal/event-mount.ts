import type { Random } from "../../protocol/platform.ts";
import {
  decodeNote,
  EVENT_CLASSES,
  type EventClass,
  type EventRecord,
  type EventState,
  isOneLog,
  LOG_ID_BYTES,
  type SectorNote,
  toEventRecord,
} from "./event-state.ts";
import type { EventTable } from "./event-table.ts";
import { decodeSectorHeader, decodeSectorNote, HEADER_READ_BYTES, PAGE_RECORD } from "./page.ts";
import type { Sectors } from "./sectors.ts";

/** Pages in which a sector without a readable header is looked at for records. */
const RECOVERY_PAGES = 3;
/** Enough of a page to tell whether it was ever programmed; before programming it is all read. */
const PROBE_BYTES = 16;

/** A sector that events are appended to. */
export interface Head {
  readonly index: number;
  nextPage: number;
}

export interface MountedEvents {
  readonly state: EventState;
  /** Highest number that may have been given to anything. */
  readonly sequence: number;
  readonly appended: Record<EventClass, number>;
  readonly dropped: Record<EventClass, number>;
  readonly heads: Partial<Record<EventClass, Head>>;
  readonly damagedPages: number;
  /** Number of the next sector to be opened: higher than any that stands in the flash. */
  readonly nextNumber: number;
}

/** A log that nothing was written of yet. */
export function bornEvents(random: Random): MountedEvents {
  const zero = { access: 0, telemetry: 0 };
  return {
    state: { logId: random.bytes(LOG_ID_BYTES), floors: zero, marks: zero, lost: {} },
    sequence: 0,
    appended: { ...zero },
    dropped: zero,
    heads: {},
    damagedPages: 0,
    nextNumber: 1,
  };
}

/** The log's records in a sector, in order and each once. */
export function readEvents(sectors: Sectors, index: number, end = sectors.pages): EventRecord[] {
  const found: EventRecord[] = [];
  for (const [record] of sectors.scan(index, end).records) {
    const event = toEventRecord(record);
    // A record that seemed to fail was written again, under its number: once is enough.
    if (event !== undefined && event.sequence !== found.at(-1)?.sequence) found.push(event);
  }
  return found;
}

/**
 * Finds the log in the flash and fills the table. Reads the beginning of every sector, and more
 * only of the two that were last written to. `undefined` when there is none.
 */
export function mountEvents(sectors: Sectors, table: EventTable): MountedEvents | undefined {
  return new Mount(sectors, table).run();
}

class Mount {
  readonly #sectors: Sectors;
  readonly #table: EventTable;
  #state: EventState | undefined;
  #sequence = 0;
  #nextNumber = 1;
  #suspects = 0;
  #note: SectorNote | undefined;

  constructor(sectors: Sectors, table: EventTable) {
    this.#sectors = sectors;
    this.#table = table;
  }

  run(): MountedEvents | undefined {
    for (let index = 0; index < this.#sectors.count; index++) this.#findSector(index);
    this.#findState();
    if (this.#state === undefined) return undefined;
    this.#table.removeBelow(this.#state.floors);
    const appended = { access: 0, telemetry: 0, ...this.#note?.appended };
    const dropped = { access: 0, telemetry: 0, ...this.#note?.dropped };
    const heads: Partial<Record<EventClass, Head>> = {};
    for (const eventClass of EVENT_CLASSES) {
      const before = this.#fillClosed(eventClass);
      const index = this.#table.of(eventClass).at(-1);
      if (index === undefined) continue;
      heads[eventClass] = this.#readHead(index, before);
      const total = (before.appended ?? 0) + this.#table.count(index);
      appended[eventClass] = Math.max(appended[eventClass], total);
    }
    // Only for a state that was found in a record because the newest header is damaged.
    this.#table.removeBelow(this.#state.floors);
    for (const eventClass of EVENT_CLASSES) {
      const index = heads[eventClass]?.index;
      if (index !== undefined && !this.#table.isUsed(index)) delete heads[eventClass];
    }
    // Nothing that could have been read once, and uploaded, may share its number with another
    // event: what cannot be read now, and one page of each class that does not even look used.
    const sequence = this.#sequence + this.#suspects + EVENT_CLASSES.length;
    return {
      state: this.#state,
      sequence,
      appended,
      dropped,
      heads,
      damagedPages: this.#suspects,
      nextNumber: this.#nextNumber,
    };
  }

  #findSector(index: number): void {
    const header = decodeSectorHeader(this.#sectors.read(index, 0, HEADER_READ_BYTES));
    this.#nextNumber = Math.max(this.#nextNumber, (header?.number ?? 0) + 1);
    if (header?.purpose === "access" || header?.purpose === "telemetry") {
      this.#table.add(index, header.purpose, header.number);
    } else if (header === undefined && this.#beginsRecords(index)) {
      const first = readEvents(this.#sectors, index)[0];
      if (first === undefined) return;
      this.#nextNumber = Math.max(this.#nextNumber, first.sector + 1);
      this.#table.add(index, first.eventClass, first.sector);
    }
  }

  #beginsRecords(index: number): boolean {
    for (let page = 1; page <= RECOVERY_PAGES; page++)
      if (this.#sectors.read(index, page, 1)[0] === PAGE_RECORD) return true;
    return false;
  }

  /** From the newest note that is whole, and from the records of sectors newer than that. */
  #findState(): void {
    const newestFirst = EVENT_CLASSES.flatMap((eventClass) => this.#table.of(eventClass));
    newestFirst.sort((a, b) => this.#table.number(b) - this.#table.number(a));
    for (const index of newestFirst) {
      this.#note = this.#noteOf(index);
      if (this.#note !== undefined) {
        this.#learn(this.#note);
        return;
      }
      for (const record of readEvents(this.#sectors, index)) this.#learn(record);
    }
  }

  #learn({ sequence, state }: { readonly sequence: number; readonly state: EventState }): void {
    if (this.#state !== undefined && !isOneLog(state, this.#state)) return;
    if (this.#state === undefined || sequence >= this.#sequence) this.#state = state;
    this.#sequence = Math.max(this.#sequence, sequence);
  }

  #noteOf(index: number): SectorNote | undefined {
    const page = this.#sectors.read(index, 0, HEADER_READ_BYTES);
    const note = decodeSectorHeader(page) === undefined ? undefined : decodeSectorNote(page);
    return note === undefined ? undefined : decodeNote(note, this.#table.number(index));
  }

  /**
   * Fills in all sectors of a class but its head, from what the header of the next one says.
   * What was known when the head was opened.
   */
  #fillClosed(eventClass: EventClass): Before {
    let before: Before = { previous: 0, appended: 0 };
    let open: number | undefined;
    for (const index of this.#table.of(eventClass)) {
      const note = this.#noteOf(index);
      const state = note?.state ?? readEvents(this.#sectors, index)[0]?.state;
      if (state === undefined || !isOneLog(state, this.#state!)) {
        this.#table.remove(index);
        continue;
      }
      if (open !== undefined) {
        const count = (note?.appended[eventClass] ?? Number.NaN) - (before.appended ?? Number.NaN);
        if (note === undefined || Number.isNaN(count)) this.#fillByReading(open, before);
        else this.#table.fill(open, count, note.previous);
      }
      const previous = open === undefined ? 0 : this.#table.last(open);
      before = {
        previous: note?.previous ?? previous,
        ...(note === undefined ? {} : { appended: note.appended[eventClass] }),
      };
      open = index;
    }
    return before;
  }

  #fillByReading(index: number, { previous }: Before, end = this.#sectors.pages): void {
    let last = previous;
    let count = 0;
    for (const record of readEvents(this.#sectors, index, end)) {
      this.#learn(record);
      if (record.kind === "state") continue;
      count++;
      last = Math.max(last, record.sequence);
    }
    this.#table.fill(index, count, last);
  }

  #readHead(index: number, before: Before): Head {
    const end = this.#sectors.firstUnused(index, this.#sectors.pages, PROBE_BYTES);
    this.#fillByReading(index, before, end);
    this.#suspects += this.#sectors.scan(index, end).damagedPages;
    // The page behind may be one whose programming had just begun: it is left alone.
    return { index, nextPage: end + 1 };
  }
}

/** What the header of a sector knew of its class; `appended` is absent when it is damaged. */
interface Before {
  readonly previous: number;
  readonly appended?: number;
}
