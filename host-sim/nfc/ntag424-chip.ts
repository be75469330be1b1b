import { type ChipFile, type CommMode, FREE, NEVER } from "./ntag424-file.ts";
import { type ChipMemory, NTAG424_TIMES_US } from "./ntag424-memory.ts";
import { dynamicContent } from "./ntag424-sdm.ts";
import type { ChipSession } from "./ntag424-session.ts";
import { NATIVE } from "./ntag424-status.ts";

/** What the commands of the chip work on. */
export interface Chip {
  readonly memory: ChipMemory;
  session: ChipSession;
  /** Time of the command so far, apart from AES. */
  spentUs: number;
  /** Bytes of the command that came in frames before its last one; 0 when it is not chained. */
  chainedBytes: number;
}

/**
 * The communication mode that a file's access conditions grant now, or the status word of the
 * refusal (§8.2.3.3): the file's own under the right key, plain where access is merely free.
 */
export function grantedMode(
  chip: Chip,
  conditions: readonly number[],
  own: CommMode,
): CommMode | number {
  const key = chip.session.authentication?.keyNumber;
  if (key !== undefined && conditions.includes(key)) return own;
  if (conditions.includes(FREE)) return "plain";
  const never = conditions.every((condition) => condition === NEVER);
  return never ? NATIVE.PERMISSION_DENIED : NATIVE.AUTHENTICATION_ERROR;
}

/** Whether a file may be read without authentication: free access, or SDM (§8.2.3.4). */
export function isFreeToRead(file: ChipFile): boolean {
  const { read, readWrite } = file.access;
  return read === FREE || readWrite === FREE || (file.sdm !== undefined && file.sdm.fileRead <= 4);
}

/** The file of a FileNo byte, or the status word that says why there is none. */
export function fileOf(chip: Chip, number: number): ChipFile | number {
  if (chip.session.level === "picc") return NATIVE.PERMISSION_DENIED;
  if (number > 0x1f) return NATIVE.PARAMETER_ERROR; // bits 7 to 5 are RFU
  return chip.memory.files.find((file) => file.number === number) ?? NATIVE.FILE_NOT_FOUND;
}

/**
 * The file's content for a read with instruction `ins`, or why its counter does not allow it.
 * Under authentication that is the static content; otherwise the mirrored one, for which the
 * counter rises and the padding is drawn on the first read only (§9.3.1, §9.3.4).
 */
export function contentForRead(
  chip: Chip,
  ins: number,
  file: ChipFile,
): Uint8Array | "limit" | "overflow" {
  const { memory, session } = chip;
  const { sdm } = file;
  if (session.authentication !== undefined || sdm === undefined) return file.content;
  const running = session.sdmRead;
  if (running !== undefined && running.ins === ins && running.file === file) return running.content;
  if (sdm.readCounter) {
    if (file.readCounter >= (sdm.readCounterLimit ?? 0x1000000)) return "limit";
    if (file.readCounter === 0xffffff) return "overflow";
    file.readCounter++;
    chip.spentUs += NTAG424_TIMES_US.counterWrite;
  }
  const input = {
    uid: memory.uid,
    keys: memory.keys.map((key) => key.value),
    padding: (length: number) => memory.random.bytes(length),
    lrp: memory.configuration.lrp,
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
