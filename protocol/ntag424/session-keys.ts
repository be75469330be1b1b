import { aesCmac } from "../crypto/cmac.ts";
import type { CryptoProvider } from "../crypto/provider.ts";
import { concat, xor } from "../encoding/bytes.ts";
import { type LrpKey, lrpKeys } from "./lrp.ts";
import { lrpCmac } from "./lrp-cmac.ts";

/**
 * Session keys of NT4H2421Gx §9.1.7 (AES) and §9.2.7 (LRP). The data sheet counts the bytes of
 * RndA and RndB from the right: RndA[15..14] are the first two as they travel.
 */
const LABEL_ENC = Object.freeze([0xa5, 0x5a]);
const LABEL_MAC = Object.freeze([0x5a, 0xa5]);
const LABEL_LRP = Object.freeze([0x96, 0x69]);
/** Counter 0001h, length 0080h: one key of 128 bits (SP 800-108). */
const ONE_KEY = Object.freeze([0x00, 0x01, 0x00, 0x80]);

/** The 26 bytes that both sides contribute to. */
function context(rndA: Uint8Array, rndB: Uint8Array): Uint8Array {
  return concat(
    rndA.subarray(0, 2),
    xor(rndA.subarray(2, 8), rndB.subarray(0, 6)),
    rndB.subarray(6),
    rndA.subarray(8),
  );
}

/** SV1 (for encryption) or SV2 (for the MAC), 32 bytes. */
export function ev2SessionVector(
  purpose: "enc" | "mac",
  rndA: Uint8Array,
  rndB: Uint8Array,
): Uint8Array {
  const label = purpose === "enc" ? LABEL_ENC : LABEL_MAC;
  return concat(Uint8Array.of(...label, ...ONE_KEY), context(rndA, rndB));
}

/** SV of LRP mode, 32 bytes: the label stands at the end. */
export function lrpSessionVector(rndA: Uint8Array, rndB: Uint8Array): Uint8Array {
  return concat(Uint8Array.from(ONE_KEY), context(rndA, rndB), Uint8Array.from(LABEL_LRP));
}

/** SesAuthENCKey and SesAuthMACKey of AES mode, 16 bytes each. */
export function ev2SessionKeys(
  crypto: CryptoProvider,
  key: Uint8Array,
  rndA: Uint8Array,
  rndB: Uint8Array,
): { encKey: Uint8Array; macKey: Uint8Array } {
  return {
    encKey: aesCmac(crypto, key, ev2SessionVector("enc", rndA, rndB)),
    macKey: aesCmac(crypto, key, ev2SessionVector("mac", rndA, rndB)),
  };
}

/** MAC_LRP(key, message) under a static AES key: its first updated key (§9.2.7, §9.3.9.2). */
export function lrpMasterKey(
  crypto: CryptoProvider,
  key: Uint8Array,
  vector: Uint8Array,
): Uint8Array {
  const [lrpKey] = lrpKeys(crypto, key, 1);
  const master = lrpCmac(crypto, lrpKey!, vector);
  lrpKey!.wipe();
  return master;
}

/** The two LRP keys under a session's master key: updated key 0 is the MAC's, 1 the cipher's. */
export function lrpSessionKeys(
  crypto: CryptoProvider,
  masterKey: Uint8Array,
): { macKey: LrpKey; encKey: LrpKey } {
  const [macKey, encKey] = lrpKeys(crypto, masterKey, 2);
  return { macKey: macKey!, encKey: encKey! };
}
