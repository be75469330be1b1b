import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const PLATFORMS: Readonly<Record<string, string>> = Object.freeze({ linux: "lin", darwin: "mac" });

/** The path of the compiled XS worker, or `undefined` where it was not installed. */
export function findXsWorker(): string | undefined {
  const folder = PLATFORMS[process.platform];
  if (folder === undefined) return undefined;
  const native = "../node_modules/@agoric/xsnap/xsnap-native/xsnap/build/bin";
  const path = new URL(`${native}/${folder}/release/xsnap-worker`, import.meta.url);
  return existsSync(path) ? fileURLToPath(path) : undefined;
}
