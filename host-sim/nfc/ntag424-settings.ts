import { concat } from "../../protocol/encoding/bytes.ts";
import { type Chip, fileOf, grantedMode } from "./ntag424-chip.ts";
import {
  type AccessRights,
  type ChipFile,
  type CommMode,
  FREE,
  NEVER,
  type SdmSettings,
} from "./ntag424-file.ts";
import { NTAG424_TIMES_US } from "./ntag424-memory.ts";
import type { NativeCommand } from "./ntag424-native.ts";
import { checkSdm } from "./ntag424-sdm-rules.ts";
import { type ChipAnswer, NATIVE } from "./ntag424-status.ts";

const OPTION_SDM = 0x40;
const NDEF_FILE = 2;

/** GetFileSettings (§10.7.2). */
export const fileSettings: NativeCommand = Object.freeze({
  headerLength: 1,
  mode: () => "mac" as const,
  run: (chip: Chip, header: Uint8Array, data: Uint8Array): ChipAnswer => {
    if (data.length > 0) return { sw: NATIVE.LENGTH_ERROR };
    const file = fileOf(chip, header[0]!);
    if (typeof file === "number") return { sw: file };
    return { sw: NATIVE.OPERATION_OK, data: encodeFileSettings(file) };
  },
});

/** ChangeFileSettings (§10.7.1): full under the key of the Change right, plain where it is free. */
export const changeFileSettings: NativeCommand = Object.freeze({
  headerLength: 1,
  mode: (chip: Chip, header: Uint8Array) => {
    const file = fileOf(chip, header[0]!);
    return typeof file === "number" ? file : grantedMode(chip, [file.access.change], "full");
  },
  run: change,
});

function change(chip: Chip, header: Uint8Array, data: Uint8Array): ChipAnswer {
  const file = fileOf(chip, header[0]!) as ChipFile;
  const parsed = parseSettings(data);
  if (typeof parsed === "number") return { sw: parsed };
  const { sdm } = parsed;
  if (sdm !== undefined) {
    if (file.number !== NDEF_FILE) return { sw: NATIVE.PERMISSION_DENIED };
    const cipher = chip.memory.configuration.lrp ? "lrp" : "aes";
    const violated = checkSdm(sdm, file.content.length, file.readCounter, cipher);
    if (violated !== undefined) return { sw: NATIVE.PARAMETER_ERROR };
    // §9.3.1: enabling SDM resets the counter; Table 71 calls every command with bit 6 that.
    file.readCounter = 0;
  }
  Object.assign(file, parsed);
  chip.spentUs += data.length * NTAG424_TIMES_US.byteWritten;
  return { sw: NATIVE.OPERATION_OK };
}

type FileSettings = Pick<ChipFile, "commMode" | "access" | "sdm">;

/** The command's data (Table 69), or the status word for data that cannot be understood. */
function parseSettings(data: Uint8Array): FileSettings | number {
  if (data.length < 3) return NATIVE.LENGTH_ERROR;
  const option = data[0]!;
  if ((option & ~(OPTION_SDM | 3)) !== 0) return NATIVE.PARAMETER_ERROR;
  const modes: readonly CommMode[] = ["plain", "mac", "plain", "full"]; // X0 is plain (Table 12)
  const access: AccessRights = {
    readWrite: data[1]! >> 4,
    change: data[1]! & 15,
    read: data[2]! >> 4,
    write: data[2]! & 15,
  };
  if (Object.values(access).some((right) => right > 4 && right < FREE)) {
    return NATIVE.PARAMETER_ERROR;
  }
  const settings = { commMode: modes[option & 3]!, access };
  if ((option & OPTION_SDM) === 0) {
    return data.length === 3 ? { ...settings, sdm: undefined } : NATIVE.LENGTH_ERROR;
  }
  const sdm = parseSdm(data.slice(3));
  return typeof sdm === "number" ? sdm : { ...settings, sdm };
}

function parseSdm(data: Uint8Array): SdmSettings | number {
  if (data.length < 3) return NATIVE.LENGTH_ERROR;
  const options = data[0]!;
  // Bits 3 to 1 are RFU, ASCII is the only encoding, and the RFU right is F.
  if ((options & 0x0f) !== 1 || data[1]! >> 4 !== 0xf) return NATIVE.PARAMETER_ERROR;
  const rights = { counterRead: data[1]! & 15, metaRead: data[2]! >> 4, fileRead: data[2]! & 15 };
  const flags = { uid: (options & 0x80) !== 0, readCounter: (options & 0x40) !== 0 };
  const plain = rights.metaRead === FREE;
  const reads = rights.fileRead !== NEVER;
  const encrypts = (options & 0x10) !== 0;
  if (encrypts && !reads) return NATIVE.PARAMETER_ERROR;
  const present: readonly (readonly [OffsetName, boolean])[] = [
    ["uidOffset", flags.uid && plain],
    ["readCounterOffset", flags.readCounter && plain],
    ["piccDataOffset", rights.metaRead <= 4],
    ["macInputOffset", reads],
    ["encOffset", encrypts],
    ["encLength", encrypts],
    ["macOffset", reads],
    ["readCounterLimit", (options & 0x20) !== 0],
  ];
  const names = present.filter(([, there]) => there).map(([name]) => name);
  if (data.length !== 3 + 3 * names.length) return NATIVE.LENGTH_ERROR;
  const offsets: { -readonly [name in OffsetName]?: number } = {};
  names.forEach((name, i) => {
    const at = 3 + 3 * i;
    offsets[name] = data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16);
  });
  return { ...flags, ...rights, ...offsets };
}

type OffsetName =
  | "uidOffset"
  | "readCounterOffset"
  | "piccDataOffset"
  | "macInputOffset"
  | "encOffset"
  | "encLength"
  | "macOffset"
  | "readCounterLimit";

const three = (value: number): Uint8Array =>
  Uint8Array.of(value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff);

/** The answer to GetFileSettings (Table 73); numbers least significant byte first. */
function encodeFileSettings(file: ChipFile): Uint8Array {
  const { access, sdm } = file;
  const mode = file.commMode === "plain" ? 0 : file.commMode === "mac" ? 1 : 3;
  const head = Uint8Array.of(
    0x00,
    (sdm ? 0x40 : 0) | mode,
    (access.readWrite << 4) | access.change,
    (access.read << 4) | access.write,
  );
  const size = three(file.content.length);
  return sdm ? concat(head, size, encodeSdm(sdm)) : concat(head, size);
}

function encodeSdm(sdm: SdmSettings): Uint8Array {
  const options =
    (sdm.uid ? 0x80 : 0) |
    (sdm.readCounter ? 0x40 : 0) |
    (sdm.readCounterLimit === undefined ? 0 : 0x20) |
    (sdm.encOffset === undefined ? 0 : 0x10) |
    0x01; // ASCII
  const rights = Uint8Array.of(0xf0 | sdm.counterRead, (sdm.metaRead << 4) | sdm.fileRead);
  const fields = [
    sdm.uidOffset,
    sdm.readCounterOffset,
    sdm.piccDataOffset,
    sdm.macInputOffset,
    sdm.encOffset,
    sdm.encLength,
    sdm.macOffset,
    sdm.readCounterLimit,
  ];
  const present = fields.filter((field) => field !== undefined).map(three);
  return concat(Uint8Array.of(options), rights, ...present);
}
