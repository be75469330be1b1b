import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import type { Random } from "../../protocol/platform.ts";
import { Ntag424 } from "./ntag424.ts";
import { NEVER } from "./ntag424-file.ts";
import { factoryMemory, type ShortFileIds } from "./ntag424-memory.ts";

export interface BadgeChipOptions {
  readonly uid: Uint8Array;
  readonly crypto: CryptoProvider;
  /** The chip's own random numbers: `world.rng("chip …")`. */
  readonly random: Random;
  /** Five AES-128 keys; those left out stay as they left the factory. */
  readonly keys?: readonly (Uint8Array | undefined)[];
  /** Content of the NDEF file with its length NLEN, at most 256 bytes. */
  readonly ndefFile: Uint8Array;
  /** Where the chip mirrors into the NDEF file; without it the file is static. */
  readonly sdm?: {
    readonly metaReadKey: number;
    readonly fileReadKey: number;
    readonly piccDataOffset: number;
    readonly macInputOffset: number;
    readonly macOffset: number;
  };
  readonly shortIds?: ShortFileIds;
  /** Value of SDMReadCtr: how often the badge has been read. */
  readonly counter?: number;
}

/**
 * A personalised badge: keys written, NDEF file filled and closed for writing, SDM on. What an
 * encoder reaches with ChangeKey, WriteData and ChangeFileSettings, in one step.
 */
export function createBadgeChip(options: BadgeChipOptions): Ntag424 {
  const { uid, crypto, random, ndefFile, sdm, counter = 0 } = options;
  const { shortIds = "file-id" } = options;
  const memory = factoryMemory({ uid, crypto, random, shortIds });
  options.keys?.forEach((value, i) => {
    if (value === undefined) return;
    if (value.length !== 16 || i > 4) throw new RangeError("five keys of 16 bytes");
    memory.keys[i] = { value: value.slice(), version: 1 };
  });
  const chip = new Ntag424(memory);
  const file = chip.file(2);
  if (ndefFile.length > file.content.length) throw new RangeError("the NDEF file has 256 bytes");
  file.content.set(ndefFile);
  file.access = { read: 0xe, write: 0x0, readWrite: 0x0, change: 0x0 };
  chip.file(1).content[14] = 0x80; // NDEF write access in the CC: proprietary, not free
  if (sdm !== undefined) {
    chip.enableSdm({
      uid: true,
      readCounter: true,
      metaRead: sdm.metaReadKey,
      fileRead: sdm.fileReadKey,
      counterRead: NEVER,
      piccDataOffset: sdm.piccDataOffset,
      macInputOffset: sdm.macInputOffset,
      macOffset: sdm.macOffset,
    });
    file.readCounter = counter;
  }
  return chip;
}
