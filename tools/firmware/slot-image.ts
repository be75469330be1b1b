import { join } from "node:path";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { Context, ToolOptions } from "../cli/context.ts";
import { imageBlock, triedFirst } from "./image-block.ts";
import { partitionTable, type SlotPlaces, slotBytes } from "./partitions.ts";
import { makeUf2, parseUf2, UF2_FAMILY } from "./uf2.ts";

/** Where the ROM shows an image its own slot. */
const IMAGE_START = 0x1000_0000;

export interface SlotImageOptions {
  /** What the SDK made. */
  readonly uf2: string;
  readonly folder: string;
  /** The word that releases name it by. */
  readonly release: string;
  readonly securityVersion: number;
  /** Counts images of one security version, for the ROM. */
  readonly number: number;
  readonly picotool: string;
  readonly places: SlotPlaces;
  readonly tool: ToolOptions;
}

/** Files of an image with slots. */
export interface SlotImageFiles {
  /** What `latchkey release` signs and nodes take. */
  readonly image: string;
  /** The same, for the boot ROM's drive. */
  readonly uf2: string;
  /** The partition table, once in a board's life. */
  readonly table: string;
}

/** The bytes of an image in flash, from its first to its last. @throws malformed */
export function flatImage(uf2: Uint8Array): Uint8Array {
  const blocks = parseUf2(uf2).filter(({ family }) => family === UF2_FAMILY.rp2350Arm);
  const end = Math.max(...blocks.map(({ address, data }) => address + data.length));
  if (blocks.length === 0 || blocks.some(({ address }) => address < IMAGE_START))
    throw new LatchkeyError("malformed", { message: "the UF2 file is not of an image in flash" });
  const image = new Uint8Array(end - IMAGE_START).fill(0xff);
  for (const { address, data } of blocks) image.set(data, address - IMAGE_START);
  return image;
}

/**
 * Makes of an image one that the ROM starts out of either slot: with its hash and version, and not
 * before it was kept. @throws malformed, build-failed; storage-full when it is longer than a slot
 */
export async function makeSlotImage(
  context: Pick<Context, "readBytes" | "writeFile" | "runTool">,
  options: SlotImageOptions,
): Promise<SlotImageFiles> {
  const { folder, release, picotool, places } = options;
  const at = (name: string) => join(folder, name);
  const files = { image: at(`${release}.bin`), uf2: at(`${release}.uf2`), table: at("slots.uf2") };
  const run = async (...words: string[]): Promise<void> => {
    const code = await context.runTool([picotool, ...words], options.tool);
    if (code !== 0)
      throw new LatchkeyError("build-failed", { message: `picotool ended with ${code}` });
  };
  const read = (path: string): Uint8Array => {
    const bytes = context.readBytes(path);
    if (bytes !== undefined) return bytes;
    throw new LatchkeyError("build-failed", { message: `there is no ${path}` });
  };
  context.writeFile(at("plain.bin"), flatImage(read(options.uf2)));
  const { securityVersion, number } = options;
  const version = ["--major", `${securityVersion}`, "--minor", `${number}`];
  await run("seal", "--quiet", "--hash", at("plain.bin"), at("sealed.bin"), ...version);
  const image = triedFirst(read(at("sealed.bin")));
  const { version: told } = imageBlock(image);
  const [major, minor] = told ?? [0, 0]; // picotool writes none that is zero
  if (major !== securityVersion || minor !== number)
    throw new LatchkeyError("build-failed", { message: "picotool wrote another version" });
  if (image.length > slotBytes(places))
    throw new LatchkeyError("storage-full", { message: "the image is longer than its slot" });
  context.writeFile(files.image, image);
  context.writeFile(files.uf2, makeUf2(IMAGE_START, image, UF2_FAMILY.rp2350Arm));
  context.writeFile(at("slots.json"), JSON.stringify(partitionTable(places)));
  await run("partition", "create", "--quiet", at("slots.json"), files.table);
  return files;
}
