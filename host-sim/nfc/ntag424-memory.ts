import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import { fromHex } from "../../protocol/encoding/hex.ts";
import type { Random } from "../../protocol/platform.ts";
import { ChipAes } from "./ntag424-aes.ts";
import type { ChipFile } from "./ntag424-file.ts";

export interface ChipKey {
  readonly value: Uint8Array;
  readonly version: number;
}

/**
 * What the chip takes for its work, in µs. NXP publishes no such figures: these are assumptions,
 * on the slow side of what single commands were seen to take, so that budgets are not flattered.
 */
export const NTAG424_TIMES_US = Object.freeze({
  command: 600,
  byteRead: 2,
  aesBlock: 150,
  /** One AES inside the leakage resilient primitive, which chains hundreds of them. */
  lrpStep: 20,
  counterWrite: 2_500,
  byteWritten: 40,
});

/**
 * Which short file identifiers ISOReadBinary knows. The data sheet defines the field (Table 87)
 * but no values. `file-id` is ISO/IEC 7816-4's rule, the five low bits of the file identifier;
 * `file-number` is what some drivers assume. A driver that must work with any chip selects the
 * file, or reads it by number with ReadData.
 */
export type ShortFileIds = "file-id" | "file-number" | "none";

/** What SetConfiguration sets, apart from Random ID (NT4H2421Gx Table 50). */
export interface ChipConfiguration {
  /** Option 05, PDCap2.1 bit 1: LRP instead of AES. Cannot be taken back. */
  lrp: boolean;
  /** Option 05: PDCap2.5 and PDCap2.6, which mean nothing to the chip. */
  pdCap5: number;
  pdCap6: number;
  /** Option 04: no writing in chained frames (WriteData and ISOUpdateBinary). */
  chainedWritesOff: boolean;
  /** Option 0A. */
  failureCounting: boolean;
  failureLimit: number;
  failureDecrement: number;
  /** Option 0B. */
  strongBackModulation: boolean;
}

/** What the chip knows about failed authentications with one key (AN12196 §7.4). */
export interface AuthenticationFailures {
  /** TotFailCtr: the key is locked once it reaches the limit. */
  total: number;
  /** SeqFailCtr: failures in a row, at most 255. */
  consecutive: number;
  /** SpentTimeCtr: units of the present delay that are spent. */
  spentTime: number;
}

/** Non-volatile state of one NTAG 424 DNA, and the engines that work on it. */
export interface ChipMemory {
  readonly uid: Uint8Array;
  readonly keys: ChipKey[];
  readonly files: readonly ChipFile[];
  /** SetConfiguration option 00; cannot be taken back. */
  randomId: boolean;
  readonly configuration: ChipConfiguration;
  /** By key number. */
  readonly failures: readonly AuthenticationFailures[];
  readonly shortIds: ShortFileIds;
  /** NXP's signature over the UID (56 bytes), if this chip has one. */
  readonly signature: Uint8Array | undefined;
  /**
   * OriginalityKey 1 to 4, which only NXP knows. Without them the chip lets itself be asked and
   * accepts no answer, as a real one does towards everybody else.
   */
  readonly originalityKeys: readonly Uint8Array[] | undefined;
  /** Production data of GetVersion: batch, FabKey, week, year. */
  readonly production: Uint8Array;
  readonly aes: ChipAes;
  readonly random: Random;
}

/** The CC file at delivery (NT4H2421Gx §8.2.3.2), with write access to the NDEF file. */
const FACTORY_CC = "001720010000ff0406e104010000000506e105008082830000000000000000";

export interface ChipIdentity {
  /** Seven bytes, the first of them 04 (NXP). */
  readonly uid: Uint8Array;
  readonly crypto: CryptoProvider;
  readonly random: Random;
  readonly signature?: Uint8Array;
  /** Four, for keys 1 to 4. */
  readonly originalityKeys?: readonly Uint8Array[];
  /** `file-id` unless said otherwise. */
  readonly shortIds?: ShortFileIds;
}

/** A chip as it leaves the factory: five zero keys, empty files, free NDEF file (§8.2). */
export function factoryMemory(identity: ChipIdentity): ChipMemory {
  if (identity.uid.length !== 7) throw new RangeError("an NTAG 424 DNA has a UID of 7 bytes");
  const cc = new Uint8Array(32);
  cc.set(fromHex(FACTORY_CC));
  const file = (number: number, content: Uint8Array, rights: number[]): ChipFile => ({
    number,
    isoId: 0xe102 + number,
    content,
    commMode: number === 3 ? "full" : "plain",
    access: {
      read: rights[0]!,
      write: rights[1]!,
      readWrite: rights[2]!,
      change: rights[3]!,
    },
    sdm: undefined,
    readCounter: 0,
  });
  return {
    uid: identity.uid.slice(),
    keys: Array.from({ length: 5 }, () => ({ value: new Uint8Array(16), version: 0 })),
    files: [
      file(1, cc, [0xe, 0x0, 0x0, 0x0]),
      file(2, new Uint8Array(256), [0xe, 0xe, 0xe, 0x0]),
      file(3, new Uint8Array(128), [0x2, 0x3, 0x3, 0x0]),
    ],
    randomId: false,
    configuration: factoryConfiguration(),
    failures: Array.from({ length: 5 }, noFailures),
    shortIds: identity.shortIds ?? "file-id",
    signature: identity.signature?.slice(),
    originalityKeys: identity.originalityKeys?.map((key) => key.slice()),
    production: fromHex("cf5d9045104621"),
    aes: new ChipAes(identity.crypto),
    random: identity.random,
  };
}

export function noFailures(): AuthenticationFailures {
  return { total: 0, consecutive: 0, spentTime: 0 };
}

/** As delivered: limit 1000 and decrement 10 (Table 50). */
function factoryConfiguration(): ChipConfiguration {
  return {
    lrp: false,
    pdCap5: 0,
    pdCap6: 0,
    chainedWritesOff: false,
    failureCounting: true,
    failureLimit: 1000,
    failureDecrement: 10,
    strongBackModulation: true,
  };
}
