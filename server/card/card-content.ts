import { NDEF_FILE_SIZE } from "../../protocol/badge/link.ts";
import { equalBytes } from "../../protocol/encoding/bytes.ts";
import { changeFileSettings, getFileSettings } from "../../protocol/ntag424/card-facts.ts";
import {
  readData,
  singleFrameWrite,
  transferMode,
  writeData,
} from "../../protocol/ntag424/file-data.ts";
import type { Session } from "../../protocol/ntag424/session.ts";
import { CC_FILE_NO, FACTORY_NDEF, NDEF_FILE_NO, requireChangeable } from "./card-settings.ts";

/** Below what a reader chip takes in one frame. */
const READ_CHUNK = 128;
/** Byte of the capability container: who may write the NDEF file (Type 4 Tag §5.1.2). */
const CC_WRITE_ACCESS_AT = 14;
const CC_FREE = 0x00;
const CC_PROPRIETARY = 0x80;

/** Content as it is stored, without what SDM writes over it. */
export async function readContent(session: Session): Promise<Uint8Array> {
  const place = { fileNo: NDEF_FILE_NO, mode: "plain" } as const;
  return await readData(session, place, NDEF_FILE_SIZE, READ_CHUNK);
}

/**
 * Makes sure that a session under key 0 can write the file in plain: whoever had the chip before,
 * under the factory's keys, may have set it otherwise. @throws card-locked
 */
export async function makeWritable(session: Session): Promise<void> {
  const status = await getFileSettings(session, NDEF_FILE_NO);
  const keyNo = session.keyNo;
  const plain = (right: "read" | "write") => transferMode(status, right, keyNo) === "plain";
  if (plain("read") && plain("write")) return;
  requireChangeable(status, NDEF_FILE_NO);
  const free = status.access.change === "free";
  await changeFileSettings(session, NDEF_FILE_NO, FACTORY_NDEF, { free });
}

/**
 * Writes the whole file in pieces that are each written or not. The first has the length of the
 * message: it goes last when there is a message, so that the file is blank until it is whole, and
 * first when the file is erased.
 */
export async function writeContent(session: Session, content: Uint8Array): Promise<void> {
  const chunk = singleFrameWrite("plain");
  const offsets: number[] = [];
  for (let at = 0; at < content.length; at += chunk) offsets.push(at);
  const erasing = content[0] === 0 && content[1] === 0;
  for (const offset of erasing ? offsets : offsets.reverse()) {
    const piece = content.subarray(offset, offset + chunk);
    await writeData(session, { fileNo: NDEF_FILE_NO, offset, mode: "plain" }, piece);
  }
}

/** True when it had to. @throws as {@link writeContent} */
export async function eraseContent(session: Session): Promise<void> {
  const blank = new Uint8Array(NDEF_FILE_SIZE);
  if (!equalBytes(await readContent(session), blank)) await writeContent(session, blank);
}

/** Says to phones whether the file is free to write. */
export async function writeCapability(session: Session, free: boolean): Promise<void> {
  const place = { fileNo: CC_FILE_NO, offset: CC_WRITE_ACCESS_AT, mode: "plain" } as const;
  const wanted = Uint8Array.of(free ? CC_FREE : CC_PROPRIETARY);
  if (!equalBytes(await readData(session, place, 1), wanted))
    await writeData(session, place, wanted);
}
