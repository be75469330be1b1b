import { concat } from "../../protocol/encoding/bytes.ts";
import type { DecodedApdu } from "./ntag424-apdu.ts";
import {
  type Chip,
  contentForRead,
  isFreeToRead,
  isGranted,
  isNeverRead,
  writeContent,
} from "./ntag424-chip.ts";
import { type ChipFile, encodeFileSettings, FREE, NEVER } from "./ntag424-file.ts";
import { NTAG424_TIMES_US } from "./ntag424-memory.ts";
import { type ChipAnswer, NATIVE } from "./ntag424-status.ts";

/** One native command: what it does with its header and data fields. */
type NativeCommand = (chip: Chip, data: Uint8Array) => ChipAnswer;

const GET_VERSION = 0x60;
const ADDITIONAL_FRAME = 0xaf;

/**
 * The native commands that this model knows. Those that need an authentication and are not in
 * the table (ChangeKey and its kind) are answered with ILLEGAL_COMMAND_CODE, as are the
 * authentications themselves: a driver that relies on them finds out at once.
 */
const COMMANDS: Readonly<Record<number, NativeCommand>> = Object.freeze({
  [GET_VERSION]: (chip: Chip, data: Uint8Array) =>
    data.length === 0 ? versionFrame(chip, 1) : { sw: NATIVE.LENGTH_ERROR },
  245: getFileSettings,
  246: getFileCounters,
  100: getKeyVersion,
  81: getCardUid,
  173: readData,
  141: writeData,
  60: readSignature,
});

/** Runs a wrapped native command (§8.3, §8.4). */
export function nativeCommand(chip: Chip, apdu: DecodedApdu): ChipAnswer {
  const { session } = chip;
  if (apdu.p1 !== 0 || apdu.p2 !== 0) return { sw: NATIVE.PARAMETER_ERROR };
  if (apdu.le !== 0) return { sw: NATIVE.LENGTH_ERROR };
  if (apdu.ins === ADDITIONAL_FRAME) {
    const { pending } = session;
    session.pending = undefined;
    if (pending === undefined) return { sw: NATIVE.ILLEGAL_COMMAND_CODE };
    return apdu.data.length === 0
      ? versionFrame(chip, pending.frame + 1)
      : { sw: NATIVE.LENGTH_ERROR };
  }
  const command = COMMANDS[apdu.ins];
  return command ? command(chip, apdu.data) : { sw: NATIVE.ILLEGAL_COMMAND_CODE };
}

/** GetVersion in three frames: hardware, software, production (§10.5.2). */
function versionFrame(chip: Chip, frame: number): ChipAnswer {
  const { memory, session } = chip;
  if (frame < 3) {
    session.pending = { ins: GET_VERSION, frame };
    const data =
      frame === 1 ? [0x04, 0x04, 0x08, 0x30, 0x00, 0x11, 0x05] : [4, 4, 0x02, 0x01, 0x02, 0x11, 5];
    return { sw: NATIVE.ADDITIONAL_FRAME, data: Uint8Array.from(data) };
  }
  const uid = memory.randomId ? new Uint8Array(7) : memory.uid;
  return { sw: NATIVE.OPERATION_OK, data: concat(uid, memory.production) };
}

/** The file of a FileNo byte, or why there is none. Bits 7-5 are RFU. */
function fileOf(chip: Chip, number: number): ChipFile | ChipAnswer {
  if (chip.session.level === "picc") return { sw: NATIVE.PERMISSION_DENIED };
  if (number > 0x1f) return { sw: NATIVE.PARAMETER_ERROR };
  return chip.memory.files.find((file) => file.number === number) ?? { sw: NATIVE.FILE_NOT_FOUND };
}

function getFileSettings(chip: Chip, data: Uint8Array): ChipAnswer {
  if (data.length !== 1) return { sw: NATIVE.LENGTH_ERROR };
  const file = fileOf(chip, data[0]!);
  if ("sw" in file) return file;
  return { sw: NATIVE.OPERATION_OK, data: encodeFileSettings(file) };
}

/** §10.7.3: the counter least significant byte first, and two bytes RFU. */
function getFileCounters(chip: Chip, data: Uint8Array): ChipAnswer {
  if (data.length !== 1) return { sw: NATIVE.LENGTH_ERROR };
  const file = fileOf(chip, data[0]!);
  if ("sw" in file) return file;
  if (file.sdm === undefined || file.sdm.counterRead === NEVER) {
    return { sw: NATIVE.PERMISSION_DENIED };
  }
  if (!isGranted(chip, file.sdm.counterRead)) return { sw: NATIVE.AUTHENTICATION_ERROR };
  const counter = file.readCounter;
  const bytes = [counter & 0xff, (counter >> 8) & 0xff, counter >> 16, 0, 0];
  return { sw: NATIVE.OPERATION_OK, data: Uint8Array.from(bytes) };
}

function getKeyVersion(chip: Chip, data: Uint8Array): ChipAnswer {
  if (data.length !== 1) return { sw: NATIVE.LENGTH_ERROR };
  const key = chip.session.level === "picc" ? undefined : chip.memory.keys[data[0]!];
  if (key === undefined) return { sw: NATIVE.NO_SUCH_KEY };
  return { sw: NATIVE.OPERATION_OK, data: Uint8Array.of(key.version) };
}

/** The UID is for those who hold a key (§10.5.3). */
function getCardUid(_chip: Chip, data: Uint8Array): ChipAnswer {
  if (data.length !== 0) return { sw: NATIVE.LENGTH_ERROR };
  return { sw: NATIVE.AUTHENTICATION_ERROR };
}

const three = (data: Uint8Array, at: number): number =>
  data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16);

function readData(chip: Chip, data: Uint8Array): ChipAnswer {
  if (data.length !== 7) return { sw: NATIVE.LENGTH_ERROR };
  const file = fileOf(chip, data[0]!);
  if ("sw" in file) return file;
  if (isNeverRead(file)) return { sw: NATIVE.PERMISSION_DENIED };
  const { read, readWrite } = file.access;
  if (!isGranted(chip, read) && !isGranted(chip, readWrite) && !isFreeToRead(file)) {
    return { sw: NATIVE.AUTHENTICATION_ERROR };
  }
  const [offset, length] = [three(data, 1), three(data, 4)];
  if (offset >= file.content.length || offset + length > file.content.length) {
    return { sw: NATIVE.PARAMETER_ERROR }; // Table 80 has no BOUNDARY_ERROR
  }
  const content = contentForRead(chip, 0xad, file);
  if (content === "limit") return { sw: NATIVE.PERMISSION_DENIED };
  const part = content.slice(offset, length === 0 ? undefined : offset + length);
  chip.spentUs += part.length * NTAG424_TIMES_US.byteRead;
  return { sw: NATIVE.OPERATION_OK, data: part };
}

function writeData(chip: Chip, data: Uint8Array): ChipAnswer {
  if (data.length < 8) return { sw: NATIVE.LENGTH_ERROR };
  const file = fileOf(chip, data[0]!);
  if ("sw" in file) return file;
  const { write, readWrite } = file.access;
  if (write === NEVER && readWrite === NEVER) return { sw: NATIVE.PERMISSION_DENIED };
  if (write !== FREE && readWrite !== FREE) return { sw: NATIVE.AUTHENTICATION_ERROR };
  const [offset, length] = [three(data, 1), three(data, 4)];
  if (length !== data.length - 7) return { sw: NATIVE.LENGTH_ERROR };
  if (offset + length > file.content.length) return { sw: NATIVE.BOUNDARY_ERROR };
  writeContent(chip, file, offset, data.subarray(7));
  return { sw: NATIVE.OPERATION_OK };
}

/** §10.10.1. A chip without a signature of NXP's does not know the command. */
function readSignature(chip: Chip, data: Uint8Array): ChipAnswer {
  if (data.length !== 1) return { sw: NATIVE.LENGTH_ERROR };
  const { signature, randomId } = chip.memory;
  if (signature === undefined || randomId) return { sw: NATIVE.ILLEGAL_COMMAND_CODE };
  if (data[0] !== 0) return { sw: NATIVE.PARAMETER_ERROR };
  return { sw: NATIVE.SIGNATURE_OK, data: signature };
}
