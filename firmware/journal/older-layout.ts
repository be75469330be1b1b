import { isLatchkeyError } from "../../protocol/errors.ts";
import type { FlashLayout } from "./flash-layout.ts";
import { Journal } from "./journal.ts";
import { Sectors } from "./sectors.ts";

/** Among the old values: all of them are here, what stands in front can be erased. */
const GATHERED = "layout.gathered";
/** Among the new ones: all are here, and nothing of what is behind them counts any more. */
const ADOPTED = "layout.adopted";

/**
 * Opens a node's values, also after firmware from before the events: its journal had their part of
 * the flash as well, so values may stand there, and the front may be full of its records.
 *
 * What is newer behind is copied to the front where a sector is free. Where none is, everything is
 * gathered behind first, then the front is erased and all of it copied there. A boot that a power
 * cut ends is repeated by the next one: what is erased has a copy that is newer, or that a mark
 * says to be whole. In the front's last sector before its first turn both parts can be full: then
 * a value that was changed in it goes back by one change, if it stands behind at all.
 * @param onSector called after each sector that was erased, some 50 ms apart
 * @throws storage-full, storage-failed
 */
export function openValues(
  flash: FlashLayout,
  onSector: () => void,
): { readonly values: Journal; readonly adopted: number } {
  const values = new Journal(flash.values);
  if (values.get(ADOPTED) !== undefined) return { values, adopted: 0 };
  const older = new Journal(flash.events);
  const isNewerBehind = (key: string) => older.sequence(key) >= values.sequence(key);
  if (older.get(GATHERED) === undefined) {
    const hasRoom = values.statistics.freeSectors > 0;
    // A journal of its own part always keeps a sector free, whatever the power did.
    if (hasRoom && !older.keys().some(isNewerBehind)) return { values, adopted: 0 };
    if (hasRoom) return { values, adopted: copy(older, values, isNewerBehind) };
    gather(values, older);
  }
  const front = new Sectors(flash.values);
  for (let sector = 0; sector < front.count; sector++) {
    front.destroy(sector);
    onSector();
  }
  const empty = new Journal(flash.values);
  return { values: empty, adopted: copy(older, empty, (key) => key !== GATHERED) };
}

/** Whatever is newer in front, or there only. */
function gather(values: Journal, older: Journal): void {
  for (const key of values.keys())
    if (values.sequence(key) > older.sequence(key)) keep(older, key, values.get(key)!);
  keep(older, GATHERED, Uint8Array.of(1));
}

/** @throws storage-failed for a value that stands nowhere else */
function keep(older: Journal, key: string, value: Uint8Array): void {
  try {
    older.set(key, value);
  } catch (error) {
    if (!isLatchkeyError(error, "storage-failed")) throw error;
    if (key !== GATHERED && older.sequence(key) === 0) throw error;
  }
}

function copy(older: Journal, values: Journal, isWanted: (key: string) => boolean): number {
  const wanted = older.keys().filter(isWanted);
  for (const key of wanted) values.set(key, older.get(key)!);
  values.set(ADOPTED, Uint8Array.of(1));
  return wanted.length;
}
