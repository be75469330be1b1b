import {
  type Chip,
  contentForRead,
  fileOf,
  grantedMode,
  isFreeToRead,
  writeContent,
} from "./ntag424-chip.ts";
import { type ChipFile, type CommMode, NEVER } from "./ntag424-file.ts";
import { NTAG424_TIMES_US } from "./ntag424-memory.ts";
import type { NativeCommand } from "./ntag424-native.ts";
import { answerRoom } from "./ntag424-secure-messaging.ts";
import { type ChipAnswer, NATIVE } from "./ntag424-status.ts";

/** FileNo, offset and length, the numbers LSB first. */
const RANGE_HEADER = 7;

const three = (data: Uint8Array, at: number): number =>
  data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16);

function readMode(chip: Chip, header: Uint8Array): CommMode | number {
  const file = fileOf(chip, header[0]!);
  if (typeof file === "number") return file;
  if (chip.session.authentication === undefined && isFreeToRead(file)) return "plain";
  const { read, readWrite } = file.access;
  const mode = grantedMode(chip, [read, readWrite], file.commMode);
  // SDMFileRead grants nothing in a session, but it is a condition that is not "never".
  const sdmReads = file.sdm !== undefined && file.sdm.fileRead !== NEVER;
  return mode === NATIVE.PERMISSION_DENIED && sdmReads ? NATIVE.AUTHENTICATION_ERROR : mode;
}

/** ReadData (§10.8.1). An answer that would not fit with its protection is refused. */
export const readData: NativeCommand = Object.freeze({
  headerLength: RANGE_HEADER,
  mode: readMode,
  run: (chip: Chip, header: Uint8Array, data: Uint8Array, mode: CommMode): ChipAnswer => {
    if (data.length > 0) return { sw: NATIVE.LENGTH_ERROR };
    const file = fileOf(chip, header[0]!) as ChipFile;
    const offset = three(header, 1);
    const size = file.content.length;
    // Table 80 has no BOUNDARY_ERROR.
    if (offset >= size) return { sw: NATIVE.PARAMETER_ERROR };
    const length = three(header, 4) || size - offset;
    if (offset + length > size) return { sw: NATIVE.PARAMETER_ERROR };
    if (length > answerRoom(mode)) return { sw: NATIVE.LENGTH_ERROR };
    const content = contentForRead(chip, 0xad, file);
    if (content === "limit") return { sw: NATIVE.PERMISSION_DENIED };
    if (content === "overflow") return { sw: NATIVE.INTEGRITY_ERROR };
    chip.spentUs += length * NTAG424_TIMES_US.byteRead;
    return { sw: NATIVE.OPERATION_OK, data: content.slice(offset, offset + length) };
  },
});

function writeMode(chip: Chip, header: Uint8Array): CommMode | number {
  const file = fileOf(chip, header[0]!);
  if (typeof file === "number") return file;
  const { write, readWrite } = file.access;
  const mode = grantedMode(chip, [write, readWrite], file.commMode);
  const refused = chip.memory.configuration.chainedWritesOff && chip.chainedBytes > 0;
  return refused && (mode === "mac" || mode === "full") ? NATIVE.PERMISSION_DENIED : mode;
}

/** WriteData (§10.8.2). */
export const writeData: NativeCommand = Object.freeze({
  headerLength: RANGE_HEADER,
  mode: writeMode,
  run: (chip: Chip, header: Uint8Array, data: Uint8Array): ChipAnswer => {
    const file = fileOf(chip, header[0]!) as ChipFile;
    const { offset, length } = rangeOf(header);
    if (length !== data.length) return { sw: NATIVE.LENGTH_ERROR };
    if (length === 0) return { sw: NATIVE.PARAMETER_ERROR };
    if (offset + length > file.content.length) return { sw: NATIVE.BOUNDARY_ERROR };
    writeContent(chip, file, offset, data);
    return { sw: NATIVE.OPERATION_OK };
  },
});

/** Offset and length of a read or write. */
export function rangeOf(header: Uint8Array): { readonly offset: number; readonly length: number } {
  return { offset: three(header, 1), length: three(header, 4) };
}

/** GetFileCounters (§10.7.3): the counter LSB first, and two bytes RFU. */
export const fileCounters: NativeCommand = Object.freeze({
  headerLength: 1,
  mode: (chip: Chip, header: Uint8Array) => {
    const file = fileOf(chip, header[0]!);
    if (typeof file === "number") return file;
    if (file.sdm === undefined) return NATIVE.PERMISSION_DENIED;
    const mode = grantedMode(chip, [file.sdm.counterRead], "full");
    // Table 22 names the mode for the command, so merely free access does not make it plain.
    return mode === "plain" ? "full" : mode;
  },
  run: (chip: Chip, header: Uint8Array, data: Uint8Array): ChipAnswer => {
    if (data.length > 0) return { sw: NATIVE.LENGTH_ERROR };
    const { readCounter } = fileOf(chip, header[0]!) as ChipFile;
    const bytes = [readCounter & 0xff, (readCounter >> 8) & 0xff, readCounter >> 16, 0, 0];
    return { sw: NATIVE.OPERATION_OK, data: Uint8Array.from(bytes) };
  },
});
