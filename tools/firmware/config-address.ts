import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { Context } from "../cli/context.ts";

const project = fileURLToPath(new URL("../..", import.meta.url));
const FLASH_START = 0x1000_0000;

interface Manifest {
  readonly defines?: { readonly latchkey?: { readonly flash?: { config_offset?: number } } };
}

/** Where the image looks for its configuration: the manifest that all images share says it. */
export function configAddress({ readText }: Pick<Context, "readText">): number {
  const text = readText(join(project, "manifests/pico.json"));
  const manifest = JSON.parse(text ?? "{}") as Manifest;
  const offset = manifest.defines?.latchkey?.flash?.config_offset;
  if (offset === undefined)
    throw new LatchkeyError("internal", { message: "manifests/pico.json names no config_offset" });
  return FLASH_START + offset;
}
