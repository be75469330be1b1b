import { EVENT_CLASSES, type EventClass, type PerClass } from "./event-state.ts";

/**
 * Which sectors of the region hold events, in 11 bytes for each sector of the region. Nothing is
 * kept in RAM for a single event.
 */
export class EventTable {
  /** Number of the sector, 0 for one that is not in use. */
  readonly #numbers: Uint32Array;
  readonly #lasts: Uint32Array;
  readonly #counts: Uint16Array;
  readonly #classes: Uint8Array;

  constructor(sectors: number) {
    this.#numbers = new Uint32Array(sectors);
    this.#lasts = new Uint32Array(sectors);
    this.#counts = new Uint16Array(sectors);
    this.#classes = new Uint8Array(sectors);
  }

  add(index: number, eventClass: EventClass, number: number): void {
    this.#numbers[index] = number;
    this.#lasts[index] = 0;
    this.#counts[index] = 0;
    this.#classes[index] = EVENT_CLASSES.indexOf(eventClass);
  }

  remove(index: number): void {
    this.#numbers[index] = 0;
  }

  removeBelow(floors: PerClass<number>): void {
    for (const eventClass of EVENT_CLASSES)
      for (const index of this.of(eventClass))
        if (this.number(index) < floors[eventClass]) this.remove(index);
  }

  /** A sector in use holds so many events, up to this sequence number. */
  fill(index: number, count: number, last: number): void {
    this.#counts[index] = count;
    this.#lasts[index] = last;
  }

  isUsed(index: number): boolean {
    return this.#numbers[index] !== 0;
  }

  number(index: number): number {
    return this.#numbers[index]!;
  }

  count(index: number): number {
    return this.#counts[index]!;
  }

  /** Sequence number of the sector's last event. */
  last(index: number): number {
    return this.#lasts[index]!;
  }

  /** The sectors of a class, oldest first; the last one is its head. */
  of(eventClass: EventClass): number[] {
    const found: number[] = [];
    const wanted = EVENT_CLASSES.indexOf(eventClass);
    for (let index = 0; index < this.#numbers.length; index++)
      if (this.isUsed(index) && this.#classes[index] === wanted) found.push(index);
    return found.sort((a, b) => this.number(a) - this.number(b));
  }

  /** The sector that was opened last, or -1. */
  get newest(): number {
    let newest = -1;
    for (let index = 0; index < this.#numbers.length; index++)
      if (this.isUsed(index) && (newest < 0 || this.number(index) > this.number(newest)))
        newest = index;
    return newest;
  }

  /** Sectors not in use, the one behind the newest first: that spreads the wear. */
  free(): number[] {
    const free: number[] = [];
    const { newest } = this;
    const sectors = this.#numbers.length;
    for (let step = 1; step <= sectors; step++) {
      const index = (newest + step) % sectors;
      if (!this.isUsed(index)) free.push(index);
    }
    return free;
  }
}
