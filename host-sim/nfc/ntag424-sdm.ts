import { concat } from "../../protocol/encoding/bytes.ts";
import type { ChipAes } from "./ntag424-aes.ts";
import { type ChipFile, FREE, NEVER, NOT_MIRRORED } from "./ntag424-file.ts";

/** What the chip mirrors into a file, apart from the file itself. */
export interface SdmInput {
  readonly uid: Uint8Array;
  readonly keys: readonly Uint8Array[];
  /** Random bytes, drawn afresh for each first read. */
  readonly padding: (length: number) => Uint8Array;
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
 * PICCDataTag ‖ UID ‖ SDMReadCtr ‖ random padding, in one CBC block with a zero IV (§9.3.4).
 */
function piccData(file: ChipFile, input: SdmInput, aes: ChipAes): Uint8Array {
  const sdm = file.sdm!;
  const tag = (sdm.uid ? 0x87 : 0) | (sdm.readCounter ? 0x40 : 0);
  const known = concat(
    Uint8Array.of(tag),
    sdm.uid ? input.uid : new Uint8Array(0),
    sdm.readCounter ? counterLsb(file.readCounter) : new Uint8Array(0),
  );
  const plain = concat(known, input.padding(16 - known.length));
  return aes.encryptCbc(input.keys[sdm.metaRead]!, new Uint8Array(16), plain);
}

/** A session vector of §9.3.9.1: label, counter 1, length 128 bits, context, zeros. */
function sessionVector(label: number, file: ChipFile, uid: Uint8Array): Uint8Array {
  const sv = new Uint8Array(16);
  sv.set([label >> 8, label & 0xff, 0x00, 0x01, 0x00, 0x80]);
  let at = 6;
  if (file.sdm!.uid) {
    sv.set(uid, at);
    at += uid.length;
  }
  if (file.sdm!.readCounter) sv.set(counterLsb(file.readCounter), at);
  return sv;
}

/**
 * The file as an unauthenticated reader sees it: with everything mirrored that its settings call
 * for (§9.3.3 to §9.3.9, AES mode). The MAC comes last, since it covers what the others wrote.
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
  const fileKey = input.keys[sdm.fileRead]!;
  if (sdm.encOffset !== undefined) {
    const encKey = aes.cmac(fileKey, sessionVector(0xc33c, file, input.uid));
    const ivInput = new Uint8Array(16);
    ivInput.set(counterLsb(file.readCounter));
    const iv = aes.encryptCbc(encKey, new Uint8Array(16), ivInput);
    // Only the first half of the placeholder is plaintext (§9.3.6).
    const plain = file.content.slice(sdm.encOffset, sdm.encOffset + sdm.encLength! / 2);
    out.set(ascii(aes.encryptCbc(encKey, iv, plain)), sdm.encOffset);
  }
  const macKey = aes.cmac(fileKey, sessionVector(0x3cc3, file, input.uid));
  const covered = out.slice(sdm.macInputOffset!, sdm.macOffset!);
  out.set(ascii(aes.macT(macKey, covered)), sdm.macOffset!);
  return out;
}
