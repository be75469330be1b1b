import { concat } from "../encoding/bytes.ts";
import { isLatchkeyError, LatchkeyError } from "../errors.ts";
import { type CommandApdu, encodeCommand, parseResponse, type Transceive } from "./apdu.ts";
import {
  cardStatusError,
  expectStatus,
  SW_ADDITIONAL_FRAME,
  SW_FILE_NOT_FOUND,
  SW_NATIVE_OK,
  SW_OK,
  SW_WRONG_P1_P2,
} from "./status-word.ts";

/** ISO DF name of the NDEF application (NT4H2421Gx §8.2.2, T4T §5.1.2). */
const DF_NAME = Object.freeze([0xd2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x01]);

/** A file as ISO commands know it (NT4H2421Gx §8.2.3, Table 5). */
export interface CardFile {
  /** ISO file identifier, for ISOSelectFile. */
  readonly fileId: number;
  /**
   * Short ISO file identifier, for P1 of ISOReadBinary. The data sheet names the field (Table 87)
   * but lists no values; they are the five low bits of the file identifier (ISO/IEC 7816-4), as
   * the C library JanBeh/ntag424 reads its chips (`file_number+2`). {@link readNdefFile} has a way
   * out should a card differ.
   */
  readonly shortFileId: number;
  readonly size: number;
}

export const CC_FILE: CardFile = Object.freeze({ fileId: 0xe103, shortFileId: 3, size: 32 });
export const NDEF_FILE: CardFile = Object.freeze({ fileId: 0xe104, shortFileId: 4, size: 256 });

const INS_SELECT = 0xa4;
const INS_READ_BINARY = 0xb0;
/** P2 of ISOSelectFile: no FCI wanted (Table 84). */
const NO_FCI = 0x0c;

/** One read does it with a true hint, two without; a hostile card must not keep a reader busy. */
const READS_MAX = 4;

/** How ISOReadBinary finds its file: by a short identifier, or the one that is selected. */
type Addressing = "short-file-id" | "selected";

function protocolBroken(message: string): LatchkeyError {
  return new LatchkeyError("card-protocol", { message });
}

function tooShort(message: string): LatchkeyError {
  return new LatchkeyError("ndef-malformed", { message });
}

function exchange(transceive: Transceive, command: CommandApdu) {
  return transceive(encodeCommand(command)).then(parseResponse);
}

/**
 * Selects the NDEF application: ISOSelectFile by DF name. After activation the chip stands at the
 * PICC level, where no file can be read (§8.2.1), so nothing works before this.
 * @throws card-unsupported when the card has no such application; card-status; what `transceive`
 *   throws
 */
export async function selectApplication(transceive: Transceive): Promise<void> {
  const data = Uint8Array.from(DF_NAME);
  const command = { cla: 0x00, ins: INS_SELECT, p1: 0x04, p2: NO_FCI, data };
  const { sw } = await exchange(transceive, command);
  if (sw === SW_OK) return;
  const error = cardStatusError(sw, "ISOSelectFile");
  if (sw !== SW_FILE_NOT_FOUND) throw error;
  throw new LatchkeyError("card-unsupported", { cause: error, detail: error.detail });
}

/** Selects a file of the application by its identifier. @throws card-status */
export async function selectFile(transceive: Transceive, file: CardFile): Promise<void> {
  const data = Uint8Array.of(file.fileId >> 8, file.fileId & 255);
  const command = { cla: 0x00, ins: INS_SELECT, p1: 0x00, p2: NO_FCI, data };
  expectStatus(await exchange(transceive, command), SW_OK, "ISOSelectFile");
}

/**
 * ISOReadBinary (§10.9.2): up to `length` (1 to 256) bytes of a file from `offset` (0 to 255).
 * The chip sends less when the file ends there.
 * @throws card-status; card-protocol when the card sends more than was asked for
 */
export async function readBinary(
  transceive: Transceive,
  file: CardFile,
  offset: number,
  length: number,
  addressing: Addressing = "short-file-id",
): Promise<Uint8Array> {
  if (!(Number.isInteger(offset) && offset >= 0 && offset <= 255))
    throw new RangeError(`ISOReadBinary: offset ${offset}`);
  const p1 = addressing === "selected" ? 0 : 0x80 | file.shortFileId;
  const command = { cla: 0x00, ins: INS_READ_BINARY, p1, p2: offset, le: length };
  const data = expectStatus(await exchange(transceive, command), SW_OK, "ISOReadBinary");
  if (data.length > length)
    throw protocolBroken(`The card sent ${data.length} bytes when asked for ${length}.`);
  return data;
}

/** A card that knows no short identifiers, or others, answers with one of these. */
function wantsSelection(error: unknown): boolean {
  if (!isLatchkeyError(error, "card-status")) return false;
  const { sw } = error.detail;
  return sw === SW_FILE_NOT_FOUND.toString(16) || sw === SW_WRONG_P1_P2.toString(16);
}

/**
 * Reads the NDEF file up to the end of its message: NLEN and message, and the number of APDUs it
 * took. With a hint that is the file's true length or more (a reader knows it from the badge
 * before; see `badgeFileLength`) these are two, SELECT and READ, and none can be left out.
 *
 * What is missing is read by further ISOReadBinary commands and nothing between them: so the chip
 * keeps its read counter and its padding, and the parts belong to one SDM message (§9.3.1, §9.3.4).
 *
 * @throws card-unsupported, card-status, card-protocol, ndef-malformed; what `transceive` throws
 */
export async function readNdefFile(
  transceive: Transceive,
  { lengthHint = NDEF_FILE.size }: { readonly lengthHint?: number } = {},
): Promise<{ file: Uint8Array; apdus: number }> {
  let apdus = 0;
  const counted: Transceive = (apdu) => {
    apdus++;
    return transceive(apdu);
  };
  await selectApplication(counted);
  const firstLength = Math.min(Math.max(Math.trunc(lengthHint), 2), NDEF_FILE.size);
  let addressing: Addressing = "short-file-id";
  let file: Uint8Array;
  try {
    file = await readBinary(counted, NDEF_FILE, 0, firstLength);
  } catch (error) {
    if (!wantsSelection(error)) throw error;
    addressing = "selected";
    await selectFile(counted, NDEF_FILE);
    file = await readBinary(counted, NDEF_FILE, 0, firstLength, addressing);
  }
  if (file.length < 2) throw tooShort("The NDEF file has no NLEN field.");
  const length = 2 + ((file[0]! << 8) | file[1]!);
  if (length > NDEF_FILE.size) throw tooShort(`NLEN says ${length - 2}, more than the file holds.`);
  for (let reads = 1; file.length < length; reads++) {
    if (reads === READS_MAX) throw protocolBroken("The card sends its file in crumbs.");
    const left = length - file.length;
    const part = await readBinary(counted, NDEF_FILE, file.length, left, addressing);
    if (part.length === 0) throw tooShort("The NDEF file ends before its message does.");
    file = concat(file, part);
  }
  return { file: file.slice(0, length), apdus };
}

/** One half of GetVersion (Tables 54 and 56). */
export interface ChipVersion {
  readonly vendorId: number;
  readonly type: number;
  readonly subtype: number;
  readonly major: number;
  readonly minor: number;
  readonly storageSize: number;
  readonly protocol: number;
}

export interface Ntag424Version {
  readonly hardware: ChipVersion;
  readonly software: ChipVersion;
  /** 7 bytes; all zero when the chip is set to a random ID. */
  readonly uid: Uint8Array;
  /** 5 bytes: BatchNo and, in the last half byte, part of FabKey (Table 58). */
  readonly batch: Uint8Array;
  /** Calendar week of production as the chip codes it: 21h is week 21. */
  readonly week: number;
  /** Year of production, likewise: 18h is 2018. */
  readonly year: number;
}

function chipVersion(data: Uint8Array): ChipVersion {
  if (data.length !== 7) throw versionLength(data.length);
  const [vendorId, type, subtype, major, minor, storageSize, protocol] = data;
  return {
    vendorId: vendorId!,
    type: type!,
    subtype: subtype!,
    major: major!,
    minor: minor!,
    storageSize: storageSize!,
    protocol: protocol!,
  };
}

function versionLength(length: number): LatchkeyError {
  return protocolBroken(`A part of GetVersion has ${length} bytes.`);
}

/**
 * GetVersion (§10.5.2), three frames; the application must be selected. It sits between two reads
 * as any other command does, so the next read raises the counter.
 * @throws card-status, card-protocol
 */
export async function getVersion(transceive: Transceive): Promise<Ntag424Version> {
  const frame = async (ins: number, expected: number): Promise<Uint8Array> => {
    const response = await exchange(transceive, { cla: 0x90, ins, p1: 0, p2: 0, le: 256 });
    return expectStatus(response, expected, "GetVersion");
  };
  const hardware = await frame(0x60, SW_ADDITIONAL_FRAME);
  if (hardware.length !== 7) throw versionLength(hardware.length);
  const software = await frame(0xaf, SW_ADDITIONAL_FRAME);
  if (software.length !== 7) throw versionLength(software.length);
  const production = await frame(0xaf, SW_NATIVE_OK);
  return parseVersion(concat(hardware, software, production));
}

/** The three parts of GetVersion's answer, one after the other. @throws card-protocol */
export function parseVersion(data: Uint8Array): Ntag424Version {
  const production = data.subarray(14);
  // 15 bytes with FabKeyID, which only customised chips have.
  if (production.length !== 14 && production.length !== 15) throw versionLength(production.length);
  return {
    hardware: chipVersion(data.subarray(0, 7)),
    software: chipVersion(data.subarray(7, 14)),
    uid: production.slice(0, 7),
    batch: production.slice(7, 12),
    week: production[12]! & 0x7f,
    year: production[13]!,
  };
}

/** Whether GetVersion names an NTAG 424 DNA, with or without TagTamper (Tables 54 and 56). */
export function isNtag424(version: Ntag424Version): boolean {
  const { hardware, software } = version;
  const ntag = hardware.vendorId === 0x04 && hardware.type === 0x04 && software.type === 0x04;
  return ntag && hardware.major === 0x30 && hardware.protocol === 0x05;
}
