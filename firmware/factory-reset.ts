import type { Log } from "../protocol/platform.ts";
import type { FlashLayout } from "./journal/flash-layout.ts";
import { Journal } from "./journal/journal.ts";
import { openValues } from "./journal/older-layout.ts";
import { Sectors } from "./journal/sectors.ts";
import type { Platform } from "./platform.ts";

/** Says that everything is to go. */
const MARK = "factory.reset";

/** Asks for a factory reset: the next boot does it. @throws storage-full, storage-failed */
export function requestFactoryReset(journal: Journal): void {
  journal.set(MARK, Uint8Array.of(0));
}

/**
 * Opens a node's values, those of a node from before the events too, after finishing a factory
 * reset that was asked for, or that a power cut interrupted: readings first, then the stored
 * configuration, then keys and values. It takes some 50 ms a sector, three seconds in all, before
 * anything else of the node runs; the door is shut meanwhile.
 * @throws storage-full, storage-failed
 */
export function openNodeJournal(
  { system, provisioning }: Pick<Platform, "system" | "provisioning">,
  flash: FlashLayout,
  log: Log,
): Journal {
  const feed = (): void => system.feedWatchdog();
  const { values: journal, adopted } = openValues(flash, feed);
  if (adopted > 0) log.write("warn", "older-values-adopted", { count: adopted });
  if (journal.get(MARK) === undefined) return journal;
  log.write("warn", "factory-reset", { stage: "begins" });
  let resisted = 0;
  const events = new Sectors(flash.events);
  for (let sector = 0; sector < events.count; sector++) {
    if (!events.destroy(sector)) resisted++;
    feed();
  }
  provisioning?.store.clear();
  resisted += journal.destroy(MARK, feed);
  log.write(resisted === 0 ? "warn" : "error", "factory-reset", { stage: "done", resisted });
  // With its configuration gone, a board begins from its beginning.
  if (provisioning !== undefined) system.restart();
  return new Journal(flash.values);
}
