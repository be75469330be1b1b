import { concat } from "../../protocol/encoding/bytes.ts";

/** Access conditions are a key number 0-4 or one of these (NT4H2421Gx Table 6). */
export const FREE = 0xe;
export const NEVER = 0xf;

/** Table 7: read, write, read and write, change. */
export interface AccessRights {
  readonly read: number;
  readonly write: number;
  readonly readWrite: number;
  readonly change: number;
}

/**
 * Secure dynamic messaging of a file (Table 69). Which of the offsets are there depends on the
 * options; `checkSdm` says what goes together.
 */
export interface SdmSettings {
  readonly uid: boolean;
  readonly readCounter: boolean;
  /** Key that encrypts PICCData, FREE for plain mirroring, NEVER for none. */
  readonly metaRead: number;
  /** Key of the file's MAC and encryption, or NEVER. */
  readonly fileRead: number;
  readonly counterRead: number;
  readonly uidOffset?: number;
  readonly readCounterOffset?: number;
  readonly piccDataOffset?: number;
  readonly macInputOffset?: number;
  readonly macOffset?: number;
  readonly encOffset?: number;
  readonly encLength?: number;
  readonly readCounterLimit?: number;
}

export type CommMode = "plain" | "mac" | "full";

/** A StandardData file and its non-volatile state. */
export interface ChipFile {
  readonly number: number;
  readonly isoId: number;
  readonly content: Uint8Array;
  commMode: CommMode;
  access: AccessRights;
  sdm: SdmSettings | undefined;
  /** SDMReadCtr, 24 bits. */
  readCounter: number;
}

/** Lengths of what is mirrored, in ASCII characters (Table 20; AES mode). */
export const MIRROR = Object.freeze({ uid: 14, readCounter: 6, piccData: 32, mac: 16 });
/** SDMReadCtrOffset of a counter that counts but is not shown. */
export const NOT_MIRRORED = 0xffffff;

/**
 * The conditions under which ChangeFileSettings answers PARAMETER_ERROR (Tables 69 and 71), as
 * the first one that is violated, or `undefined` for settings that the chip takes.
 */
export function checkSdm(sdm: SdmSettings, fileSize: number, counter: number): string | undefined {
  const isKey = (condition: number): boolean => condition >= 0 && condition <= 4;
  const encrypts = sdm.encOffset !== undefined || sdm.encLength !== undefined;
  if (!isKey(sdm.metaRead) && sdm.metaRead !== FREE && sdm.metaRead !== NEVER) {
    return "SDMMetaRead names no key";
  }
  if (!isKey(sdm.fileRead) && sdm.fileRead !== NEVER) return "SDMFileRead names no key";
  if (!isKey(sdm.counterRead) && sdm.counterRead !== FREE && sdm.counterRead !== NEVER) {
    return "SDMCtrRet names no key";
  }
  if (sdm.metaRead !== NEVER && !sdm.uid && !sdm.readCounter) return "SDMMetaRead of nothing";
  if (sdm.metaRead === NEVER && sdm.uid) return "UID mirrored but SDMMetaRead is never";
  if (sdm.counterRead !== NEVER && !sdm.readCounter) return "SDMCtrRet without a counter";
  if (encrypts && sdm.fileRead === NEVER) return "encryption without SDMFileRead";
  if (encrypts && !(sdm.uid && sdm.readCounter)) return "encryption needs UID and counter";
  if (sdm.readCounterLimit !== undefined) {
    if (!sdm.readCounter) return "a limit without a counter";
    if (sdm.readCounterLimit <= counter) return "the limit is reached already";
  }
  return checkPresence(sdm) ?? checkPlaces(sdm, fileSize);
}

/** Each offset is there exactly when the options call for it (Table 69). */
function checkPresence(sdm: SdmSettings): string | undefined {
  const needs: readonly (readonly [string, number | undefined, boolean])[] = [
    ["UIDOffset", sdm.uidOffset, sdm.uid && sdm.metaRead === FREE],
    ["SDMReadCtrOffset", sdm.readCounterOffset, sdm.readCounter && sdm.metaRead === FREE],
    ["PICCDataOffset", sdm.piccDataOffset, sdm.metaRead <= 4],
    ["SDMMACInputOffset", sdm.macInputOffset, sdm.fileRead !== NEVER],
    ["SDMMACOffset", sdm.macOffset, sdm.fileRead !== NEVER],
    ["SDMENCLength", sdm.encLength, sdm.encOffset !== undefined],
  ];
  for (const [name, value, needed] of needs) {
    if ((value !== undefined) !== needed) return `${name} ${needed ? "is missing" : "is unused"}`;
  }
  return undefined;
}

/** Everything inside the file, nothing over anything else (§9.3.3, §9.3.5, §9.3.7). */
function checkPlaces(sdm: SdmSettings, fileSize: number): string | undefined {
  const { macInputOffset, macOffset, encOffset, encLength } = sdm;
  const places: [string, number, number][] = [];
  const add = (name: string, offset: number | undefined, length: number): void => {
    if (offset !== undefined) places.push([name, offset, length]);
  };
  const shown = sdm.readCounterOffset === NOT_MIRRORED ? undefined : sdm.readCounterOffset;
  add("UID", sdm.uidOffset, MIRROR.uid);
  add("SDMReadCtr", shown, MIRROR.readCounter);
  add("PICCData", sdm.piccDataOffset, MIRROR.piccData);
  add("SDMENCFileData", encOffset, encLength ?? 0);
  add("SDMMAC", macOffset, MIRROR.mac);
  for (const [name, offset, length] of places) {
    if (!(offset >= 0 && offset + length <= fileSize)) return `${name} is outside the file`;
  }
  for (const [a, atA, lengthA] of places) {
    for (const [b, atB, lengthB] of places) {
      if (a < b && atA < atB + lengthB && atB < atA + lengthA) return `${a} and ${b} overlap`;
    }
  }
  if (macOffset !== undefined && macInputOffset! > macOffset) return "SDMMACInputOffset too high";
  if (encOffset !== undefined) {
    if (encLength! < 32 || encLength! % 32 !== 0) return "SDMENCLength is no multiple of 32";
    if (encOffset < macInputOffset!) return "SDMENCFileData starts before the MAC input";
    if (encOffset + encLength! > macOffset!) return "SDMENCFileData reaches behind the SDMMAC";
  }
  return undefined;
}

const three = (value: number): Uint8Array =>
  Uint8Array.of(value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff);

/** The answer to GetFileSettings (Table 73); numbers least significant byte first. */
export function encodeFileSettings(file: ChipFile): Uint8Array {
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
