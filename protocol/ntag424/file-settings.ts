import { LatchkeyError } from "../errors.ts";
import { type CommMode, readUintLE, uintLE } from "./native-command.ts";

/** Who may: a key's number, anybody, or nobody (NT4H2421Gx Table 6). */
export type AccessCondition = 0 | 1 | 2 | 3 | 4 | "free" | "never";

/** Table 7. */
export interface AccessRights {
  readonly read: AccessCondition;
  readonly write: AccessCondition;
  readonly readWrite: AccessCondition;
  readonly change: AccessCondition;
}

/**
 * SDMMetaRead with what hangs on it (Tables 10 and 69): whether UID and SDMReadCtr appear in the
 * file, and how. Offsets are places of the ASCII text in the file.
 */
export type PiccMirror =
  | {
      readonly kind: "none" /** SDMReadCtr counts, for GetFileCounters. */;
      readonly counter: boolean;
    }
  | {
      readonly kind: "plain";
      /** 14 characters. */
      readonly uidOffset?: number;
      /** 6 characters; "hidden" lets the counter count without showing it (FFFFFFh). */
      readonly counterOffset?: number | "hidden";
    }
  | {
      readonly kind: "encrypted";
      readonly keyNo: 0 | 1 | 2 | 3 | 4;
      /** 32 characters, 48 in LRP mode. */
      readonly offset: number;
      readonly uid: boolean;
      readonly counter: boolean;
    };

/** SDMFileRead with what hangs on it: the MAC, and part of the file encrypted. */
export interface SdmFileRead {
  readonly keyNo: 0 | 1 | 2 | 3 | 4;
  readonly macInputOffset: number;
  /** 16 characters. */
  readonly macOffset: number;
  /** SDMENCFileData; the first half of the place holds the plain bytes. */
  readonly encrypted?: { readonly offset: number; readonly length: number };
}

/** Secure Dynamic Messaging and mirroring of a file (Table 69). */
export interface SdmOptions {
  readonly picc: PiccMirror;
  /** Absent: no MAC (SDMFileRead = Fh). */
  readonly fileRead?: SdmFileRead;
  /** SDMCtrRet: who may ask for the counter with GetFileCounters. */
  readonly counterRead: AccessCondition;
  /** SDMReadCtrLimit. */
  readonly counterLimit?: number;
}

/** What ChangeFileSettings sets. */
export interface FileSettings {
  readonly commMode: CommMode;
  readonly access: AccessRights;
  /** Absent: SDM and mirroring off. */
  readonly sdm?: SdmOptions;
}

/** What GetFileSettings tells. */
export interface FileStatus extends FileSettings {
  readonly size: number;
}

const OPTION_SDM = 0x40;
const COMM_MODES: readonly CommMode[] = Object.freeze(["plain", "mac", "plain", "full"]);
const SDM_UID = 0x80;
const SDM_COUNTER = 0x40;
const SDM_LIMIT = 0x20;
const SDM_ENCRYPTED = 0x10;
const SDM_ASCII = 0x01;
const FREE = 0xe;
const NEVER = 0xf;
const HIDDEN = 0xffffff;
const STANDARD_DATA_FILE = 0x00;

function conditionNibble(condition: AccessCondition): number {
  if (condition === "free") return FREE;
  if (condition === "never") return NEVER;
  if (Number.isInteger(condition) && condition >= 0 && condition <= 4) return condition;
  throw new RangeError(`file settings: no key has the number ${condition}`);
}

function accessBytes({ read, write, readWrite, change }: AccessRights): Uint8Array {
  const [r, w, rw, c] = [read, write, readWrite, change].map(conditionNibble);
  return uintLE((r! << 12) | (w! << 8) | (rw! << 4) | c!, 2);
}

/** The byte SDMOptions, and SDMMetaRead with the offsets that it brings. */
function mirrorFields(picc: PiccMirror): { flags: number; metaRead: number; offsets: number[] } {
  if (picc.kind === "none")
    return { flags: picc.counter ? SDM_COUNTER : 0, metaRead: NEVER, offsets: [] };
  if (picc.kind === "encrypted") {
    const flags = (picc.uid ? SDM_UID : 0) | (picc.counter ? SDM_COUNTER : 0);
    return { flags, metaRead: conditionNibble(picc.keyNo), offsets: [picc.offset] };
  }
  const { uidOffset, counterOffset } = picc;
  const offsets: number[] = [];
  if (uidOffset !== undefined) offsets.push(uidOffset);
  if (counterOffset !== undefined)
    offsets.push(counterOffset === "hidden" ? HIDDEN : counterOffset);
  const flags =
    (uidOffset === undefined ? 0 : SDM_UID) | (counterOffset === undefined ? 0 : SDM_COUNTER);
  return { flags, metaRead: FREE, offsets };
}

function sdmBytes({ picc, fileRead, counterRead, counterLimit }: SdmOptions): number[] {
  const { flags, metaRead, offsets } = mirrorFields(picc);
  let options = SDM_ASCII | flags;
  if (fileRead !== undefined) {
    offsets.push(fileRead.macInputOffset);
    if (fileRead.encrypted !== undefined) {
      options |= SDM_ENCRYPTED;
      offsets.push(fileRead.encrypted.offset, fileRead.encrypted.length);
    }
    offsets.push(fileRead.macOffset);
  }
  if (counterLimit !== undefined) {
    options |= SDM_LIMIT;
    offsets.push(counterLimit);
  }
  const fileReadNibble = fileRead === undefined ? NEVER : conditionNibble(fileRead.keyNo);
  const rights = (metaRead << 12) | (fileReadNibble << 8) | 0xf0 | conditionNibble(counterRead);
  return [options, ...uintLE(rights, 2), ...offsets.flatMap((offset) => [...uintLE(offset, 3)])];
}

/**
 * The data of ChangeFileSettings (Table 69): fields that do not apply are left out, all numbers
 * go LSB first. RangeError on numbers that have no place in their field; whether the chip will
 * like the whole is for `fileSettingsObjections` to say.
 */
export function encodeFileSettings({ commMode, access, sdm }: FileSettings): Uint8Array {
  const mode = COMM_MODES.indexOf(commMode);
  const option = mode | (sdm === undefined ? 0 : OPTION_SDM);
  return Uint8Array.of(option, ...accessBytes(access), ...(sdm === undefined ? [] : sdmBytes(sdm)));
}

function broken(message: string): LatchkeyError {
  return new LatchkeyError("card-protocol", { message: `GetFileSettings: ${message}` });
}

/** Takes fields off the front; every field's length is compared with what is left. */
class Fields {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  uint(size: number): number {
    if (size > this.left) throw broken("the answer is too short");
    this.#at += size;
    return readUintLE(this.#bytes.subarray(this.#at - size, this.#at));
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }
}

function condition(nibble: number): AccessCondition {
  if (nibble === FREE) return "free";
  if (nibble === NEVER) return "never";
  if (nibble > 4) throw broken(`${nibble.toString(16)}h is no access condition`);
  return nibble as AccessCondition;
}

function keyNumber(nibble: number): 0 | 1 | 2 | 3 | 4 {
  const key = condition(nibble);
  if (key === "free" || key === "never") throw broken("a key's number is missing");
  return key;
}

function readMirror(fields: Fields, options: number, metaRead: number): PiccMirror {
  const uid = (options & SDM_UID) !== 0;
  const counter = (options & SDM_COUNTER) !== 0;
  if (metaRead === NEVER) {
    if (uid) throw broken("the UID is mirrored, but nobody may read it");
    return { kind: "none", counter };
  }
  if (metaRead !== FREE)
    return { kind: "encrypted", keyNo: keyNumber(metaRead), offset: fields.uint(3), uid, counter };
  const uidOffset = uid ? fields.uint(3) : undefined;
  const counterOffset = counter ? fields.uint(3) : undefined;
  return {
    kind: "plain",
    ...(uidOffset !== undefined && { uidOffset }),
    ...(counterOffset !== undefined && {
      counterOffset: counterOffset === HIDDEN ? ("hidden" as const) : counterOffset,
    }),
  };
}

function readFileRead(fields: Fields, options: number, nibble: number): SdmFileRead | undefined {
  const hasEncrypted = (options & SDM_ENCRYPTED) !== 0;
  if (nibble === NEVER) {
    if (hasEncrypted) throw broken("file data is encrypted, but under no key");
    return undefined;
  }
  const keyNo = keyNumber(nibble);
  const macInputOffset = fields.uint(3);
  const encrypted = hasEncrypted ? { offset: fields.uint(3), length: fields.uint(3) } : undefined;
  const macOffset = fields.uint(3);
  return { keyNo, macInputOffset, macOffset, ...(encrypted !== undefined && { encrypted }) };
}

function readSdm(fields: Fields): SdmOptions {
  const options = fields.uint(1);
  const rights = fields.uint(2);
  const picc = readMirror(fields, options, rights >> 12);
  const fileRead = readFileRead(fields, options, (rights >> 8) & 15);
  const counterLimit = (options & SDM_LIMIT) === 0 ? undefined : fields.uint(3);
  return {
    picc,
    ...(fileRead !== undefined && { fileRead }),
    counterRead: condition(rights & 15),
    ...(counterLimit !== undefined && { counterLimit }),
  };
}

/**
 * The answer of GetFileSettings (Table 73). RFU bits are passed over.
 * @throws card-protocol when a field is missing, out of place, or left over
 */
export function parseFileStatus(data: Uint8Array): FileStatus {
  const fields = new Fields(data);
  if (fields.uint(1) !== STANDARD_DATA_FILE) throw broken("the file is not of StandardData");
  const option = fields.uint(1);
  const rights = fields.uint(2);
  const size = fields.uint(3);
  const sdm = (option & OPTION_SDM) === 0 ? undefined : readSdm(fields);
  if (fields.left > 0) throw broken(`${fields.left} bytes are left over`);
  const at = (shift: number) => condition((rights >> shift) & 15);
  return {
    commMode: COMM_MODES[option & 3]!,
    access: { read: at(12), write: at(8), readWrite: at(4), change: at(0) },
    size,
    ...(sdm !== undefined && { sdm }),
  };
}
