import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Plugin } from "esbuild";
import type { FirmwareTarget } from "./products.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Modules that the SDK brings, or that the manifest adds. */
const FROM_THE_IMAGE = ["crypt", "embedded:*", "ssl/cert", "timer", "latchkey/*"];

/**
 * Two modules out of the sources: `program.js`, which the manifest preloads, and `main.js`, which
 * runs at start and imports the other one. With source maps beside them, for xsbug.
 */
export async function bundleFirmware(
  target: FirmwareTarget,
  folder: string,
  version: string,
  securityVersion = 0,
): Promise<void> {
  await build({
    ...common(),
    entryPoints: [target.program],
    plugins: [cryptoOf(target)],
    outfile: join(folder, "program.js"),
  });
  constantDeclarations(join(folder, "program.js"));
  await build({
    ...common(),
    entryPoints: [target.main],
    outfile: join(folder, "main.js"),
  });
  const { release: product } = target;
  const facts = {
    ...{ version, builtUnix: Math.floor(Date.now() / 1000) },
    ...(product === undefined ? {} : { product, securityVersion }),
  };
  const lines = Object.entries(facts).map(
    ([name, value]) => `export const ${name} = ${JSON.stringify(value)};\n`,
  );
  writeFileSync(join(folder, "build.js"), lines.join(""));
}

function common(): BuildOptions {
  return {
    bundle: true,
    absWorkingDir: root,
    format: "esm",
    target: "es2022",
    platform: "neutral",
    mainFields: ["module", "main"],
    external: FROM_THE_IMAGE,
    sourcemap: "linked",
    logLevel: "silent",
  };
}

function cryptoOf({ chipCrypto }: FirmwareTarget): Plugin {
  const path = join(root, chipCrypto);
  return {
    name: "latchkey-crypto",
    setup: (context) => context.onResolve({ filter: /\/chip-crypto\.ts$/ }, () => ({ path })),
  };
}

/**
 * esbuild makes `var` of every `const` of a module. A variable of a preloaded module costs RAM,
 * because it could be assigned to; ours never are (a test of the house sees to it). The line stays
 * one line, so the source map stays right but for two columns.
 */
function constantDeclarations(path: string): void {
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replaceAll(/^var (?=[\w$]+ = )/gm, "const "));
}
