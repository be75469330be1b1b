import { SEALED_FILE_SETTINGS } from "../../protocol/badge/sealed-read.ts";
import { SEALED_FILE_NO } from "../../protocol/badge/sealed-tap.ts";
import { getFileSettings } from "../../protocol/ntag424/card-facts.ts";
import { writeData } from "../../protocol/ntag424/file-data.ts";
import type { FileSettings } from "../../protocol/ntag424/file-settings.ts";
import type { Session } from "../../protocol/ntag424/session.ts";
import type { CardLock } from "../store/card-rows.ts";
import { applySettings, sameSettings } from "./card-settings.ts";

/** NT4H2421Gx Table 5. */
export const SEALED_FILE_SIZE = 128;

/** As the chip left the factory: for its keys 2 and 3, and for nothing else (Table 5). */
const FACTORY_SEALED_FILE: FileSettings = Object.freeze({
  commMode: "full",
  access: Object.freeze({ read: 2, write: 3, readWrite: 3, change: 0 }),
});

/** As a sealed badge has it; key 3 reads the file under every lock. */
export function sealedFileSettings(lock: CardLock): FileSettings {
  const { commMode, access } = SEALED_FILE_SETTINGS;
  if (lock === "open") return SEALED_FILE_SETTINGS;
  const change = lock === "for-good" ? "never" : access.change;
  return { commMode, access: { ...access, write: "never", change } };
}

/** Writes the whole file: key 0 may, and nobody but key 3 can read it. @throws card-status, … */
export async function writeSealedFile(session: Session, content: Uint8Array): Promise<void> {
  await writeData(session, { fileNo: SEALED_FILE_NO, mode: "full" }, content);
}

/**
 * Gives the file back as the factory made it, if it is not so: what a sealed badge keeps there is
 * only ever there under other settings. @throws card-locked
 */
export async function clearSealedFile(session: Session): Promise<void> {
  if (sameSettings(await getFileSettings(session, SEALED_FILE_NO), FACTORY_SEALED_FILE)) return;
  await applySettings(session, SEALED_FILE_NO, sealedFileSettings("open"));
  await writeSealedFile(session, new Uint8Array(SEALED_FILE_SIZE));
  await applySettings(session, SEALED_FILE_NO, FACTORY_SEALED_FILE);
}
