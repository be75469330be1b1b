import type { CryptoProvider } from "../crypto/provider.ts";
import { concat } from "../encoding/bytes.ts";
import { type LrpKey, lricbDecrypt, lrpKeys } from "../ntag424/lrp.ts";
import { lrpCmac } from "../ntag424/lrp-cmac.ts";
import { lrpMasterKey, lrpSessionKeys } from "../ntag424/session-keys.ts";
import { counterLsbFirst, sdmContext, truncateMac } from "./sdm.ts";

/** Secure Dynamic Messaging in LRP mode (NT4H2421Gx §9.3). All static keys have 16 bytes. */
const LABEL = Object.freeze([0x1e, 0xe1]);
const PICC_RAND_LENGTH = 8;

/**
 * SV = 00 01 00 80 ‖ context ‖ zeros ‖ 1E E1, 16 or 32 bytes: the label ends the last block
 * (§9.3.9.2).
 */
export function sdmLrpSessionVector(context: Uint8Array): Uint8Array {
  const length = Math.ceil((4 + context.length + LABEL.length) / 16) * 16;
  const out = new Uint8Array(length);
  out.set([0x00, 0x01, 0x00, 0x80]);
  out.set(context, 4);
  out.set(LABEL, length - LABEL.length);
  return out;
}

/** The plain text of PICCData: PICCRand (8) ‖ one block under LRICB (§9.3.4.2). */
export function openLrpPiccData(
  crypto: CryptoProvider,
  metaReadKey: Uint8Array,
  picc: Uint8Array,
): Uint8Array {
  const [key] = lrpKeys(crypto, metaReadKey, 1);
  const counter = picc.subarray(0, PICC_RAND_LENGTH);
  const plain = lricbDecrypt(crypto, key!, counter, picc.subarray(PICC_RAND_LENGTH));
  key!.wipe();
  return plain;
}

/** SesSDMFileReadMACKey and SesSDMFileReadENCKey. The caller wipes them. */
export function sdmLrpSessionKeys(
  crypto: CryptoProvider,
  fileReadKey: Uint8Array,
  uid: Uint8Array | undefined,
  readCounter: number | undefined,
): { macKey: LrpKey; encKey: LrpKey } {
  const vector = sdmLrpSessionVector(sdmContext(uid, readCounter));
  const masterKey = lrpMasterKey(crypto, fileReadKey, vector);
  const keys = lrpSessionKeys(crypto, masterKey);
  masterKey.fill(0);
  return keys;
}

/** SDMMAC (§9.3.8.2), 8 bytes. */
export function sdmLrpMac(crypto: CryptoProvider, macKey: LrpKey, input: Uint8Array): Uint8Array {
  return truncateMac(lrpCmac(crypto, macKey, input));
}

/** Opens SDMENCFileData, whole blocks; the counter is SDMReadCtr ‖ 000000h (§9.3.6.2). */
export function decryptSdmLrpFileData(
  crypto: CryptoProvider,
  encKey: LrpKey,
  readCounter: number,
  encFileData: Uint8Array,
): Uint8Array {
  const counter = concat(counterLsbFirst(readCounter), new Uint8Array(3));
  return lricbDecrypt(crypto, encKey, counter, encFileData);
}
