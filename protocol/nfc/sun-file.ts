import { fromHex } from "../encoding/hex.ts";
import { fromUtf8 } from "../encoding/utf8.ts";
import { LatchkeyError } from "../errors.ts";
import type { PiccMirror, SdmOptions } from "../ntag424/file-settings.ts";
import type { SunIdentity, SunMessage } from "./sun.ts";

const UID_CHARACTERS = 14;
const COUNTER_CHARACTERS = 6;
const PICC_CHARACTERS = Object.freeze({ aes: 32, lrp: 48 });
const MAC_CHARACTERS = 16;

function sunMalformed(message: string, cause?: unknown): LatchkeyError {
  return new LatchkeyError("sdm-malformed", { message, cause });
}

/** The bytes whose hexadecimal digits stand at a place of the file. */
function mirrored(file: Uint8Array, offset: number, characters: number, name: string): Uint8Array {
  if (offset + characters > file.length) throw sunMalformed(`the file ends before its ${name}`);
  try {
    return fromHex(fromUtf8(file.subarray(offset, offset + characters)), name);
  } catch (error) {
    throw sunMalformed(`the file's ${name} is not hexadecimal`, error);
  }
}

function plainIdentity(
  file: Uint8Array,
  { uidOffset, counterOffset }: Extract<PiccMirror, { kind: "plain" }>,
): SunIdentity {
  const identity: { uid?: Uint8Array; readCounter?: number } = {};
  if (uidOffset !== undefined) identity.uid = mirrored(file, uidOffset, UID_CHARACTERS, "UID");
  if (typeof counterOffset === "number") {
    // As text the counter stands MSB first, unlike everywhere else (§9.3.1).
    const counter = mirrored(file, counterOffset, COUNTER_CHARACTERS, "SDMReadCtr");
    identity.readCounter = (counter[0]! << 16) | (counter[1]! << 8) | counter[2]!;
  }
  return identity;
}

/**
 * Takes the SUN message out of a file as it was read, by the settings under which the chip wrote
 * it (NT4H2421Gx §9.3.3-§9.3.8). The settings are the issuer's own, not the card's word.
 * @throws sdm-malformed when a mirrored field is missing or no hexadecimal text
 */
export function sunMessageOf(
  file: Uint8Array,
  sdm: SdmOptions,
  messaging: "aes" | "lrp" = "aes",
): SunMessage {
  const { picc, fileRead } = sdm;
  if (fileRead === undefined) throw new TypeError("sun: these settings make no MAC");
  const { macInputOffset, macOffset, encrypted } = fileRead;
  const cmac = mirrored(file, macOffset, MAC_CHARACTERS, "SDMMAC");
  const encFileData =
    encrypted && mirrored(file, encrypted.offset, encrypted.length, "SDMENCFileData");
  const piccData =
    picc.kind === "encrypted"
      ? mirrored(file, picc.offset, PICC_CHARACTERS[messaging], "PICCData")
      : picc.kind === "plain"
        ? plainIdentity(file, picc)
        : {};
  return {
    messaging,
    picc: piccData,
    ...(encFileData !== undefined && { encFileData }),
    cmac,
    macInput: file.slice(macInputOffset, macOffset),
  };
}
