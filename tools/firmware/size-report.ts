import type { Row } from "../cli/event.ts";
import type { ElfSection } from "./elf.ts";

const RAM_START = 0x2000_0000;
const FLASH_START = 0x1000_0000;
const FLASH_END = 0x1100_0000;
const RAM_END = 0x2008_2000;

/** Bytes that an image may have: half of it is free for what is to come. */
export const FLASH_BUDGET_BYTES = 1_500_000;
/** Sockets, TLS and the driver of the wireless chip live beside the engine's own block. */
export const MALLOC_BUDGET_BYTES = 96 * 1024;

export interface ImageSize {
  readonly flashBytes: number;
  /** Variables of C, without the stacks. */
  readonly staticRamBytes: number;
  /** What `malloc` can give: the engine's block comes out of it first. */
  readonly heapRegionBytes: number;
}

export function imageSize(sections: readonly ElfSection[]): ImageSize {
  const sum = (some: readonly ElfSection[]): number =>
    some.reduce((total, { bytes }) => total + bytes, 0);
  const inRam = sections.filter(({ address }) => address >= RAM_START);
  const isHeap = ({ name }: ElfSection): boolean => name === ".heap";
  const isStack = ({ name }: ElfSection): boolean => name.startsWith(".stack");
  return {
    flashBytes: sum(sections.filter(({ stored }) => stored)),
    staticRamBytes: sum(inRam.filter((section) => !isHeap(section) && !isStack(section))),
    heapRegionBytes: sum(inRam.filter(isHeap)),
  };
}

/** Figures against budgets, and whether all hold. */
export function sizeTable(size: ImageSize, engineBytes: number): { rows: Row[]; fits: boolean } {
  const left = size.heapRegionBytes - engineBytes;
  const flashFits = size.flashBytes <= FLASH_BUDGET_BYTES;
  const ramFits = left >= MALLOC_BUDGET_BYTES;
  const verdict = (fits: boolean): string => (fits ? "" : "  OVER BUDGET");
  const rows: Row[] = [
    ["flash", `${bytes(size.flashBytes)} of ${bytes(FLASH_BUDGET_BYTES)}${verdict(flashFits)}`],
    ["static RAM", bytes(size.staticRamBytes)],
    ["JavaScript", `${bytes(engineBytes)} (creation.static)`],
    ["left for C", `${bytes(left)}, at least ${bytes(MALLOC_BUDGET_BYTES)}${verdict(ramFits)}`],
  ];
  return { rows, fits: flashFits && ramFits };
}

export const CRYPTO_IN_C = "cryptography in C";

/** Name of a part of the image, by the object file it comes from; the first that fits. */
const PARTS: readonly (readonly [string, RegExp])[] = [
  ["our JavaScript and the SDK's, preloaded", /\/mc\.(xs|resources)\.c\.o$/],
  [
    "our C",
    /\/([a-z]+-(capture|console|count|failure|limit|pins)|chip-secret|flash-region|i2c-sleep)\.c\.o$/,
  ],
  ["our C", /\/(board|garbage|idle|random)\.c\.o$/],
  ["our C", /\/(bytes|byte-work|glyphs|glyph-work|one-wire(-line)?|wire-frame|wire-work)\.c\.o$/],
  [
    CRYPTO_IN_C,
    /\/(aes(-cbc)?|crypto|curve25519(-\w+)?|gcm(-hash)?|hmac|keccak|sha256|symmetric)\.c\.o$/,
  ],
  ["XS engine", /\/xs\w*\.c\.o$/],
  ["wireless chip and its firmware", /\/cyw43\w*\.c\.o$/],
  ["C library", /lib(c|m|gcc|nosys|stdc\+\+)(_\w+)?\.a|\/crt\w+\.o/],
  ["Pico SDK, lwIP, USB and the SDK's drivers", /\.o$/],
];

const PLACED = /^ (\.\S+|\*fill\*)?\s*0x([0-9a-f]+)\s+0x([0-9a-f]+)\s+(\S+)$/gm;
/** Room for `malloc` and stacks, which no part of the image takes for itself. */
const NOT_TAKEN = /^\.(?:heap|stack)/;

/** Bytes of flash by part of the image. */
export type PartSizes = Readonly<Record<string, number>>;

/** Flash by part of the image, out of the linker's map. */
export function flashByPart(map: string): PartSizes {
  return byPart(map, FLASH_START, FLASH_END);
}

/** Variables of C by part of the image; the engine's own block comes out of what is left. */
export function ramByPart(map: string): PartSizes {
  return byPart(map, RAM_START, RAM_END);
}

function byPart(map: string, from: number, to: number): PartSizes {
  const placed = map.slice(Math.max(0, map.indexOf("Linker script and memory map")));
  const sums = new Map<string, number>();
  for (const [, name = "", at = "", size = "", file = ""] of placed.matchAll(PLACED)) {
    if (NOT_TAKEN.test(name)) continue;
    const address = Number.parseInt(at, 16);
    if (address < from || address >= to) continue;
    const part = PARTS.find(([, pattern]) => pattern.test(file))?.[0];
    if (part !== undefined) sums.set(part, (sums.get(part) ?? 0) + Number.parseInt(size, 16));
  }
  return sorted(sums);
}

/** Bytes of source text by the folder below a room. */
export function sourcesByRoom(sources: Readonly<Record<string, number>>): PartSizes {
  const sums = new Map<string, number>();
  for (const [file, size] of Object.entries(sources)) {
    const room = file.split("/").slice(0, 2).join("/");
    sums.set(room, (sums.get(room) ?? 0) + size);
  }
  return sorted(sums);
}

function sorted(sums: ReadonlyMap<string, number>): PartSizes {
  return Object.fromEntries([...sums].sort((a, b) => b[1] - a[1]));
}

/** With what has changed since the build before, if there was one. */
export function partTable(now: PartSizes, before: PartSizes): Row[] {
  return Object.entries(now).map(([part, size]) => {
    const change = size - (before[part] ?? size);
    const sign = change > 0 ? "+" : "";
    return [part, change === 0 ? bytes(size) : `${bytes(size)}  ${sign}${bytes(change)}`];
  });
}

function bytes(count: number): string {
  return `${count.toLocaleString("en-US")} B`;
}
