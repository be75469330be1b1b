import { constantTimeEqual } from "../crypto/constant-time.ts";
import type { CryptoProvider } from "../crypto/provider.ts";
import { LatchkeyError } from "../errors.ts";
import { decryptSdmFileData, sdmMac } from "./sdm.ts";
import { decryptSdmLrpFileData, openLrpPiccData, sdmLrpMac, sdmLrpSessionKeys } from "./sdm-lrp.ts";

/**
 * SUN messages (secure unique NFC) of every kind that the NTAG 424 DNA can make: PICC data plain
 * or encrypted, with UID, counter, both or neither, part of the file encrypted, AES or LRP. The
 * badge itself uses one kind only, for which `verifySdm` is the short way.
 */
export interface SunIdentity {
  /** 7 bytes; absent when the file does not mirror it. */
  readonly uid?: Uint8Array;
  /** SDMReadCtr, 24 bits; absent likewise. */
  readonly readCounter?: number;
}

/** What the chip wrote into the file, decoded from its ASCII digits. */
export interface SunMessage {
  readonly messaging: "aes" | "lrp";
  /** PICCENCData: 16 bytes, 24 in LRP mode; or what stands there in plain. */
  readonly picc: Uint8Array | SunIdentity;
  /** SDMENCFileData, a multiple of 16 bytes. */
  readonly encFileData?: Uint8Array;
  /** SDMMAC, 8 bytes. */
  readonly cmac: Uint8Array;
  /** The file's bytes from SDMMACInputOffset up to SDMMACOffset, as they were read. */
  readonly macInput: Uint8Array;
}

export interface SunKeys {
  /** SDMMetaReadKey; not needed for plain PICC data. */
  readonly metaReadKey?: Uint8Array;
  /** SDMFileReadKey of the chip; without a mirrored UID there can be but one for all. */
  fileReadKey(uid: Uint8Array | undefined): Uint8Array;
}

/** Whose read this was, and what it brought. */
export interface SunRead extends SunIdentity {
  /** SDMENCFileData in plain. */
  readonly fileData?: Uint8Array;
}

const PICC_LENGTH = Object.freeze({ aes: 16, lrp: 24 });
const MAC_LENGTH = 8;
const TAG_UID = 0x80;
const TAG_COUNTER = 0x40;
const TAG_RFU = 0x30;
const UID_LENGTH = 7;

function sunMalformed(message: string): LatchkeyError {
  return new LatchkeyError("sdm-malformed", { message });
}

/** The plain text of PICCData (NT4H2421Gx Table 21). @throws sdm-malformed */
function parsePiccData(plain: Uint8Array): SunIdentity {
  const tag = plain[0]!;
  const hasUid = (tag & TAG_UID) !== 0;
  const lengthOk = (tag & 15) === (hasUid ? UID_LENGTH : 0);
  if ((tag & TAG_RFU) !== 0 || !lengthOk || (tag & (TAG_UID | TAG_COUNTER)) === 0)
    throw sunMalformed("PICC data holds neither UID nor counter under this key");
  const counterAt = hasUid ? 1 + UID_LENGTH : 1;
  const [low, middle, high] = plain.subarray(counterAt, counterAt + 3);
  return {
    ...(hasUid && { uid: plain.slice(1, 1 + UID_LENGTH) }),
    ...((tag & TAG_COUNTER) !== 0 && { readCounter: low! | (middle! << 8) | (high! << 16) }),
  };
}

/**
 * Opens PICCENCData, whatever it holds. Proves nothing yet; the MAC does.
 * @throws sdm-malformed
 */
export function openPiccData(
  crypto: CryptoProvider,
  messaging: "aes" | "lrp",
  metaReadKey: Uint8Array,
  picc: Uint8Array,
): SunIdentity {
  if (picc.length !== PICC_LENGTH[messaging])
    throw sunMalformed(`PICC data has ${PICC_LENGTH[messaging]} bytes, not ${picc.length}`);
  return parsePiccData(
    messaging === "aes"
      ? crypto.aesCbcDecrypt(metaReadKey, new Uint8Array(16), picc)
      : openLrpPiccData(crypto, metaReadKey, picc),
  );
}

function identityOf(crypto: CryptoProvider, keys: SunKeys, message: SunMessage): SunIdentity {
  const { picc, messaging } = message;
  if (!(picc instanceof Uint8Array)) return picc;
  if (keys.metaReadKey === undefined) throw new TypeError("sun: encrypted, but no SDMMetaReadKey");
  return openPiccData(crypto, messaging, keys.metaReadKey, picc);
}

/** MAC first, then decryption: what fails the MAC is never looked into. */
function readAes(
  crypto: CryptoProvider,
  key: Uint8Array,
  { uid, readCounter }: SunIdentity,
  { cmac, macInput, encFileData }: SunMessage,
): Uint8Array | undefined {
  const expected = sdmMac(crypto, key, uid, readCounter, macInput);
  if (!constantTimeEqual(expected, cmac)) throw new LatchkeyError("sdm-mac-invalid");
  if (encFileData === undefined) return undefined;
  return decryptSdmFileData(crypto, key, { uid: uid!, readCounter: readCounter! }, encFileData);
}

function readLrp(
  crypto: CryptoProvider,
  key: Uint8Array,
  { uid, readCounter }: SunIdentity,
  { cmac, macInput, encFileData }: SunMessage,
): Uint8Array | undefined {
  const { macKey, encKey } = sdmLrpSessionKeys(crypto, key, uid, readCounter);
  try {
    if (!constantTimeEqual(sdmLrpMac(crypto, macKey, macInput), cmac))
      throw new LatchkeyError("sdm-mac-invalid");
    if (encFileData === undefined) return undefined;
    return decryptSdmLrpFileData(crypto, encKey, readCounter!, encFileData);
  } finally {
    macKey.wipe();
    encKey.wipe();
  }
}

/**
 * Verifies a SUN message. The caller must still raise the counter stored for the UID in the same
 * atomic step in which it compares it: a recorded message passes here for ever.
 * @throws sdm-malformed, sdm-mac-invalid
 */
export function verifySun(crypto: CryptoProvider, keys: SunKeys, message: SunMessage): SunRead {
  const { cmac, encFileData, messaging } = message;
  if (cmac.length !== MAC_LENGTH)
    throw sunMalformed(`an SDM MAC has ${MAC_LENGTH} bytes, not ${cmac.length}`);
  if (encFileData !== undefined && (encFileData.length === 0 || encFileData.length % 16 !== 0))
    throw sunMalformed(`encrypted file data of ${encFileData.length} bytes`);
  const identity = identityOf(crypto, keys, message);
  // Table 71: a chip cannot be set so, which makes the message somebody's invention.
  if (encFileData !== undefined && !(identity.uid && identity.readCounter !== undefined))
    throw sunMalformed("encrypted file data without UID and counter");
  const key = keys.fileReadKey(identity.uid);
  const read = messaging === "aes" ? readAes : readLrp;
  const fileData = read(crypto, key, identity, message);
  return fileData === undefined ? identity : { ...identity, fileData };
}
