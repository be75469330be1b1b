import type { Ntag424 } from "./ntag424.ts";
import { NEVER } from "./ntag424-file.ts";

/**
 * Makes a badge of the profile `sealed` of a personalised chip: the payload in file 03, which key 3
 * reads in full mode and key 0 writes. What ChangeFileSettings and WriteData would reach.
 */
export function sealChip(chip: Ntag424, payload: Uint8Array): void {
  const file = chip.file(3);
  if (payload.length > file.content.length) throw new RangeError("file 03 has 128 bytes");
  file.content.set(payload);
  file.commMode = "full";
  file.access = { read: 3, write: 0, readWrite: NEVER, change: 0 };
}
