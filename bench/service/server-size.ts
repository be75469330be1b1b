import { join } from "node:path";
import { build } from "esbuild";

const ROOT = join(import.meta.dirname, "..", "..");

/** What runs in a server, and what is handed to back ends; each by what it begins with. */
const ENTRIES = [
  "server/start.ts",
  "server/environment.ts",
  "server/metrics/metrics-place.ts",
  "server/bridge/bridge.ts",
];

export interface ServerSize {
  /** Minified, our own code only. */
  readonly bytes: number;
  /** Of it, by folder, the largest first. */
  readonly folders: readonly (readonly [string, number])[];
}

/** How large it is what the server ships: its own code, every adapter, without dependencies. */
export async function serverSize(): Promise<ServerSize> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ENTRIES,
    bundle: true,
    minify: true,
    // Parts that are loaded when they are needed count like all others, once.
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    packages: "external",
    outdir: "size",
    write: false,
    metafile: true,
  });
  const outputs = Object.values(metafile.outputs);
  const folders = new Map<string, number>();
  for (const { inputs } of outputs)
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const folder = file.split("/").slice(0, -1).join("/");
      folders.set(folder, (folders.get(folder) ?? 0) + bytesInOutput);
    }
  return {
    bytes: outputs.reduce((sum, { bytes }) => sum + bytes, 0),
    folders: [...folders].sort(([, a], [, b]) => b - a),
  };
}

export async function printServerSize(): Promise<void> {
  const { bytes, folders } = await serverSize();
  const kB = (count: number): string => `${(count / 1000).toFixed(1)} kB`.padStart(12);
  console.log(`\nAll that the server ships, minified, without dependencies${kB(bytes)}`);
  for (const [folder, size] of folders.slice(0, 6))
    console.log(`  ${folder.padEnd(40)}${kB(size)}`);
}
