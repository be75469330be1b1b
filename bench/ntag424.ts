import { openPayload, sealPayload } from "../protocol/badge/payload.ts";
import { nobleCrypto } from "../protocol/crypto/noble.ts";
import type { CryptoProvider } from "../protocol/crypto/provider.ts";
import { Secret } from "../protocol/crypto/secret.ts";
import { fromHex } from "../protocol/encoding/hex.ts";
import { diversifyChipKey } from "../protocol/nfc/an10922.ts";
import { sdmMac, verifySdm } from "../protocol/nfc/sdm.ts";
import { verifySun } from "../protocol/nfc/sun.ts";
import { Ev2Handshake } from "../protocol/ntag424/ev2-handshake.ts";
import { LrpHandshake } from "../protocol/ntag424/lrp-handshake.ts";
import { verifyOriginality } from "../protocol/ntag424/originality.ts";
import type { Operation } from "./crypto.ts";

const zeroKey = new Uint8Array(16);
const noCaps = new Uint8Array(6);
const lrpCaps = fromHex("020000000000");

/** AN12196 r1.8 Tables 3 and 30, with a file key that is diversified as a badge's is. */
const picc = fromHex("EF963FF7828658A599F3041510671E88");
const masterKey = new Uint8Array(16).fill(7);
const sunUid = fromHex("04DE5F1EACC040");
const fileReadKey = diversifyChipKey(nobleCrypto, masterKey, sunUid, 2);
const cmac = sdmMac(nobleCrypto, fileReadKey, sunUid, 61, new Uint8Array(0));

const lrpSun = {
  messaging: "lrp" as const,
  picc: fromHex("1FCBE61B3E4CAD980CBFDD333E7A4AC4A579569BAFD22C5F"),
  cmac: fromHex("4231608BA7B02BA9"),
  macInput: new Uint8Array(0),
};

const uid = fromHex("04518DFAA96180");
const signature = fromHex(
  "D1940D17CFEDA4BFF80359AB975F9F6514313E8F90C1D3CAAF5941AD" +
    "744A1CDF9A83F883CAFE0FE95D1939B1B7E47113993324473B785D21",
);

const df1 = new Uint8Array(32).fill(1);
const payload = sealPayload(nobleCrypto, {
  mode: "STD",
  seed: new Uint8Array(32).fill(9),
  df1,
  df2: new Uint8Array(32).fill(2),
  iv: new Uint8Array(16).fill(3),
  uid,
});

/** AN12196 r1.8 Table 14, the side that holds the key, with its session keys at the end. */
function ev2Handshake(crypto: CryptoProvider): void {
  const rndA = fromHex("13C5DB8A5930439FC3DEF9A4C675360F");
  const key = new Secret(zeroKey.slice());
  const handshake = new Ev2Handshake(crypto, { key, rndA, pcdCap: noCaps });
  handshake.answer(fromHex("A04C124213C186F22399D33AC2A30215"));
  handshake.finish(fromHex("3FA64DB5446D1F34CD6EA311167F5E4985B89690C04A05F17FA7AB2F08120663"));
}

/** AN12321 Table 2. */
function lrpHandshake(crypto: CryptoProvider): void {
  const rndA = fromHex("74D7DF6A2CEC0B72B412DE0D2B1117E6");
  const key = new Secret(zeroKey.slice());
  const handshake = new LrpHandshake(crypto, { key, rndA, pcdCap: lrpCaps });
  handshake.answer(fromHex("0156109A31977C855319CD4618C9D2AED2"));
  handshake.finish(fromHex("F4FC209D9D60623588B299FA5D6B2D710125F8547D9FB8D572C90D2C2A14E235"));
}

/** What a server does for a badge; "sun verify" is to take no more than 50 µs with node:crypto. */
export const BADGE_OPERATIONS: readonly Operation[] = [
  {
    name: "sun verify",
    work: (crypto) => {
      const keyOf = (chip: Uint8Array) => diversifyChipKey(crypto, masterKey, chip, 2);
      return verifySdm(crypto, { metaReadKey: zeroKey, fileReadKey: keyOf }, { picc, cmac });
    },
  },
  {
    name: "sun verify, lrp",
    work: (crypto) =>
      verifySun(crypto, { metaReadKey: zeroKey, fileReadKey: () => zeroKey }, lrpSun),
  },
  { name: "ev2 handshake", work: ev2Handshake },
  { name: "lrp handshake", work: lrpHandshake },
  { name: "badge payload open", work: (crypto) => openPayload(crypto, payload, { df1, uid }) },
  { name: "originality signature", work: () => verifyOriginality(uid, signature) },
];
