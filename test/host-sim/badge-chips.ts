import assert from "node:assert/strict";
import { createBadgeChip } from "../../host-sim/nfc/badge-chip.ts";
import { Ntag424 } from "../../host-sim/nfc/ntag424.ts";
import { factoryMemory, type ShortFileIds } from "../../host-sim/nfc/ntag424-memory.ts";
import { Prng } from "../../host-sim/world/prng.ts";
import { buildBadgeFile, parseBadgeFile } from "../../protocol/badge/link.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { verifySdm } from "../../protocol/nfc/sdm.ts";

export const UID = fromHex("04958caa5c5e80");
export const SELECT = "00a4040007d276000085010100";
export const SELECT_NDEF = "00a4000c02e104";
export const READ_ALL = "00b0000000";
export const READ_DATA = "90ad0000070200000000000000";

export function identity(seed = "chip"): {
  uid: Uint8Array;
  crypto: typeof nobleCrypto;
  random: Prng;
} {
  return { uid: UID, crypto: nobleCrypto, random: new Prng(seed, "chip") };
}

export function factory(): Ntag424 {
  const chip = new Ntag424(factoryMemory(identity()));
  chip.fieldOn();
  return chip;
}

export const say = (chip: Ntag424, apdu: string): string =>
  toHex(chip.apdu(fromHex(apdu)).response);
export const keyOf = (fill: number): Uint8Array => new Uint8Array(16).fill(fill);

/** A badge as an encoder makes it, with the badge link of the protocol room. */
export function badge(options: { counter?: number; shortIds?: ShortFileIds } = {}) {
  const payload = Uint8Array.from({ length: 114 }, (_, i) => i);
  const { file, piccOffset, macInputOffset, macOffset } = buildBadgeFile({
    host: "door.example",
    keyId: Uint8Array.of(1, 2, 3),
    payload,
  });
  const chip = createBadgeChip({
    ...identity(),
    keys: [keyOf(0x10), keyOf(0x11), keyOf(0x12)],
    ndefFile: file,
    sdm: { metaReadKey: 1, fileReadKey: 2, piccDataOffset: piccOffset, macInputOffset, macOffset },
    ...options,
  });
  chip.fieldOn();
  return { chip, file, payload, macOffset };
}

/** What the server makes of a read of the file. */
export function verified(file: Uint8Array): { uid: string; counter: number } {
  const { picc, cmac } = parseBadgeFile(file);
  const keys = { metaReadKey: keyOf(0x11), fileReadKey: () => keyOf(0x12) };
  const read = verifySdm(nobleCrypto, keys, { picc, cmac });
  return { uid: toHex(read.uid), counter: read.readCounter };
}

export function readFile(chip: Ntag424, apdus = [SELECT, SELECT_NDEF, READ_ALL]): Uint8Array {
  let response = new Uint8Array(0);
  for (const apdu of apdus) response = new Uint8Array(chip.apdu(fromHex(apdu)).response);
  assert.ok(["9000", "9100"].includes(toHex(response.slice(-2))), toHex(response.slice(-2)));
  const whole = response.slice(0, -2);
  return whole.slice(0, 2 + ((whole[0]! << 8) | whole[1]!));
}
