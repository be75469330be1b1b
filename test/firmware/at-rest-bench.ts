import { Journal } from "../../firmware/journal/journal.ts";
import { nodeStorage } from "../../firmware/node-storage.ts";
import type { Flash, System } from "../../firmware/platform.ts";
import { nobleCrypto as crypto } from "../../protocol/crypto/noble.ts";
import type { Random, Storage } from "../../protocol/platform.ts";
import { lcg, type StrictFlash } from "./strict-flash.ts";

export type Chip = Pick<System, "chipId" | "chipSecret">;
export const CHIP: Chip = Object.freeze({ chipId: "e6614103e7452a2f" });

/** A stream that a seed decides. */
export function randomOf(seed: number): Random {
  const next = lcg(seed);
  return { bytes: (n) => Uint8Array.from({ length: n }, () => next() & 0xff) };
}

/** A node's values in this flash, on that board. */
export function storageOf(flash: Flash, chip: Chip = CHIP, seed = 1): Storage {
  const system = chip as System;
  return nodeStorage({ crypto, random: randomOf(seed), system }, new Journal(flash));
}

/** Whether so many bytes stand anywhere in flash. */
export function holds({ bytes }: StrictFlash, needle: Uint8Array): boolean {
  for (let at = bytes.indexOf(needle[0]!); at >= 0; at = bytes.indexOf(needle[0]!, at + 1))
    if (needle.every((byte, i) => bytes[at + i] === byte)) return true;
  return false;
}
