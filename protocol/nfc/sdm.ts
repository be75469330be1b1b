import { aesCmac } from "../crypto/cmac.ts";
import { constantTimeEqual } from "../crypto/constant-time.ts";
import type { CryptoProvider } from "../crypto/provider.ts";
import { concat } from "../encoding/bytes.ts";
import { LatchkeyError } from "../errors.ts";

/**
 * Secure Dynamic Messaging of the NTAG 424 DNA in AES mode (NT4H2421Gx §9.3): on every first
 * read the chip writes its encrypted identity and a MAC into the file, so that the server can
 * tell this read of this chip from a copy. All keys have 16 bytes.
 */
export interface PiccData {
  /** 7 bytes. */
  readonly uid: Uint8Array;
  /** SDMReadCtr, 24 bits; rises by one with every first read. */
  readonly readCounter: number;
}

/** What the chip mirrored into the file, decoded from ASCII. */
export interface SdmMessage {
  /** PICCENCData, 16 bytes. */
  readonly picc: Uint8Array;
  /** SDMMAC, 8 bytes. */
  readonly cmac: Uint8Array;
  /** The file's bytes from SDMMACInputOffset to SDMMACOffset as read; empty when absent. */
  readonly macInput?: Uint8Array;
}

export interface SdmKeys {
  /** SDMMetaReadKey; one per tenant, because it is needed before the UID is known. */
  readonly metaReadKey: Uint8Array;
  /** SDMFileReadKey of the chip with this UID (see `diversifyChipKey`). */
  fileReadKey(uid: Uint8Array): Uint8Array;
}

const PICC_DATA_LENGTH = 16;
const MAC_LENGTH = 8;
/** PICCDataTag (§9.3.4, Table 21): UID and counter both mirrored, UID of 7 bytes. */
const TAG_UID7_COUNTER = 0xc7;
/** The labels of SV1 and SV2 (§9.3.9.1). */
const LABEL_ENC = 0xc33c;
const LABEL_MAC = 0x3cc3;

function sdmMalformed(message: string): LatchkeyError {
  return new LatchkeyError("sdm-malformed", { message });
}

/** SDMReadCtr as cryptographic calculations have it: 3 bytes, LSB first (§9.3.1). */
export function counterLsbFirst(readCounter: number): Uint8Array {
  if (!(Number.isInteger(readCounter) && readCounter >= 0 && readCounter <= 0xffffff))
    throw new RangeError(`sdm: read counter ${readCounter}`);
  return Uint8Array.of(readCounter & 255, (readCounter >> 8) & 255, readCounter >> 16);
}

/**
 * Opens PICCENCData (§9.3.4.1). That it decrypts to something of the right form proves nothing
 * yet: the MAC does, see {@link verifySdm}.
 * @throws sdm-malformed when the length or the PICCDataTag is wrong (or the key is).
 */
export function decryptPiccData(
  crypto: CryptoProvider,
  metaReadKey: Uint8Array,
  picc: Uint8Array,
): PiccData {
  if (picc.length !== PICC_DATA_LENGTH)
    throw sdmMalformed(`PICC data has ${PICC_DATA_LENGTH} bytes, not ${picc.length}`);
  const plain = crypto.aesCbcDecrypt(metaReadKey, new Uint8Array(16), picc);
  if (plain[0] !== TAG_UID7_COUNTER)
    throw sdmMalformed("PICC data does not hold a 7-byte UID and a counter under this key");
  const readCounter = plain[8]! | (plain[9]! << 8) | (plain[10]! << 16);
  return { uid: plain.slice(1, 8), readCounter };
}

/**
 * What the session keys of a read are derived from beside the key: UID ‖ SDMReadCtr, each only if
 * it is mirrored (§9.3.9).
 */
export function sdmContext(uid: Uint8Array | undefined, readCounter: number | undefined) {
  if (uid !== undefined && uid.length !== 7)
    throw new RangeError(`sdm: a UID of ${uid.length} bytes`);
  const counter = readCounter === undefined ? new Uint8Array(0) : counterLsbFirst(readCounter);
  return concat(uid ?? new Uint8Array(0), counter);
}

/** SV1 or SV2 = label ‖ 00 01 00 80 ‖ context, padded with zeros to 16 bytes (§9.3.9.1). */
function sessionKey(
  crypto: CryptoProvider,
  label: number,
  fileReadKey: Uint8Array,
  uid: Uint8Array | undefined,
  readCounter: number | undefined,
): Uint8Array {
  const vector = new Uint8Array(16);
  vector.set([label >> 8, label & 255, 0x00, 0x01, 0x00, 0x80]);
  vector.set(sdmContext(uid, readCounter), 6);
  return aesCmac(crypto, fileReadKey, vector);
}

/** SesSDMFileReadENCKey, 16 bytes. */
export function sdmSessionEncKey(
  crypto: CryptoProvider,
  fileReadKey: Uint8Array,
  uid: Uint8Array,
  readCounter: number,
): Uint8Array {
  return sessionKey(crypto, LABEL_ENC, fileReadKey, uid, readCounter);
}

/** SesSDMFileReadMACKey, 16 bytes. What the file does not mirror is `undefined`. */
export function sdmSessionMacKey(
  crypto: CryptoProvider,
  fileReadKey: Uint8Array,
  uid: Uint8Array | undefined,
  readCounter: number | undefined,
): Uint8Array {
  return sessionKey(crypto, LABEL_MAC, fileReadKey, uid, readCounter);
}

/** MACt: the bytes at the odd indices 1, 3, … 15 of a CMAC (§9.1.3). */
export function truncateMac(cmac: Uint8Array): Uint8Array {
  return cmac.filter((_, index) => index % 2 === 1);
}

/** SDMMAC (§9.3.8.1), 8 bytes. The MAC is bound to UID and counter by its key. */
export function sdmMac(
  crypto: CryptoProvider,
  fileReadKey: Uint8Array,
  uid: Uint8Array | undefined,
  readCounter: number | undefined,
  macInput: Uint8Array,
): Uint8Array {
  const key = sdmSessionMacKey(crypto, fileReadKey, uid, readCounter);
  const mac = truncateMac(aesCmac(crypto, key, macInput));
  key.fill(0);
  return mac;
}

/** Opens SDMENCFileData (§9.3.6.1); its length must be a multiple of 16. */
export function decryptSdmFileData(
  crypto: CryptoProvider,
  fileReadKey: Uint8Array,
  { uid, readCounter }: PiccData,
  encFileData: Uint8Array,
): Uint8Array {
  if (encFileData.length === 0 || encFileData.length % 16 !== 0)
    throw sdmMalformed(`encrypted file data of ${encFileData.length} bytes`);
  const key = sdmSessionEncKey(crypto, fileReadKey, uid, readCounter);
  const counterBlock = new Uint8Array(16);
  counterBlock.set(counterLsbFirst(readCounter));
  const iv = crypto.aesEncryptBlock(key, counterBlock);
  const plain = crypto.aesCbcDecrypt(key, iv, encFileData);
  key.fill(0);
  return plain;
}

/**
 * Whose read this was, proved by the MAC. The caller must still see to it that `readCounter` is
 * above the one stored for `uid`, in one atomic step; otherwise a recorded read passes again.
 * @throws sdm-malformed, sdm-mac-invalid
 */
export function verifySdm(crypto: CryptoProvider, keys: SdmKeys, message: SdmMessage): PiccData {
  const { picc, cmac, macInput = new Uint8Array(0) } = message;
  if (cmac.length !== MAC_LENGTH)
    throw sdmMalformed(`an SDM MAC has ${MAC_LENGTH} bytes, not ${cmac.length}`);
  const read = decryptPiccData(crypto, keys.metaReadKey, picc);
  const key = keys.fileReadKey(read.uid);
  const expected = sdmMac(crypto, key, read.uid, read.readCounter, macInput);
  if (!constantTimeEqual(expected, cmac)) throw new LatchkeyError("sdm-mac-invalid");
  return read;
}
