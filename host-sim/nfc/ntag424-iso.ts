import { equalBytes } from "../../protocol/encoding/bytes.ts";
import { fromHex } from "../../protocol/encoding/hex.ts";
import type { DecodedApdu } from "./ntag424-apdu.ts";
import { type Chip, contentForRead, isFreeToRead, writeContent } from "./ntag424-chip.ts";
import { type ChipFile, FREE } from "./ntag424-file.ts";
import { NTAG424_TIMES_US } from "./ntag424-memory.ts";
import { freshSession } from "./ntag424-session.ts";
import { type ChipAnswer, ISO } from "./ntag424-status.ts";

const PICC_NAME = "d2760000850100";
const APPLICATION_NAME = "d2760000850101";
const PICC_ID = 0x3f00;
const APPLICATION_ID = 0xe110;

/** The inter-industry commands, by instruction. */
export function isoCommand(chip: Chip, apdu: DecodedApdu): ChipAnswer {
  switch (apdu.ins) {
    case 0xa4:
      return { sw: selectFile(chip, apdu) };
    case 0xb0:
      return readBinary(chip, apdu);
    case 0xd6:
      return { sw: updateBinary(chip, apdu) };
    default:
      return { sw: ISO.INS_UNKNOWN };
  }
}

/** Selecting MF or DF ends the authentication; a selection that fails changes nothing. */
function enter(chip: Chip, level: "picc" | "application"): number {
  chip.session = { ...freshSession(), level };
  return ISO.OK;
}

/**
 * Selecting an EF of the application leaves the authentication alone and is not counted: AN12196
 * selects E105 between authenticating (Table 20) and the write that belongs to it (Table 22).
 */
function selectEf(chip: Chip, file: ChipFile): number {
  const { authentication } = chip.session;
  chip.session = { ...freshSession(), level: "application", selected: file, authentication };
  return ISO.OK;
}

function selectFile(chip: Chip, apdu: DecodedApdu): number {
  const { p1, p2, data } = apdu;
  if (p1 > 0x04 || (p2 !== 0x00 && p2 !== 0x0c)) return ISO.WRONG_P1_P2;
  if (data.length > 16) return ISO.WRONG_LENGTH;
  if (p1 === 0x04) {
    if (data.length === 0) return ISO.LC_INCONSISTENT;
    if (equalBytes(data, fromHex(APPLICATION_NAME))) return enter(chip, "application");
    if (equalBytes(data, fromHex(PICC_NAME))) return enter(chip, "picc");
    return ISO.FILE_NOT_FOUND;
  }
  if (p1 === 0x03) return data.length === 0 ? enter(chip, "picc") : ISO.LC_INCONSISTENT;
  if (data.length === 0) return p1 === 0x00 ? enter(chip, "picc") : ISO.LC_INCONSISTENT;
  if (data.length !== 2) return ISO.LC_INCONSISTENT;
  const id = (data[0]! << 8) | data[1]!;
  if (p1 === 0x00 && id === PICC_ID) return enter(chip, "picc");
  if (p1 !== 0x02 && id === APPLICATION_ID) return enter(chip, "application");
  if (p1 === 0x01 || chip.session.level === "picc") return ISO.FILE_NOT_FOUND;
  const file = chip.memory.files.find((other) => other.isoId === id);
  return file ? selectEf(chip, file) : ISO.FILE_NOT_FOUND;
}

function fileOfShortId(chip: Chip, id: number): ChipFile | undefined {
  const { files, shortIds } = chip.memory;
  if (shortIds === "none") return undefined;
  return files.find((f) => (shortIds === "file-id" ? f.isoId & 0x1f : f.number) === id);
}

/** The file and offset of P1 and P2 (Table 87), or a status word. */
export function isoTarget(
  chip: Chip,
  p1: number,
  p2: number,
): { file: ChipFile; offset: number } | number {
  let file = chip.session.selected;
  let offset = (p1 << 8) | p2;
  if (p1 & 0x80) {
    const id = p1 & 0x1f;
    if ((p1 & 0x60) !== 0 || id === 0x1f) return ISO.WRONG_P1_P2;
    offset = p2;
    if (id !== 0) {
      if (chip.session.level === "picc") return ISO.FILE_NOT_FOUND;
      file = fileOfShortId(chip, id);
      if (file === undefined) return ISO.FILE_NOT_FOUND;
      chip.session.selected = file;
    }
  }
  return file ? { file, offset } : ISO.CONDITIONS_OF_USE;
}

function readBinary(chip: Chip, apdu: DecodedApdu): ChipAnswer {
  if (apdu.data.length > 0 || apdu.le === undefined) return { sw: ISO.WRONG_LENGTH };
  const found = isoTarget(chip, apdu.p1, apdu.p2);
  if (typeof found === "number") return { sw: found };
  const { file, offset } = found;
  if (chip.session.authentication !== undefined) return { sw: ISO.SECURITY_STATUS };
  if (!isFreeToRead(file)) return { sw: ISO.SECURITY_STATUS };
  if (offset >= file.content.length) return { sw: ISO.WRONG_P1_P2 };
  const content = contentForRead(chip, 0xb0, file);
  if (typeof content === "string") return { sw: ISO.SECURITY_STATUS };
  // Le 00 asks for the rest of the file, and so does any Le beyond its end.
  const data = content.slice(offset, offset + (apdu.le === 0 ? 256 : apdu.le));
  chip.spentUs += data.length * NTAG424_TIMES_US.byteRead;
  return { sw: ISO.OK, data };
}

function updateBinary(chip: Chip, apdu: DecodedApdu): number {
  if (apdu.data.length === 0 || apdu.le !== undefined) return ISO.WRONG_LENGTH;
  const found = isoTarget(chip, apdu.p1, apdu.p2);
  if (typeof found === "number") return found;
  const { file, offset } = found;
  const free = file.access.write === FREE || file.access.readWrite === FREE;
  if (chip.session.authentication !== undefined || !free) return ISO.SECURITY_STATUS;
  if (offset + apdu.data.length > file.content.length) return ISO.CONDITIONS_OF_USE;
  writeContent(chip, file, offset, apdu.data);
  return ISO.OK;
}
