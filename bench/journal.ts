import { bytesOf, open } from "../test/firmware/event-log-kit.ts";
import { countReads, type Habits, REGION_BYTES, wearOf } from "../test/firmware/event-wear.ts";
import { StrictFlash } from "../test/firmware/strict-flash.ts";
import { measureUs } from "./measure.ts";

const DAYS = 14;

const LIVES: Readonly<Record<string, Habits>> = Object.freeze({
  "upload every 5 min": { uploadEvery: 5, tapEvery: 30, cutEvery: 0 },
  "no network": { uploadEvery: 0, tapEvery: 30, cutEvery: 0 },
  "power cut every 10 min": { uploadEvery: 30, tapEvery: 30, cutEvery: 10 },
});

/** What a reading a minute does to the flash, and what finding the log again costs. */
export function benchJournal(): void {
  console.log(
    `\nEvent log of ${REGION_BYTES / 1024} kB, one reading of 80 B a minute, ${DAYS} days`,
  );
  for (const [name, habits] of Object.entries(LIVES)) {
    const wear = wearOf(DAYS * 24 * 60, habits);
    const most = Math.max(...wear.erasures);
    const mean = wear.erasures.reduce((sum, count) => sum + count, 0) / wear.erasures.length;
    const programmed = (wear.programmedBytes / wear.contentBytes).toFixed(2);
    const erased = (wear.erasedBytes / wear.contentBytes).toFixed(2);
    console.log(
      `${name.padEnd(24)}programmed ${programmed} ×, erased ${erased} × the content; ` +
        `erasures of a sector: most ${most}, mean ${mean.toFixed(1)}; ` +
        `100,000 last ${wear.years.toFixed(0)} years`,
    );
  }
  const full = new StrictFlash(REGION_BYTES / 4096);
  const log = open(full);
  for (let n = 0; n < 1000; n++) log.append(n % 20 === 0 ? "access" : "telemetry", bytesOf(80, n));
  const { flash, counts } = countReads(full);
  open(flash);
  const { reads, bytes } = counts;
  const us = measureUs(() => open(full)).toFixed(0);
  console.log(`${"mount, full".padEnd(24)}${reads} reads, ${bytes} bytes, ${us} µs`);
}
