import {
  decodeNote,
  EVENT_CLASSES,
  type EventClass,
  type EventRecord,
  endsInLogId,
  type PerClass,
  type SectorNote,
  toEventRecord,
} from "./event-state.ts";
import {
  decodeSectorHeader,
  decodeSectorNote,
  HEADER_READ_BYTES,
  uncheckedSectorNote,
} from "./page.ts";
import type { SectorScan, Sectors } from "./sectors.ts";

/**
 * Which sectors of the region hold events, in five bytes for each sector of the region. Nothing
 * is kept in RAM for a single event: what else is to be known of a sector stands in its header
 * and in the next one's.
 */
export class EventTable {
  readonly #sectors: Sectors;
  /** Number of the sector, 0 for one that is not in use. */
  readonly #numbers: Uint32Array;
  readonly #classes: Uint8Array;
  /** Where the highest number was put; -1 while there was none. */
  #newest = -1;
  /** How many are in use: on a young node few, and then few have to be looked at. */
  #used = 0;

  constructor(sectors: Sectors) {
    this.#sectors = sectors;
    this.#numbers = new Uint32Array(sectors.count);
    this.#classes = new Uint8Array(sectors.count);
  }

  add(index: number, eventClass: EventClass, number: number): void {
    if (number > (this.#numbers[this.#newest] ?? 0)) this.#newest = index;
    if (!this.isUsed(index)) this.#used++;
    this.#numbers[index] = number;
    this.#classes[index] = EVENT_CLASSES.indexOf(eventClass);
  }

  remove(index: number): void {
    if (this.isUsed(index)) this.#used--;
    this.#numbers[index] = 0;
  }

  removeBelow(floors: PerClass<number>): void {
    for (const eventClass of EVENT_CLASSES)
      for (const index of this.of(eventClass))
        if (this.number(index) < floors[eventClass]) this.remove(index);
  }

  isUsed(index: number): boolean {
    return this.#numbers[index] !== 0;
  }

  number(index: number): number {
    return this.#numbers[index]!;
  }

  /** The sectors of a class, oldest first; the last one is its head. */
  of(eventClass: EventClass): number[] {
    const numbers = this.#numbers;
    const classes = this.#classes;
    const wanted = EVENT_CLASSES.indexOf(eventClass);
    const found: number[] = [];
    const { length } = numbers;
    let index = this.#newest;
    // Sectors are opened in turn: from the newest one back they are in order but for a few.
    for (let left = this.#used; left > 0; index = index === 0 ? length - 1 : index - 1) {
      const number = numbers[index]!;
      if (number === 0) continue;
      left--;
      if (classes[index] !== wanted) continue;
      let place = 0;
      while (place < found.length && numbers[found[place]!]! < number) place++;
      found.splice(place, 0, index);
    }
    return found;
  }

  /** Sectors not in use, the one behind the newest first: that spreads the wear. */
  free(): number[] {
    const free: number[] = [];
    for (let step = 1; step <= this.#numbers.length; step++) {
      const index = (this.#newest + step) % this.#numbers.length;
      if (!this.isUsed(index)) free.push(index);
    }
    return free;
  }

  /** Whether the header seems to be whole and of that log: a look, without the checksum. */
  seemsOf(index: number, logId: Uint8Array): boolean {
    const note = uncheckedSectorNote(this.#sectors.read(index, 0, HEADER_READ_BYTES));
    return endsInLogId(note, logId);
  }

  /** The note in a sector's header; `undefined` when it is damaged. */
  note(index: number): SectorNote | undefined {
    const page = this.#sectors.read(index, 0, HEADER_READ_BYTES);
    const note = decodeSectorHeader(page) === undefined ? undefined : decodeSectorNote(page);
    return note === undefined ? undefined : decodeNote(note, this.number(index));
  }

  /** The records of a sector, losses and states included, in order and each once. */
  records(index: number): EventRecord[] {
    return eventsIn(this.#sectors.scan(index, this.#sectors.pages), this.number(index));
  }

  /** Sequence number of the last event in a sector, told by the class's next one. */
  last(index: number, next: number): number {
    return this.note(next)?.previous ?? this.records(index).at(-1)?.sequence ?? 0;
  }
}

/** The event log's records among those of a sector with this number. */
export function eventsIn({ records }: SectorScan, number: number): EventRecord[] {
  const found: EventRecord[] = [];
  for (const [record] of records) {
    const event = toEventRecord(record);
    if (event === undefined || event.sector !== number) continue;
    // A record that seemed to fail was written again, under its number: once is enough.
    if (event.sequence !== found.at(-1)?.sequence) found.push(event);
  }
  return found;
}
