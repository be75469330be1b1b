import type { FileSettings, PiccMirror, SdmFileRead, SdmOptions } from "./file-settings.ts";

/** What the rules depend on beside the settings themselves. */
export interface FileContext {
  readonly fileNo: number;
  readonly fileSize: number;
  /** PICCData is longer in LRP mode. Default "aes". */
  readonly messaging?: "aes" | "lrp";
  /** SDMReadCtr as it stands; a limit must be above it. Default 0. */
  readonly readCounter?: number;
}

interface Place {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
}

/** Only this file can have SDM (NT4H2421Gx Table 71, PERMISSION_DENIED). */
const SDM_FILE_NO = 2;
/** In characters (Table 20, §9.3.4, §9.3.7). */
const UID_LENGTH = 14;
const COUNTER_LENGTH = 6;
const PICC_DATA_LENGTH = Object.freeze({ aes: 32, lrp: 48 });
const MAC_LENGTH = 16;
const ENCRYPTED_UNIT = 32;
const UINT24_MAX = 0xffffff;

function mirrorsUid(picc: PiccMirror): boolean {
  return picc.kind === "plain" ? picc.uidOffset !== undefined : picc.kind !== "none" && picc.uid;
}

/** SDMOptions bit 6: the counter is switched on, shown or not. */
function countsReads(picc: PiccMirror): boolean {
  return picc.kind === "plain" ? picc.counterOffset !== undefined : picc.counter;
}

function mirrorPlaces(picc: PiccMirror, messaging: "aes" | "lrp"): Place[] {
  if (picc.kind === "none") return [];
  if (picc.kind === "encrypted")
    return [{ name: "PICCData", offset: picc.offset, length: PICC_DATA_LENGTH[messaging] }];
  const places: Place[] = [];
  const { uidOffset, counterOffset } = picc;
  if (uidOffset !== undefined) places.push({ name: "UID", offset: uidOffset, length: UID_LENGTH });
  if (typeof counterOffset === "number")
    places.push({ name: "SDMReadCtr", offset: counterOffset, length: COUNTER_LENGTH });
  return places;
}

function filePlaces({ macOffset, encrypted }: SdmFileRead): Place[] {
  const places: Place[] = [{ name: "SDMMAC", offset: macOffset, length: MAC_LENGTH }];
  if (encrypted !== undefined) places.push({ name: "SDMENCFileData", ...encrypted });
  return places;
}

function overlapObjections(places: readonly Place[]): string[] {
  return places.flatMap((a, index) =>
    places.slice(index + 1).flatMap((b) => {
      const apart = a.offset >= b.offset + b.length || b.offset >= a.offset + a.length;
      return apart ? [] : [`${a.name} and ${b.name} overlap`];
    }),
  );
}

function fileReadObjections({ macInputOffset, macOffset, encrypted }: SdmFileRead): string[] {
  const out: string[] = [];
  if (macInputOffset > macOffset) out.push("the MAC's input starts after the MAC");
  if (encrypted === undefined) return out;
  const { offset, length } = encrypted;
  if (length < ENCRYPTED_UNIT || length % ENCRYPTED_UNIT !== 0)
    out.push("SDMENCLength is no multiple of 32");
  if (offset < macInputOffset) out.push("SDMENCFileData starts before the MAC's input");
  if (offset + length > macOffset) out.push("SDMENCFileData ends after the MAC's place");
  return out;
}

function sdmObjections(sdm: SdmOptions, context: FileContext): string[] {
  const { picc, fileRead, counterRead, counterLimit } = sdm;
  const { fileSize, messaging = "aes", readCounter = 0 } = context;
  const out: string[] = [];
  const counts = countsReads(picc);
  if (context.fileNo !== SDM_FILE_NO) out.push("SDM is for file 2 only");
  if (picc.kind !== "none" && !mirrorsUid(picc) && !counts)
    out.push("SDMMetaRead is set, but neither UID nor SDMReadCtr is mirrored");
  if (counterRead !== "never" && !counts) out.push("SDMCtrRet is set, but SDMReadCtr is off");
  if (fileRead?.encrypted !== undefined && !(mirrorsUid(picc) && counts))
    out.push("SDMENCFileData needs both UID and SDMReadCtr");
  if (counterLimit !== undefined) {
    if (!counts) out.push("SDMReadCtrLimit is set, but SDMReadCtr is off");
    if (counterLimit <= readCounter) out.push("SDMReadCtrLimit is not above SDMReadCtr");
    if (counterLimit > UINT24_MAX) out.push("SDMReadCtrLimit has more than 24 bits");
  }
  const places = mirrorPlaces(picc, messaging);
  if (fileRead !== undefined) {
    places.push(...filePlaces(fileRead));
    out.push(...fileReadObjections(fileRead));
  }
  for (const { name, offset, length } of places)
    if (!(Number.isInteger(offset) && offset >= 0 && offset + length <= fileSize))
      out.push(`${name} does not fit the file`);
  return [...out, ...overlapObjections(places)];
}

/**
 * What the chip would answer ChangeFileSettings with PARAMETER_ERROR or PERMISSION_DENIED for
 * (NT4H2421Gx Tables 69 and 71), in words; empty when it would take the settings. The conditions
 * "SDMMetaRead = Fh with UID mirroring" and "encryption with SDMFileRead = Fh" are missing because
 * {@link FileSettings} cannot express them.
 */
export function fileSettingsObjections(settings: FileSettings, context: FileContext): string[] {
  return settings.sdm === undefined ? [] : sdmObjections(settings.sdm, context);
}
