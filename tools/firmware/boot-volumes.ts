import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { BootVolume } from "../cli/context.ts";

/** Where systems mount what is plugged in: /media/<user>/… , /run/media/<user>/… , /Volumes/… . */
const PLACES = ["/media", "/run/media", "/Volumes", "/mnt"];
const DEPTH = 2;

/** Drives that carry the file by which a boot ROM says what it is. */
export function bootVolumes(places: readonly string[] = PLACES): readonly BootVolume[] {
  return places.flatMap((place) => search(place, DEPTH));
}

function search(folder: string, depth: number): BootVolume[] {
  const board = boardOf(folder);
  if (board !== undefined) return [{ path: folder, board }];
  if (depth === 0) return [];
  return foldersIn(folder).flatMap((inner) => search(inner, depth - 1));
}

function boardOf(folder: string): string | undefined {
  try {
    const text = readFileSync(join(folder, "INFO_UF2.TXT"), "utf8");
    return /^Board-ID:\s*(\S+)/m.exec(text)?.[1];
  } catch {
    return undefined; // not one of them, or not ours to read
  }
}

function foldersIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
  } catch {
    return [];
  }
}
