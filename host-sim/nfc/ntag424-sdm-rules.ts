import { FREE, NEVER, type SdmSettings } from "./ntag424-file.ts";

/** Lengths of what is mirrored, in ASCII characters (Table 20, §9.3.4.1, §9.3.4.2). */
const MIRROR = Object.freeze({ uid: 14, readCounter: 6, mac: 16 });
const PICC_DATA = Object.freeze({ aes: 32, lrp: 48 });
/** SDMReadCtrOffset of a counter that counts but is not shown. */
export const NOT_MIRRORED = 0xffffff;

/**
 * The conditions under which ChangeFileSettings answers PARAMETER_ERROR (Tables 69 and 71), as
 * the first one that is violated, or `undefined` for settings that the chip takes.
 */
export function checkSdm(
  sdm: SdmSettings,
  fileSize: number,
  counter: number,
  cipher: "aes" | "lrp" = "aes",
): string | undefined {
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
  return checkPresence(sdm) ?? checkPlaces(sdm, fileSize, PICC_DATA[cipher]);
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
function checkPlaces(
  sdm: SdmSettings,
  fileSize: number,
  piccDataLength: number,
): string | undefined {
  const { macInputOffset, macOffset, encOffset, encLength } = sdm;
  const places: [string, number, number][] = [];
  const add = (name: string, offset: number | undefined, length: number): void => {
    if (offset !== undefined) places.push([name, offset, length]);
  };
  const shown = sdm.readCounterOffset === NOT_MIRRORED ? undefined : sdm.readCounterOffset;
  add("UID", sdm.uidOffset, MIRROR.uid);
  add("SDMReadCtr", shown, MIRROR.readCounter);
  add("PICCData", sdm.piccDataOffset, piccDataLength);
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
