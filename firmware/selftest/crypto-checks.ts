import { aesCmac } from "../../protocol/crypto/cmac.ts";
import { hkdf } from "../../protocol/crypto/hkdf.ts";
import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { bytesCheck, type Check, hex, truthCheck } from "./check.ts";

const SEED_1 = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const KEY_1 = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
const SIGNATURE_1 =
  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155" +
  "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";
const SEED_3 = "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7";
const KEY_3 = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025";
const SIGNATURE_3 =
  "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac" +
  "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a";

const AES_128 = "2b7e151628aed2a6abf7158809cf4f3c";
const AES_256 = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4";
const BLOCKS = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51";
const IV = "000102030405060708090a0b0c0d0e0f";
const CBC_256 = "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d";

const GCM_KEY = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
const GCM_NONCE = "cafebabefacedbaddecaf888";
const GCM_AAD = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
const GCM_PLAIN =
  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" +
  "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
const GCM_SEALED =
  "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa" +
  "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b";

const ALICE = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
const BOB_PUBLIC = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
const SHARED = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";

/** Published figures for every primitive of a provider, each with its source in its name. */
export function cryptoChecks(crypto: CryptoProvider): readonly Check[] {
  return [...hashChecks(crypto), ...cipherChecks(crypto), ...curveChecks(crypto)];
}

function hashChecks(crypto: CryptoProvider): readonly Check[] {
  const million = new Uint8Array(1000).fill(0x61);
  return [
    bytesCheck(
      "SHA-256, abc (FIPS 180-4)",
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      () => crypto.sha256(toUtf8("abc")),
    ),
    bytesCheck(
      "SHA-256, 1000 times a",
      "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3",
      () => crypto.sha256(million),
    ),
    bytesCheck(
      "HMAC-SHA-256, case 2 (RFC 4231)",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
      () => crypto.hmacSha256(toUtf8("Jefe"), toUtf8("what do ya want for nothing?")),
    ),
    bytesCheck(
      "HMAC-SHA-256, case 6: a long key (RFC 4231)",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
      () =>
        crypto.hmacSha256(
          new Uint8Array(131).fill(0xaa),
          toUtf8("Test Using Larger Than Block-Size Key - Hash Key First"),
        ),
    ),
    bytesCheck(
      "HKDF-SHA-256, case 1 (RFC 5869)",
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
      () => {
        const ikm = new Uint8Array(22).fill(0x0b);
        return hkdf(
          crypto,
          ikm,
          hex("000102030405060708090a0b0c"),
          hex("f0f1f2f3f4f5f6f7f8f9"),
          42,
        );
      },
    ),
  ];
}

function cipherChecks(crypto: CryptoProvider): readonly Check[] {
  const seal = () => crypto.aesGcmSeal(hex(GCM_KEY), hex(GCM_NONCE), hex(GCM_AAD), hex(GCM_PLAIN));
  const open = (sealed: Uint8Array) =>
    crypto.aesGcmOpen(hex(GCM_KEY), hex(GCM_NONCE), hex(GCM_AAD), sealed);
  return [
    bytesCheck("AES-128, one block (FIPS 197 C.1)", "69c4e0d86a7b0430d8cdb78070b4c55a", () =>
      crypto.aesEncryptBlock(hex(IV), hex("00112233445566778899aabbccddeeff")),
    ),
    bytesCheck("AES-256-CBC, encrypted (SP 800-38A F.2.5)", CBC_256, () =>
      crypto.aesCbcEncrypt(hex(AES_256), hex(IV), hex(BLOCKS)),
    ),
    bytesCheck("AES-256-CBC, decrypted (SP 800-38A F.2.6)", BLOCKS, () =>
      crypto.aesCbcDecrypt(hex(AES_256), hex(IV), hex(CBC_256)),
    ),
    bytesCheck("AES-128-CMAC, 20 bytes (SP 800-38B D.1)", "7d85449ea6ea19c823a7bf78837dfade", () =>
      aesCmac(crypto, hex(AES_128), hex(BLOCKS).slice(0, 20)),
    ),
    bytesCheck("AES-256-GCM, test case 16", GCM_SEALED, seal),
    bytesCheck("AES-256-GCM opens it", GCM_PLAIN, () => open(hex(GCM_SEALED)) ?? hex("")),
    truthCheck("AES-256-GCM opens nothing that was altered", false, () => {
      const sealed = hex(GCM_SEALED);
      sealed[sealed.length - 1] = sealed[sealed.length - 1]! ^ 1;
      return open(sealed) !== undefined;
    }),
    bytesCheck(
      "AES-256-GCM, a nonce of zeros: test case 14",
      "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
      () => crypto.aesGcmSeal(new Uint8Array(32), new Uint8Array(12), hex(""), new Uint8Array(16)),
    ),
  ];
}

function curveChecks(crypto: CryptoProvider): readonly Check[] {
  const verify = (key: string, message: string, signature: string) =>
    crypto.ed25519Verify(hex(key), hex(message), hex(signature));
  return [
    bytesCheck("Ed25519 public key, test 1 (RFC 8032 7.1)", KEY_1, () =>
      crypto.ed25519PublicKey(hex(SEED_1)),
    ),
    bytesCheck("Ed25519 signature, test 1 (RFC 8032 7.1)", SIGNATURE_1, () =>
      crypto.ed25519Sign(hex(SEED_1), hex("")),
    ),
    bytesCheck("Ed25519 signature, test 3 (RFC 8032 7.1)", SIGNATURE_3, () =>
      crypto.ed25519Sign(hex(SEED_3), hex("af82")),
    ),
    truthCheck("Ed25519 verifies test 3", true, () => verify(KEY_3, "af82", SIGNATURE_3)),
    truthCheck("Ed25519 refuses another message", false, () => verify(KEY_3, "af83", SIGNATURE_3)),
    truthCheck("Ed25519 refuses a key of small order", false, () =>
      verify(`01${"00".repeat(31)}`, "af82", `01${"00".repeat(63)}`),
    ),
    bytesCheck(
      "X25519 public key (RFC 7748 6.1)",
      "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
      () => crypto.x25519PublicKey(hex(ALICE)),
    ),
    bytesCheck(
      "X25519 shared secret (RFC 7748 6.1)",
      SHARED,
      () => crypto.x25519(hex(ALICE), hex(BOB_PUBLIC)) ?? hex(""),
    ),
    truthCheck(
      "X25519 gives nothing for a key of small order",
      false,
      () => crypto.x25519(hex(ALICE), new Uint8Array(32)) !== undefined,
    ),
  ];
}
