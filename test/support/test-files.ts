import { readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** Rooms whose code runs on the node, and host-sim, whose models run wherever their users run. */
const PORTABLE_ROOMS = ["protocol", "hal", "firmware", "host-sim"];

function filesUnder(folder: string, suffix: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(suffix))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

/** All mocha files of the Node lane. */
export function nodeTests(): string[] {
  return filesUnder("test", ".test.ts").filter((file) => !file.endsWith(".xs.test.ts"));
}

/** Test files that must pass on XS as well. `*.node.test.ts` says that a file cannot. */
export function portableTests(): string[] {
  return nodeTests().filter(
    (file) => PORTABLE_ROOMS.includes(file.split("/")[1] ?? "") && !/\.node\.test\.ts$/.test(file),
  );
}

/** Test files that make sense on XS only: metering. */
export function xsOnlyTests(): string[] {
  return filesUnder("test/xs", ".xs.test.ts");
}
