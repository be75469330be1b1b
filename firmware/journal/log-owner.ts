import type { JournalRecord } from "./page.ts";

/** Where a record stands: sector index, first page in it, number of pages. */
export interface LogPosition {
  readonly sector: number;
  readonly page: number;
  readonly pages: number;
}

/** Who gives the records a meaning: says which still count, and follows them when they move. */
export interface LogOwner {
  /** Called at mount for every whole record; `sequence` tells which of two is the newer. */
  found(record: JournalRecord, at: LogPosition): void;
  isLive(record: JournalRecord, at: LogPosition): boolean;
  moved(record: JournalRecord, from: LogPosition, to: LogPosition): void;
  /** Pages of all live records together. */
  livePages(): number;
}

export interface LogStatistics {
  readonly sectors: number;
  readonly freeSectors: number;
  /** Sectors that failed an erase or a program since boot. */
  readonly badSectors: number;
  /** Pages that held something unreadable at mount: torn by a power cut, or damaged since. */
  readonly damagedPages: number;
  readonly compactions: number;
}
