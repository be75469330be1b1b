import { concat } from "../../protocol/encoding/bytes.ts";
import { type ChipAes, truncateMac } from "./ntag424-aes.ts";
import { type ChipFile, FREE, NEVER } from "./ntag424-file.ts";
import { lrpCmac, lrpEncrypt, lrpKeys } from "./ntag424-lrp.ts";
import { NOT_MIRRORED } from "./ntag424-sdm-rules.ts";

/** What the chip mirrors into a file, apart from the file itself. */
export interface SdmInput {
  readonly uid: Uint8Array;
  readonly keys: readonly Uint8Array[];
  /** Random bytes, drawn afresh for each first read. */
  readonly padding: (length: number) => Uint8Array;
  /** The chip is in LRP mode. */
  readonly lrp?: boolean;
}

const HEX = "0123456789ABCDEF";

/** EncodeASCII of §9.3.3: capitals. */
function ascii(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(2 * bytes.length);
  for (let i = 0; i < bytes.length; i++) {
    out[2 * i] = HEX.charCodeAt(bytes[i]! >> 4);
    out[2 * i + 1] = HEX.charCodeAt(bytes[i]! & 15);
  }
  return out;
}

/** The counter as cryptography and binary fields have it: least significant byte first. */
function counterLsb(counter: number): Uint8Array {
  return Uint8Array.of(counter & 0xff, (counter >> 8) & 0xff, counter >> 16);
}

/**
 * PICCDataTag ‖ UID ‖ SDMReadCtr ‖ random padding, in one block (§9.3.4): CBC with a zero IV, or
 * in LRP mode with a random number as its counter, which goes in front.
 */
function piccData(file: ChipFile, input: SdmInput, aes: ChipAes): Uint8Array {
  const sdm = file.sdm!;
  const piccRand = input.lrp ? input.padding(8) : undefined;
  const tag = (sdm.uid ? 0x87 : 0) | (sdm.readCounter ? 0x40 : 0);
  const known = concat(Uint8Array.of(tag), context(file, input.uid));
  const plain = concat(known, input.padding(16 - known.length));
  const key = input.keys[sdm.metaRead]!;
  if (piccRand === undefined) return aes.encryptCbc(key, new Uint8Array(16), plain);
  const [metaKey] = lrpKeys(aes, key, 1);
  return concat(piccRand, lrpEncrypt(aes, metaKey!, piccRand.slice(), plain));
}

/** UID and SDMReadCtr, as far as they are mirrored. */
function context(file: ChipFile, uid: Uint8Array): Uint8Array {
  const none = new Uint8Array(0);
  const { sdm, readCounter } = file;
  return concat(sdm!.uid ? uid : none, sdm!.readCounter ? counterLsb(readCounter) : none);
}

/** What is computed with the session keys of §9.3.9. */
interface FileCipher {
  mac(covered: Uint8Array): Uint8Array;
  encrypt(plain: Uint8Array): Uint8Array;
}

/** AES mode (§9.3.9.1): one key for each purpose, told apart by a label. */
function aesFileCipher(file: ChipFile, input: SdmInput, aes: ChipAes): FileCipher {
  const fileKey = input.keys[file.sdm!.fileRead]!;
  const keyOf = (label: readonly number[]): Uint8Array => {
    const sv = new Uint8Array(16);
    sv.set(concat(Uint8Array.from([...label, 0, 1, 0, 0x80]), context(file, input.uid)));
    return aes.cmac(fileKey, sv);
  };
  return {
    mac: (covered) => aes.macT(keyOf([0x3c, 0xc3]), covered),
    encrypt: (plain) => {
      const encKey = keyOf([0xc3, 0x3c]);
      const ivInput = new Uint8Array(16);
      ivInput.set(counterLsb(file.readCounter));
      return aes.encryptCbc(encKey, aes.encryptCbc(encKey, new Uint8Array(16), ivInput), plain);
    },
  };
}

/** LRP mode (§9.3.9.2): one master key, of which updated key 0 MACs and 1 encrypts. */
function lrpFileCipher(file: ChipFile, input: SdmInput, aes: ChipAes): FileCipher {
  const sv = new Uint8Array(16);
  sv.set(concat(Uint8Array.of(0, 1, 0, 0x80), context(file, input.uid)));
  sv.set([0x1e, 0xe1], 14);
  const fileKey = input.keys[file.sdm!.fileRead]!;
  const master = lrpCmac(aes, lrpKeys(aes, fileKey, 1)[0]!, sv);
  const [macKey, encKey] = lrpKeys(aes, master, 2);
  return {
    mac: (covered) => truncateMac(lrpCmac(aes, macKey!, covered)),
    encrypt: (plain) => {
      const counter = concat(counterLsb(file.readCounter), new Uint8Array(3));
      return lrpEncrypt(aes, encKey!, counter, plain);
    },
  };
}

/**
 * The file as an unauthenticated reader sees it: with everything mirrored that its settings call
 * for (§9.3.3 to §9.3.9). The MAC comes last, since it covers what the others wrote.
 */
export function dynamicContent(file: ChipFile, input: SdmInput, aes: ChipAes): Uint8Array {
  const out = file.content.slice();
  const sdm = file.sdm;
  if (sdm === undefined) return out;
  if (sdm.metaRead === FREE) {
    if (sdm.uidOffset !== undefined) out.set(ascii(input.uid), sdm.uidOffset);
    if (sdm.readCounterOffset !== undefined && sdm.readCounterOffset !== NOT_MIRRORED) {
      // Shown most significant byte first, unlike everywhere else (§9.3.1).
      out.set(ascii(counterLsb(file.readCounter).reverse()), sdm.readCounterOffset);
    }
  } else if (sdm.metaRead !== NEVER) {
    out.set(ascii(piccData(file, input, aes)), sdm.piccDataOffset!);
  }
  if (sdm.fileRead === NEVER) return out;
  const cipher = (input.lrp ? lrpFileCipher : aesFileCipher)(file, input, aes);
  if (sdm.encOffset !== undefined) {
    // Only the first half of the placeholder is plaintext (§9.3.6).
    const plain = file.content.slice(sdm.encOffset, sdm.encOffset + sdm.encLength! / 2);
    out.set(ascii(cipher.encrypt(plain)), sdm.encOffset);
  }
  const covered = out.slice(sdm.macInputOffset!, sdm.macOffset!);
  out.set(ascii(cipher.mac(covered)), sdm.macOffset!);
  return out;
}
