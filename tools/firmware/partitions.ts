import type { JsonObject } from "../../protocol/json/reader.ts";

/** `latchkey.slots` of `manifests/slots.json`; bytes, and offsets of the flash. */
export interface SlotPlaces {
  readonly offset: number;
  readonly bytes: number;
  readonly state_bytes: number;
}

const SECTOR = 4096;
const OWN = Object.freeze({ secure: "rw", nonsecure: "", bootloader: "rw" });
const kilobytes = (bytes: number): string => `${bytes / 1024}K`;

/** Bytes of one slot: `layOutUpdate` of the firmware, and `slotBytesOf` of its C. */
export function slotBytes({ bytes, state_bytes }: SlotPlaces): number {
  return Math.floor((bytes - state_bytes) / 2 / SECTOR) * SECTOR;
}

/**
 * The partition table as `picotool partition create` reads it: two slots that the ROM chooses
 * from, and everything else (boot state, journal, configuration) open to the program and to tools.
 */
export function partitionTable(places: SlotPlaces): JsonObject {
  const size = slotBytes(places);
  const slot = (name: string, id: number) => ({
    ...{ name, id, families: ["rp2350-arm-s"], permissions: OWN },
    start: kilobytes(places.offset + places.state_bytes + id * size),
    size: kilobytes(size),
  });
  return {
    version: [1, 0],
    unpartitioned: { families: ["absolute"], permissions: OWN },
    partitions: [slot("A", 0), { ...slot("B", 1), link: ["a", 0] }],
  };
}
