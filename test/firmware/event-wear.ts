import { EventLog } from "../../firmware/journal/event-log.ts";
import type { Flash } from "../../firmware/platform.ts";
import { FlashModel } from "../../host-sim/flash/flash-model.ts";
import { Prng } from "../../host-sim/world/prng.ts";
import { ALL } from "./event-log-kit.ts";

export const REGION_BYTES = 256 * 1024;
const READING_BYTES = 80;
const MINUTES_PER_YEAR = 365.25 * 24 * 60;
/** Cycles that the flash beside the RP2350 is good for (W25Q-type, data sheet minimum). */
const ENDURANCE = 100_000;

/** How a node lives: one reading a minute, and now and then the other things. */
export interface Habits {
  /** Minutes between two uploads; 0 when the network is away for good. */
  readonly uploadEvery: number;
  /** Minutes between two access events; 0 for none. */
  readonly tapEvery: number;
  /** Minutes between two power cuts; 0 for none. */
  readonly cutEvery: number;
}

export interface Wear {
  readonly contentBytes: number;
  readonly programmedBytes: number;
  readonly erasedBytes: number;
  readonly erasures: readonly number[];
  /** Years until the sector that wears most has had all of its cycles. */
  readonly years: number;
}

/** Lives so many minutes and counts what that does to the flash. */
export function wearOf(minutes: number, habits: Habits): Wear {
  const flash = new FlashModel({ rng: new Prng("wear", "flash"), sizeBytes: REGION_BYTES });
  const random = new Prng("wear", "log");
  let log = new EventLog(flash, { random });
  let contentBytes = 0;
  const due = (every: number, minute: number) => every > 0 && minute % every === 0;
  for (let minute = 1; minute <= minutes; minute++) {
    const data = new Uint8Array(READING_BYTES).fill(minute & 0xff);
    log.append("telemetry", data);
    contentBytes += READING_BYTES;
    if (due(habits.tapEvery, minute)) {
      log.append("access", data);
      contentBytes += READING_BYTES;
    }
    log.prepare();
    if (due(habits.uploadEvery, minute))
      for (const { eventClass, sequence } of log.pending(ALL))
        log.markUploaded(eventClass, sequence);
    if (due(habits.cutEvery, minute)) log = new EventLog(flash, { random });
  }
  const most = Math.max(...flash.eraseCounts);
  return {
    contentBytes,
    programmedBytes: flash.stats.programs * flash.pageBytes,
    erasedBytes: flash.stats.erases * flash.sectorBytes,
    erasures: flash.eraseCounts,
    years: (ENDURANCE * minutes) / most / MINUTES_PER_YEAR,
  };
}

/** The same flash, and what is read of it. */
export function countReads(flash: Flash): {
  flash: Flash;
  counts: { reads: number; bytes: number };
} {
  const counts = { reads: 0, bytes: 0 };
  const { sizeBytes, sectorBytes, pageBytes } = flash;
  const counted: Flash = {
    sizeBytes,
    sectorBytes,
    pageBytes,
    erase: (offset) => flash.erase(offset),
    program: (offset, data) => flash.program(offset, data),
    read: (offset, length) => {
      counts.reads++;
      counts.bytes += length;
      return flash.read(offset, length);
    },
  };
  return { flash: counted, counts };
}
