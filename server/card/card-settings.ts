import type { BadgeFile } from "../../protocol/badge/link.ts";
import { equalBytes } from "../../protocol/encoding/bytes.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { changeFileSettings, getFileSettings } from "../../protocol/ntag424/card-facts.ts";
import {
  type AccessRights,
  encodeFileSettings,
  type FileSettings,
  type FileStatus,
} from "../../protocol/ntag424/file-settings.ts";
import type { Session } from "../../protocol/ntag424/session.ts";
import { SDM_FILE_READ_KEY_NO, SDM_META_READ_KEY_NO } from "../chip-keys.ts";
import type { CardLock } from "../store/card-rows.ts";

export const CC_FILE_NO = 1;
export const NDEF_FILE_NO = 2;

/** As the chip left the factory (NT4H2421Gx Table 5). */
export const FACTORY_CC: FileSettings = Object.freeze({
  commMode: "plain",
  access: Object.freeze({ read: "free", write: 0, readWrite: 0, change: 0 }),
});
export const FACTORY_NDEF: FileSettings = Object.freeze({
  commMode: "plain",
  access: Object.freeze({ read: "free", write: "free", readWrite: "free", change: 0 }),
});

function accessOf(lock: CardLock): AccessRights {
  const write = lock === "open" ? 0 : "never";
  return { read: "free", write, readWrite: write, change: lock === "for-good" ? "never" : 0 };
}

/** Settings of the NDEF file of a badge: docs/badge.md, with the lock on top. */
export function badgeSettings(
  places: Pick<BadgeFile, "piccOffset" | "macInputOffset" | "macOffset">,
  lock: CardLock,
): FileSettings {
  const { piccOffset: offset, macInputOffset, macOffset } = places;
  const keyNo = SDM_META_READ_KEY_NO;
  return {
    commMode: "plain",
    access: accessOf(lock),
    sdm: {
      picc: { kind: "encrypted", keyNo, offset, uid: true, counter: true },
      fileRead: { keyNo: SDM_FILE_READ_KEY_NO, macInputOffset, macOffset },
      counterRead: "never",
    },
  };
}

/** The settings that a file has, with other rights: SDM stays where its host's name put it. */
export async function applyLock(session: Session, fileNo: number, lock: CardLock): Promise<void> {
  const { commMode, sdm } = await getFileSettings(session, fileNo);
  const wanted = { commMode, access: accessOf(lock), ...(sdm !== undefined && { sdm }) };
  await applySettings(session, fileNo, wanted);
}

/** Settings of the capability container. */
export function ccSettings(lock: CardLock): FileSettings {
  return { commMode: "plain", access: accessOf(lock) };
}

export function sameSettings(a: FileSettings, b: FileSettings): boolean {
  return equalBytes(encodeFileSettings(a), encodeFileSettings(b));
}

/** @throws card-locked when key 0 may not change the settings, now or ever */
export function requireChangeable(status: FileStatus, fileNo: number): void {
  const { change } = status.access;
  if (change === 0 || change === "free") return;
  throw new LatchkeyError("card-locked", {
    message: `The settings of file ${fileNo} are closed to key 0.`,
    detail: { fileNo },
  });
}

/**
 * Gives a file its settings, unless it has them: with SDM each change sets the read counter back.
 * True when it changed anything. @throws card-locked
 */
export async function applySettings(
  session: Session,
  fileNo: number,
  wanted: FileSettings,
): Promise<boolean> {
  const status = await getFileSettings(session, fileNo);
  if (sameSettings(status, wanted)) return false;
  requireChangeable(status, fileNo);
  const free = status.access.change === "free";
  await changeFileSettings(session, fileNo, wanted, { free });
  return true;
}
