import { type ChipFile, FREE, NEVER } from "./ntag424-file.ts";
import { type ChipMemory, NTAG424_TIMES_US } from "./ntag424-memory.ts";
import { dynamicContent } from "./ntag424-sdm.ts";
import type { ChipSession } from "./ntag424-session.ts";

/** What the commands of the chip work on. */
export interface Chip {
  readonly memory: ChipMemory;
  session: ChipSession;
  /** Time of the command so far, apart from AES. */
  spentUs: number;
}

/** Whether an access condition holds now (§8.2.3.3). */
export function isGranted(chip: Chip, condition: number): boolean {
  return condition === FREE || condition === chip.session.authenticated;
}

/** Whether a file may be read without authentication: free access, or SDM (§8.2.3.4). */
export function isFreeToRead(file: ChipFile): boolean {
  const { read, readWrite } = file.access;
  return read === FREE || readWrite === FREE || (file.sdm !== undefined && file.sdm.fileRead <= 4);
}

/** Whether nobody at all may read the file. */
export function isNeverRead(file: ChipFile): boolean {
  const { read, readWrite } = file.access;
  const sdm = file.sdm === undefined || file.sdm.fileRead === NEVER;
  return read === NEVER && readWrite === NEVER && sdm;
}

/**
 * The file's content for a read with instruction `ins`, or `"limit"` when the counter is used
 * up. Under authentication that is the static content; otherwise the mirrored one, for which
 * the counter rises and the padding is drawn on the first read only (§9.3.1, §9.3.4).
 */
export function contentForRead(chip: Chip, ins: number, file: ChipFile): Uint8Array | "limit" {
  const { memory, session } = chip;
  const { sdm } = file;
  if (session.authenticated !== undefined || sdm === undefined) return file.content;
  const running = session.sdmRead;
  if (running !== undefined && running.ins === ins && running.file === file) return running.content;
  if (sdm.readCounter) {
    if (file.readCounter >= (sdm.readCounterLimit ?? 0xffffff)) return "limit";
    file.readCounter++;
    chip.spentUs += NTAG424_TIMES_US.counterWrite;
  }
  const input = {
    uid: memory.uid,
    keys: memory.keys.map((key) => key.value),
    padding: (length: number) => memory.random.bytes(length),
  };
  const content = dynamicContent(file, input, memory.aes);
  session.sdmRead = { ins, file, content };
  return content;
}

/** Writes into a file and counts the time of it. */
export function writeContent(chip: Chip, file: ChipFile, offset: number, data: Uint8Array): void {
  file.content.set(data, offset);
  chip.spentUs += data.length * NTAG424_TIMES_US.byteWritten;
}
